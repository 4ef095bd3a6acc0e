import { isJsonContentType, readRequestBody } from '@modelcontextprotocol/server';
import type { HttpSettings } from '../config/http.ts';
import { readMessage } from '../mcp/message.ts';
import { rpcError } from './responses.ts';

/** How large a body may be, and how long it may take. */
export type BodyLimits = Pick<HttpSettings, 'bodyLimit' | 'requestTimeout'>;

/** A body whose length is known and allowed is read from Node's own stream, which costs less than a web stream over it. */
const readWithin = (request: Request, bodyLimit: number): ReturnType<typeof readRequestBody> => {
  const length = request.headers.get('content-length');
  return length !== null && Number(length) <= bodyLimit
    ? request.text().then((text) => ({ tooLarge: false, text }))
    : readRequestBody(request, bodyLimit);
};

const readText = async (request: Request, { bodyLimit, requestTimeout }: BodyLimits): Promise<string | Response> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), requestTimeout);
  });
  const reading = readWithin(request, bodyLimit);
  // A client that sends too slowly already has its response when its connection breaks.
  reading.catch(() => undefined);
  try {
    const read = await Promise.race([reading, late]);
    if (read === 'late') return rpcError(408, -32_000, `The request did not arrive within ${requestTimeout} ms`, true);
    if (read.tooLarge) return rpcError(413, -32_000, `The request has more than ${bodyLimit} bytes`, true);
    return read.text;
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
