import {
  ProtocolError,
  ProtocolErrorCode,
  type CompleteRequest,
  type CompleteResult,
  type ServerContext,
} from '@modelcontextprotocol/server';
import type { App } from '../app/app.ts';
import { loadCatalog } from '../catalog/catalog.ts';
import {
  argumentCandidates,
  beginningWith,
  toolCandidates,
  toolsetCandidates,
  type Completion,
  type ReadNames,
} from '../complete/candidates.ts';
import { createReadNames } from '../complete/read-names.ts';
import { limits } from '../limits.ts';
import { toLabel } from '../text.ts';
import type { DoorContext } from './door-context.ts';
import { kindOfArgument, loadGuides, type Guide } from './guides.ts';

/** The most that the protocol allows in one answer. */
const maxValues = 100;

/** Tools of the compact list → the risks of the commands that their argument names; none where of any risk. */
const risksOf: Readonly<Record<string, readonly string[]>> = {
  'find-tools': [],
  'describe-tools': [],
  read: ['read'],
  change: ['change', 'sensitive'],
  destroy: ['destroy'],
  'wait-for-job': [],
  whoami: [],
};

/** What a door gives to completion beside what is asked. */
interface Asker {
  app: App;
  call: App['call'];
  door: DoorContext;
  ctx: ServerContext;
}

const ofCompactTool = async (
  risks: readonly string[],
  { name, value }: CompleteRequest['params']['argument'],
  { app, door: { requester } }: Asker,
): Promise<Completion[]> => {
  const catalog = loadCatalog();
  const runs = (tool: string): boolean => !risks.length || risks.includes(catalog.find(tool)?.risk.risk ?? '');
  switch (name) {
    case 'tool':
    case 'tools':
      return toolCandidates(catalog, value).filter((tool) => runs(tool.value));
    case 'toolset':
      return beginningWith(toolsetCandidates(), value);
    case 'profile': {
      const profiles = await app.profilesFor(requester);
      return beginningWith(
        profiles.map((profile) => ({ value: profile, about: '' })),
        value,
      );
    }
    default:
      return [];
  }
};

const plain = (values: readonly string[]): Completion[] => values.map((value) => ({ value, about: '' }));

/** What a variable of a resource's address may be; an id, or a name once that is what is typed. */
const ofAddress = async (
  { name, value }: CompleteRequest['params']['argument'],
  given: Readonly<Record<string, string>>,
  { app, door: { requester } }: Asker,
  readNames: ReadNames,
): Promise<Completion[]> => {
  if (name === 'profile') return beginningWith(plain(await app.profilesFor(requester)), value);
  const { addressedKinds, findAddressedKind } = await import('../catalog/addressed-kinds.ts');
  if (name === 'kind') return beginningWith(plain(addressedKinds().map(({ word }) => word)), value);
  const kind = name === 'id' ? findAddressedKind(given['kind'] ?? '')?.kind : undefined;
  if (!kind) return [];
  const ids = beginningWith(plain(await readNames({ ...kind, names: ['id'] })), value);
  return ids.length || value === '' ? ids : beginningWith(plain(await readNames(kind)), value);
};

const ofPrompt = async (
  guide: Guide,
  { name, value }: CompleteRequest['params']['argument'],
  readNames: ReadNames,
): Promise<Completion[]> => {
  const asked = guide.arguments.find((one) => one.name === name);
  const kind = asked && kindOfArgument(asked);
  return kind ? beginningWith(plain(await readNames(kind)), value) : [];
};

/**
 * Answers `completion/complete` with what the shell's completion knows, too. The protocol completes arguments of prompts and of
 * resources' addresses; the name may also be that of a tool or a command. Throws a protocol error for what is none of them.
 */
export const completeArgument = async (
  { ref, argument, context }: CompleteRequest['params'],
  asker: Asker,
): Promise<CompleteResult> => {
  const name = 'name' in ref ? ref.name : ref.uri;
  if (Math.max(name.length, argument.name.length) > limits.toolName || argument.value.length > limits.query)
    throw new ProtocolError(
      ProtocolErrorCode.InvalidParams,
      'What is to be completed is longer than any name or value',
    );
  const { app, call, door, ctx } = asker;
  const caller = { ...door.requester, host: 'completion' };
  const given = context?.arguments ?? {};
  const profile = ref.type === 'ref/resource' ? given['profile'] : undefined;
  const readNames = createReadNames(call, {
    caller: profile ? { ...caller, profile } : caller,
    signal: ctx.mcpReq.signal,
  });
  const find = async (): Promise<Completion[]> => {
    if (ref.type === 'ref/resource') return ofAddress(argument, given, asker, readNames);
    const guide = loadGuides(app).find((one) => one.name === ref.name);
    if (guide) return ofPrompt(guide, argument, readNames);
    const risks = Object.hasOwn(risksOf, ref.name) ? risksOf[ref.name] : undefined;
    if (risks) return ofCompactTool(risks, argument, asker);
    const command = loadCatalog().find(ref.name)?.command;
    if (command)
      return argumentCandidates(command, { name: argument.name, typed: argument.value, args: given }, readNames);
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, `There is nothing to complete of ${toLabel(ref.name)}`);
  };
  const found = await find();
  const values = found.slice(0, maxValues).map(({ value }) => value);
  return { completion: { values, total: found.length, hasMore: found.length > values.length } };
};
