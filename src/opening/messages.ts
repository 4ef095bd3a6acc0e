import { isRecord } from '../rows.ts';

/** A request or notification of which every part is as it should be, and of the few that have prepared answers. */
export interface OpeningMessage {
  method: string;
  /** Undefined for a notification. */
  id: string | number | undefined;
  /** Of `initialize` the protocol version that is asked for, of a stateless request its own. */
  version: string | undefined;
}

const only = (value: Record<string, unknown>, names: readonly string[]): boolean =>
  Object.keys(value).every((name) => names.includes(name));

const isClient = (value: unknown): boolean =>
  isRecord(value) &&
  typeof value['name'] === 'string' &&
  typeof value['version'] === 'string' &&
  only(value, ['name', 'version', 'title', 'websiteUrl', 'description']) &&
  Object.values(value).every((part) => typeof part === 'string');

/** Characters of the longest line that is read: what a host asks first has a few hundred. */
export const maxLine = 16_384;

/** Levels of a capability; no protocol has as many. */
const maxLevels = 20;

/** Objects in objects, and nothing else. */
const isTree = (value: unknown, level = 0): boolean =>
  isRecord(value) && level < maxLevels && Object.values(value).every((inner) => isTree(inner, level + 1));

const isFlag = (value: unknown): boolean => value === undefined || typeof value === 'boolean';

const areCapabilities = (value: unknown): boolean => {
  if (!isRecord(value)) return false;
  const { roots = {}, elicitation = {}, ...others } = value;
  if (!isRecord(roots) || !only(roots, ['listChanged']) || !isFlag(roots['listChanged'])) return false;
  if (!isRecord(elicitation)) return false;
  const { form = {}, ...modes } = elicitation;
  if (!isRecord(form) || !only(form, ['applyDefaults']) || !isFlag(form['applyDefaults'])) return false;
  return isTree(modes) && isTree(others);
};

const names = {
  version: 'io.modelcontextprotocol/protocolVersion',
  client: 'io.modelcontextprotocol/clientInfo',
  capabilities: 'io.modelcontextprotocol/clientCapabilities',
};

/** The protocol version that a request names itself; undefined where it says anything more, or something wrong. */
const versionIn = (params: Record<string, unknown>): string | undefined => {
  const { _meta: meta } = params;
  if (!only(params, ['_meta']) || !isRecord(meta) || !only(meta, Object.values(names))) return undefined;
  const version = meta[names.version];
  const isWhole = isClient(meta[names.client]) && areCapabilities(meta[names.capabilities]);
  return isWhole && typeof version === 'string' ? version : undefined;
};

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
