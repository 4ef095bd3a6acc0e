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

/** Calls `onEnd` once: when an event stream ends or its client goes away; at once for any other response. */
export const onResponseEnd = (response: Response, onEnd: () => void): Response => {
  let ended = false;
  const end = (): void => {
    if (!ended) onEnd();
    ended = true;
  };
  if (!response.body || !response.headers.get('content-type')?.startsWith('text/event-stream')) {
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

/** Whether the client of a POST takes JSON and no event stream; one that says nothing takes anything. */
export const takesJsonOnly = ({ method, headers }: Request): boolean => {
  const accept = headers.get('accept') ?? '*/*';
  return method === 'POST' && !accept.includes('text/event-stream') && /application\/(?:json|\*)|\*\/\*/.test(accept);
};

/** The answer to a request as JSON, out of an event stream that ends with it. */
export const toJson = async (response: Response): Promise<Response> => {
  if (!response.headers.get('content-type')?.startsWith('text/event-stream')) return response;
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
