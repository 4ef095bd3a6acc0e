import {
  ProtocolError,
  ProtocolErrorCode,
  ResourceNotFoundError,
  type ReadResourceResult,
  type ResourceTemplateType,
} from '@modelcontextprotocol/server';
import { addressedKinds, findAddressedKind, type ReadById } from '../catalog/addressed-kinds.ts';
import type { Kind } from '../catalog/kinds.ts';
import { CallError, explainError } from '../errors.ts';
import { isRecord } from '../rows.ts';
import { startOf, toLine } from '../text.ts';
import { send, type HostCall } from './run.ts';

/** The address of a resource; with `/full` behind it, of all its fields. */
export const resourceTemplate = 'cloudstack://{profile}/{kind}/{id}';

/** The templates of addresses: by the usual columns of the kind, and in full. */
export const listResourceTemplates = (): ResourceTemplateType[] => {
  const kinds = addressedKinds().map(({ word }) => word);
  const of = `profile: one of the configuration; kind: ${kinds.join(', ')}; id: the id or the name`;
  return [
    {
      uriTemplate: resourceTemplate,
      name: 'resource',
      title: 'A resource of the cloud, by its usual columns',
      description: `One resource as its list shows it. ${of}.`,
      mimeType: 'application/json',
    },
    {
      uriTemplate: `${resourceTemplate}/full`,
      name: 'resource-in-full',
      title: 'A resource of the cloud, with every field',
      description: `One resource with every field, secrets masked. ${of}.`,
      mimeType: 'application/json',
    },
  ];
};

/** The protocol's error for an address that leads nowhere. */
const notFound = (uri: string): ResourceNotFoundError => new ResourceNotFoundError(toLine(startOf(uri, 300)));

const decode = (part: string): string => {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
};

const rowIn = (structured: Record<string, unknown>): unknown => {
  const { items } = structured;
  return Array.isArray(items) ? (items as unknown[])[0] : structured;
};

/** Of several commands that may know an id the first that does; undefined where none does. */
const readFirst = async (
  host: HostCall,
  reads: readonly ReadById[],
  { args, id, ...view }: { args: Record<string, unknown>; id: string; profile: string; fields?: string[] },
): Promise<Record<string, unknown> | undefined> => {
  const { profile, ...shown } = view;
  let refused: CallError | undefined;
  for (const { command, parameter } of reads)
    try {
      const asked = { tool: command, args: { ...args, [parameter]: id }, view: shown, profile };
      const row = rowIn((await send(host, { ...asked, riskTool: 'read', wait: 0 })).structured);
      if (isRecord(row)) return row;
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      if (error.kind !== 'not-found') refused ??= error;
    }
  if (refused) throw refused;
  return undefined;
};

const address = /^cloudstack:\/\/([^/]+)\/([^/]+)\/([^/]+)(\/full)?$/;

/** The kind of the resource at an address of ours; undefined for another address. */
export const kindOfAddress = (uri: string): Kind | undefined =>
  findAddressedKind(decode(address.exec(uri)?.[2] ?? ''))?.kind;

/**
 * Answers resources/read of an address of ours, by a read of the caller's through the whole path. Throws a protocol error for
 * what is no such address, what is not there, and what the caller may not see.
 */
export const readCloudResource = async (host: HostCall, uri: string): Promise<ReadResourceResult> => {
  const parts = address.exec(uri);
  if (!parts) throw notFound(uri);
  const [profile, word, id] = parts.slice(1, 4).map(decode) as [string, string, string];
  const addressed = findAddressedKind(word);
  if (!addressed) throw notFound(uri);
  const { args = {} } = addressed.kind;
  try {
    const asked = { args, id, profile, ...(parts[4] ? { fields: ['*'] } : {}) };
    const row = await readFirst(host, addressed.reads, asked);
    if (!row) throw notFound(uri);
    return { contents: [{ uri, mimeType: 'application/json', text: JSON.stringify(row) }] };
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, explainError(error, 'model'));
  }
};
