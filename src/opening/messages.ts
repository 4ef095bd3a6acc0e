import { areCapabilities, isClient, isTree, only, versionIn } from '../mcp/envelope.ts';
import { isRecord } from '../rows.ts';

/** A request or notification of which every part is as it should be, and of the few that have prepared answers. */
export interface OpeningMessage {
  method: string;
  /** Undefined for a notification. */
  id: string | number | undefined;
  /** Of `initialize` the protocol version that is asked for, of a stateless request its own. */
  version: string | undefined;
}

/** Characters of the longest line that is read: what a host asks first has a few hundred. */
export const maxLine = 16_384;

/** Reads one line. Undefined for everything that is not one of the few messages, and for those with anything unusual. */
export const readOpening = (line: string): OpeningMessage | undefined => {
  if (line.length > maxLine) return undefined;
  let message: unknown;
  try {
    message = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (!isRecord(message) || message['jsonrpc'] !== '2.0' || !only(message, ['jsonrpc', 'id', 'method', 'params']))
    return undefined;
  const { id, method, params = {} } = message;
  if (!isRecord(params)) return undefined;
  if (method === 'notifications/initialized')
    return id === undefined && isTree(params) && only(params, []) ? { method, id, version: undefined } : undefined;
  if (typeof id !== 'string' && !Number.isSafeInteger(id)) return undefined;
  const known = { id: id as string | number, version: undefined };
  if (method === 'initialize') {
    const { protocolVersion: version, capabilities, clientInfo } = params;
    const isWhole = only(params, ['protocolVersion', 'capabilities', 'clientInfo']) && areCapabilities(capabilities);
    return isWhole && isClient(clientInfo) && typeof version === 'string' ? { ...known, method, version } : undefined;
  }
  if (method !== 'tools/list' && method !== 'server/discover') return undefined;
  if (method === 'tools/list' && only(params, [])) return { ...known, method };
  const version = versionIn(params);
  return version === undefined ? undefined : { ...known, method, version };
};
