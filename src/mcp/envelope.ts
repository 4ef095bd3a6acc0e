import { isRecord } from '../rows.ts';

/** Whether a record has no other names than these. */
export const only = (value: Record<string, unknown>, names: readonly string[]): boolean =>
  Object.keys(value).every((name) => names.includes(name));

/** Whether this is a client as all versions of the protocol describe one. */
export const isClient = (value: unknown): value is Record<string, string> =>
  isRecord(value) &&
  typeof value['name'] === 'string' &&
  typeof value['version'] === 'string' &&
  only(value, ['name', 'version', 'title', 'websiteUrl', 'description']) &&
  Object.values(value).every((part) => typeof part === 'string');

/** Levels of a capability; no protocol has as many. */
const maxLevels = 20;

/** Objects in objects, and nothing else. */
export const isTree = (value: unknown, level = 0): boolean =>
  isRecord(value) && level < maxLevels && Object.values(value).every((inner) => isTree(inner, level + 1));

const isFlag = (value: unknown): boolean => value === undefined || typeof value === 'boolean';

/** Whether these are a client's capabilities, every part as it should be. */
export const areCapabilities = (value: unknown): boolean => {
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

/** What a request of a version without a handshake says of itself. */
export interface Envelope {
  version: string;
  client: Readonly<Record<string, string>>;
  capabilities: unknown;
}

/** What `_meta` says of the request, its three entries of the protocol as they should be; undefined for anything else. */
const readEntries = (meta: Record<string, unknown>): Envelope | undefined => {
  const { [names.version]: version, [names.client]: client, [names.capabilities]: capabilities } = meta;
  return typeof version === 'string' && isClient(client) && areCapabilities(capabilities)
    ? { version, client, capabilities }
    : undefined;
};

/** The protocol version that a request names itself; undefined where it says anything more, or something wrong. */
export const versionIn = (params: Record<string, unknown>): string | undefined => {
  const { _meta: meta } = params;
  if (!only(params, ['_meta']) || !isRecord(meta) || !only(meta, Object.values(names))) return undefined;
  return readEntries(meta)?.version;
};

/** The envelope of a call, beside which only texts may stand (a trace), and nothing that asks for progress. */
export const readEnvelope = (meta: Record<string, unknown> = {}): Envelope | undefined => {
  const entries: readonly string[] = Object.values(names);
  const isPlain = Object.entries(meta).every(
    ([name, value]) =>
      entries.includes(name) ||
      (typeof value === 'string' && name !== 'progressToken' && !name.startsWith('io.modelcontextprotocol/')),
  );
  return isPlain ? readEntries(meta) : undefined;
};
