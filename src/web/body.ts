import { isJsonContentType } from '@modelcontextprotocol/server';
import type { HttpSettings } from '../config/http.ts';
import { readMessage } from '../mcp/message.ts';
import { rpcError } from './responses.ts';

/** How large a body may be, and how long it may take. */
export type BodyLimits = Pick<HttpSettings, 'bodyLimit' | 'requestTimeout'>;

/** Bytes of a body beyond its limit that are taken and dropped: who still sends when a connection closes never sees the answer. */
const maxDropped = 32 * 2 ** 20;

/** What has arrived of a body that is read. */
interface Arrival {
  /** Bytes so far, or as many as the request says that there will be. */
  bytes: number;
  /** Nothing of it is still to come. */
  whole: boolean;
}

const readStream = async (
  body: ReadableStream<Uint8Array>,
  bodyLimit: number,
  arrival: Arrival,
): Promise<string | undefined> => {
  const reader = body.getReader();
  const chunks: Uint8Array[] = [];
  for (let bytes = 0; bytes <= bodyLimit + maxDropped;) {
    const { done, value } = await reader.read();
    if (done) {
      arrival.whole = true;
      break;
    }
    bytes += value.length;
    arrival.bytes = Math.max(arrival.bytes, bytes);
    if (arrival.bytes > bodyLimit) chunks.length = 0;
    else chunks.push(value);
  }
  return arrival.bytes > bodyLimit ? undefined : new TextDecoder().decode(Buffer.concat(chunks));
};

/**
 * The text of a body, or undefined when it is longer than it may be. One whose length is known and allowed is read from Node's
 * own stream, which costs less than a web stream over it.
 */
const readWithin = async (request: Request, bodyLimit: number, arrival: Arrival): Promise<string | undefined> => {
  const announced = request.headers.get('content-length');
  if (announced !== null) arrival.bytes = Number(announced);
  // To look at the body makes a stream of it, and another request.
  if ((announced !== null && arrival.bytes <= bodyLimit) || !request.body) return request.text();
  if (arrival.bytes > bodyLimit + maxDropped) return undefined;
  return readStream(request.body as ReadableStream<Uint8Array>, bodyLimit, arrival);
};

const readText = async (request: Request, { bodyLimit, requestTimeout }: BodyLimits): Promise<string | Response> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, requestTimeout);
  });
  const arrival: Arrival = { bytes: 0, whole: false };
  const reading = readWithin(request, bodyLimit, arrival);
  // A client that sends too slowly already has its response when its connection breaks.
  reading.catch(() => undefined);
  try {
    const text = await Promise.race([reading, late]);
    if (text !== undefined) return text;
    return arrival.bytes > bodyLimit
      ? rpcError(413, -32_000, `The request has more than ${bodyLimit} bytes`, !arrival.whole)
      : rpcError(408, -32_000, `The request did not arrive within ${requestTimeout} ms`, true);
  } finally {
    clearTimeout(timer);
  }
};

/** The JSON of a request, or the error response when it has none. */
export const readJson = async (request: Request, limits: BodyLimits): Promise<{ value: unknown } | Response> => {
  if (!isJsonContentType(request.headers.get('content-type')))
    return rpcError(415, -32_000, 'The Content-Type must be application/json');
  if ((request.headers.get('content-encoding') ?? 'identity') !== 'identity')
    return rpcError(415, -32_000, 'The body must not be compressed');
  let text: string | Response;
  try {
    text = await readText(request, limits);
  } catch {
    return rpcError(400, -32_700, 'The request did not arrive whole', true);
  }
  if (text instanceof Response) return text;
  try {
    const message = readMessage(text);
    return 'excess' in message ? rpcError(400, -32_600, message.excess) : message;
  } catch {
    return rpcError(400, -32_700, 'Parse error: the body is not JSON');
  }
};
