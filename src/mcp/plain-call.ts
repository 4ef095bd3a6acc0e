import type { CallToolResult } from '@modelcontextprotocol/server';
import { AwaitingReply } from '../consent.ts';
import { isRecord } from '../rows.ts';
import { isId } from './request-id.ts';
import { callTool, type HostCall } from './run.ts';

/** A call that is answered without the SDK, which costs more to load, and then for each call, than most of them do. */
export interface PlainCall {
  id: string | number;
  name: string;
  args: Record<string, unknown> | undefined;
  meta: Record<string, unknown> | undefined;
}

/** Who is behind a request, as it said. */
export type PlainClient = HostCall['client'];

/** How a call ended that no one had to be asked about. */
export type PlainResult = { result: CallToolResult } | { error: { code: number; message: string } };

/** Tools of the compact list that hardly ever have a question for a person. */
const plainTools = new Set(['find-tools', 'describe-tools', 'read', 'wait-for-job', 'whoami', 'diagnose']);

const isOptionalRecord = (value: unknown): value is Record<string, unknown> | undefined =>
  value === undefined || isRecord(value);

/** A request of which every part is as it should be; undefined for any other message. */
const readRequest = (message: unknown, asked: string) => {
  if (!isRecord(message)) return undefined;
  const { jsonrpc, id, method, params = {}, ...others } = message;
  if (method !== asked || jsonrpc !== '2.0' || !isId(id) || Object.keys(others).length) return undefined;
  if (!isRecord(params)) return undefined;
  const { _meta: meta, ...rest } = params;
  return isOptionalRecord(meta) ? { id, meta, rest } : undefined;
};

/** A call of a tool that is answered without the SDK; undefined for any other message. */
export const readPlainCall = (message: unknown): PlainCall | undefined => {
  const asked = readRequest(message, 'tools/call');
  if (!asked) return undefined;
  const { id, meta, rest } = asked;
  const { name, arguments: args, ...more } = rest;
  if (Object.keys(more).length || typeof name !== 'string' || !plainTools.has(name)) return undefined;
  return isOptionalRecord(args) ? { id, name, args, meta } : undefined;
};

/** A request for the list of tools, all of it; undefined for any other message. */
export const readPlainList = (message: unknown): Pick<PlainCall, 'id' | 'meta'> | undefined => {
  const asked = readRequest(message, 'tools/list');
  return asked && !Object.keys(asked.rest).length ? { id: asked.id, meta: asked.meta } : undefined;
};

/** Whether nothing in a request's `_meta` is about the protocol: its version was agreed on in a handshake. */
export const isOfHandshake = (meta: PlainCall['meta'] = {}): boolean =>
  Object.keys(meta).every((name) => !name.startsWith('io.modelcontextprotocol/'));

const internalError = -32_603;

/**
 * Runs a call. Undefined where a person has to be asked and can be, which is the SDK's part: nothing was sent, and the call
 * begins there anew.
 */
export const answerPlainCall = async (
  host: Omit<HostCall, 'consent'>,
  { name, args }: PlainCall,
  canBeAsked: () => boolean = () => true,
): Promise<PlainResult | undefined> => {
  const consent: HostCall['consent'] = (question) =>
    canBeAsked() ? Promise.reject(new AwaitingReply(question, { isUnasked: true })) : Promise.resolve(undefined);
  try {
    return { result: await callTool({ ...host, consent }, name, args) };
  } catch (error) {
    if (error instanceof AwaitingReply) return undefined;
    return { error: { code: internalError, message: error instanceof Error ? error.message : String(error) } };
  }
};
