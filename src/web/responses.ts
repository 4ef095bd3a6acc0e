/** An HTTP error with a JSON-RPC error in it, as MCP clients read it. `close`: the connection is of no further use. */
export const rpcError = (status: number, code: number, message: string, close = false): Response =>
  Response.json(
    { jsonrpc: '2.0', error: { code, message }, id: null },
    { status, headers: close ? { connection: 'close' } : {} },
  );

/** The same with Retry-After, in seconds. */
export const retryLaterError = (status: 429 | 503, message: string, seconds: number, close = false): Response => {
  const response = rpcError(status, -32_000, message, close);
  response.headers.set('retry-after', String(seconds));
  return response;
};

/** Responses whose body is all there: they end as soon as they are given. */
const whole = new WeakSet<Response>();

/** A response whose body is there already: nothing is copied, and no stream is made of it. */
export const wholeResponse = (
  body: string | Uint8Array<ArrayBuffer>,
  headers: Readonly<Record<string, string>>,
): Response => {
  const response = new Response(body, { headers });
  whole.add(response);
  return response;
};

const streamHeaders = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache, no-transform',
  connection: 'keep-alive',
  'x-accel-buffering': 'no',
};

/** An event stream that is there already, as the SDK answers a session's request. */
export const wholeStream = (body: string | Uint8Array<ArrayBuffer>, session: string): Response =>
  wholeResponse(body, { ...streamHeaders, 'mcp-session-id': session });

/** Milliseconds after which a client that waits for an event stream sees that it is there, and then how often. */
const sendsLifeMs = 10_000;

/** The same event stream. Of one that is not there soon the client, and every proxy on the way, sees signs of life until it is. */
export const withSignsOfLife = async (stream: Promise<Response>, session: string): Promise<Response> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), sendsLifeMs);
  });
  const first = await Promise.race([stream, late]).finally(() => clearTimeout(timer));
  if (first) return first;
  const sign = new TextEncoder().encode(': keepalive\n\n');
  let signs: NodeJS.Timeout | undefined;
  let gone = false;
  const body = new ReadableStream<Uint8Array>({
    start: async (controller) => {
      controller.enqueue(sign);
      signs = setInterval(() => controller.enqueue(sign), sendsLifeMs);
      try {
        for await (const chunk of (await stream).body ?? []) {
          if (gone) return;
          controller.enqueue(chunk as Uint8Array);
        }
        if (!gone) controller.close();
      } catch (error) {
        if (!gone) controller.error(error);
      } finally {
        clearInterval(signs);
      }
    },
    cancel: () => {
      gone = true;
      clearInterval(signs);
    },
  });
  return new Response(body, { headers: { ...streamHeaders, 'mcp-session-id': session } });
};

/** Calls `onEnd` once: when an event stream ends or its client goes away; at once for any other response. */
export const onResponseEnd = (response: Response, onEnd: () => void): Response => {
  let ended = false;
  const end = (): void => {
    if (!ended) onEnd();
    ended = true;
  };
  // To look at a body makes a stream of it.
  if (whole.has(response) || !isStream(response) || !response.body) {
    end();
    return response;
  }
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const body = new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        try {
          const { done, value } = await reader.read();
          if (!done) {
            controller.enqueue(value);
            return;
          }
          end();
          controller.close();
        } catch (error) {
          end();
          controller.error(new Error('the stream broke', { cause: error }));
        }
      },
      cancel: async (reason) => {
        end();
        await reader.cancel(reason).catch(() => undefined);
      },
    },
    { highWaterMark: 0 },
  );
  const { status, headers } = response;
  return new Response(body, { status, headers });
};

const isStream = ({ headers }: Response): boolean =>
  headers.get('content-type')?.startsWith('text/event-stream') === true;

/** Whether the client of a POST takes JSON and no event stream; one that says nothing takes anything. */
export const takesJsonOnly = ({ method, headers }: Request): boolean => {
  const accept = headers.get('accept') ?? '*/*';
  return method === 'POST' && !accept.includes('text/event-stream') && /application\/(?:json|\*)|\*\/\*/.test(accept);
};

/** The answer to a request as JSON, out of an event stream that ends with it. */
export const toJson = async (response: Response): Promise<Response> => {
  if (!isStream(response)) return response;
  const messages = (await response.text())
    .split('\n')
    .filter((line) => line.startsWith('data:') && line.length > 6)
    .map((line) => JSON.parse(line.slice(5)) as Record<string, unknown>);
  const answers = messages.filter((message) => 'result' in message || 'error' in message);
  const headers = new Headers(response.headers);
  headers.set('content-type', 'application/json');
  return new Response(JSON.stringify(answers.length === 1 ? answers[0] : answers), {
    status: response.status,
    headers,
  });
};
