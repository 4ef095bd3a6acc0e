import { isJsonContentType } from '@modelcontextprotocol/server';
import type { HttpSettings } from '../config/http.ts';
import { readMessage } from '../mcp/message.ts';
import type { BodyBudget } from './body-budget.ts';
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

/** What is read, or undefined when it takes longer than `requestTimeout`. */
const inTime = async <T>(reading: Promise<T>, requestTimeout: number): Promise<T | undefined> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), requestTimeout);
  });
  // A client that sends too slowly already has its response when its connection breaks.
  reading.catch(() => undefined);
  return Promise.race([reading, late]).finally(() => clearTimeout(timer));
};

/**
 * Takes a body for which there is no room and drops it, so that its client sees the answer. Whether all of it came: what is longer
 * than any body may be, late, broken off, or one too many that is dropped at once, is left where it is.
 */
export const dropBody = async (
  request: Request,
  principal: string,
  budget: Pick<BodyBudget, 'drop'>,
  { bodyLimit, requestTimeout }: BodyLimits,
): Promise<boolean> => {
  if (Number(request.headers.get('content-length') ?? 0) > bodyLimit + maxDropped) return false;
  const release = budget.drop(principal);
  if (!release) return false;
  const arrival: Arrival = { bytes: 0, whole: false };
  try {
    // None of it is kept.
    if (request.body) await inTime(readStream(request.body as ReadableStream<Uint8Array>, -1, arrival), requestTimeout);
    else arrival.whole = true;
  } catch {
    return false;
  } finally {
    release();
  }
  return arrival.whole;
};

const readText = async (request: Request, { bodyLimit, requestTimeout }: BodyLimits): Promise<string | Response> => {
  const arrival: Arrival = { bytes: 0, whole: false };
  const text = await inTime(readWithin(request, bodyLimit, arrival), requestTimeout);
  if (text !== undefined) return text;
  return arrival.bytes > bodyLimit
    ? rpcError(413, -32_000, `The request has more than ${bodyLimit} bytes`, !arrival.whole)
    : rpcError(408, -32_000, `The request did not arrive within ${requestTimeout} ms`, true);
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
