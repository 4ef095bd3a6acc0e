import { isJsonContentType, readRequestBody } from '@modelcontextprotocol/server';
import type { HttpSettings } from '../config/http.ts';
import { rpcError } from './responses.ts';

/** How large a body may be, and how long it may take. */
export type BodyLimits = Pick<HttpSettings, 'bodyLimit' | 'requestTimeout'>;

/** No MCP request nests deeper, and what comes after recurses. */
const maxDepth = 100;

/** Whether JSON text nests more than `maxDepth` levels deep. */
const isTooDeep = (text: string): boolean => {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (char === 34) quoted = !quoted;
    else if (quoted) at += char === 92 ? 1 : 0;
    else if (char === 91 || char === 123) {
      if (++depth > maxDepth) return true;
    } else if (char === 93 || char === 125) depth--;
  }
  return false;
};

const readText = async (request: Request, { bodyLimit, requestTimeout }: BodyLimits): Promise<string | Response> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), requestTimeout);
  });
  const reading = readRequestBody(request, bodyLimit);
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
  if (isTooDeep(text)) return rpcError(400, -32_600, `The request nests deeper than ${maxDepth} levels`);
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return rpcError(400, -32_700, 'Parse error: the body is not JSON');
  }
};
