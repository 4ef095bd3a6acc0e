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
} from '../complete/candidates.ts';
import { createReadNames } from '../complete/read-names.ts';
import { toLabel } from '../text.ts';
import type { DoorContext } from './door-context.ts';

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

/**
 * Answers `completion/complete` with what the shell's completion knows, too. The protocol completes arguments of prompts; here the
 * name is that of a tool or a command. Throws a protocol error for what is neither.
 */
export const completeArgument = async (
  { ref, argument, context }: CompleteRequest['params'],
  asker: Asker,
): Promise<CompleteResult> => {
  const name = 'name' in ref ? ref.name : ref.uri;
  const risks = Object.hasOwn(risksOf, name) ? risksOf[name] : undefined;
  const command = loadCatalog().find(name)?.command;
  if (!risks && !command)
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, `There is nothing to complete of ${toLabel(name)}`);
  const { call, door, ctx } = asker;
  const caller = { ...door.requester, host: 'completion' };
  const found = command
    ? await argumentCandidates(
        command,
        { name: argument.name, typed: argument.value, args: context?.arguments ?? {} },
        createReadNames(call, { caller, signal: ctx.mcpReq.signal }),
      )
    : await ofCompactTool(risks!, argument, asker);
  const values = found.slice(0, maxValues).map(({ value }) => value);
  return { completion: { values, total: found.length, hasMore: found.length > values.length } };
};
