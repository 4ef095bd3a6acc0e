import { call } from '../call/call.ts';
import { recorded } from '../call/run.ts';
import type { LoggedEntry } from '../audit/tail.ts';
import { loadCatalog } from '../catalog/catalog.ts';
import { findKind, type Kind } from '../catalog/kinds.ts';
import { CallError } from '../errors.ts';
import type { Row } from '../rows.ts';
import { maskSecrets } from '../secrets/mask.ts';
import { stripUnsafe, toLabel } from '../text.ts';
import type { CallRequest, Outcome } from '../types.ts';
import { openPlan, type PlanComposition } from '../plan/saved.ts';
import { toAnsible } from './ansible.ts';
import { toCmk } from './cmk.ts';
import {
  createLabels,
  idsIn,
  listedKindOf,
  nounOf,
  type Exported,
  type ExportedCall,
  type Outside,
} from './exported.ts';
import { toMermaid } from './mermaid.ts';
import { findLogged, findSteps } from './recorded-calls.ts';
import { findThings, ownerOf, type ExportingAccount, type FoundCall, type ReadList } from './sources.ts';
import { toTerraform } from './terraform.ts';

const writers: Readonly<Record<string, (exported: Exported) => string | Promise<string>>> = {
  cmk: toCmk,
  terraform: toTerraform,
  ansible: toAnsible,
  mermaid: toMermaid,
};

/** The formats of an export. */
export const exportFormats: readonly string[] = Object.keys(writers);

/** What stands around the calls: the things that they name and do not make, as the caller sees them, and whose they are. */
const findOutside = async (
  read: ReadList,
  calls: readonly ExportedCall[],
  toLabelOf: ReturnType<typeof createLabels>,
  own: ExportingAccount | undefined,
): Promise<Map<string, Outside>> => {
  const made = new Set(calls.map(({ id }) => id));
  const outside = new Map<string, Outside>();
  const add = async (kind: Kind | undefined, id: string): Promise<void> => {
    if (!kind?.list || made.has(id) || outside.has(id)) return;
    const found = (await read(kind.list, { ...kind.args, id }))[0];
    const field = kind.names?.find((one) => typeof found?.[one] === 'string');
    if (!found || field === undefined) return;
    const { account: _account, domainid: _domainid, ...rest } = found;
    const owner = ownerOf(found, own);
    const name = String(found[field]);
    const { listall, ...args } = Object.fromEntries(
      Object.entries(kind.args ?? {}).map(([key, one]) => [key, String(one)]),
    );
    const filter = kind.filter === undefined ? {} : { [kind.filter]: name };
    // Only this lists what another owns, and all domains and projects.
    const isElse = 'account' in owner || kind.name === 'Domain' || kind.name === 'Project';
    const all = listall !== undefined && isElse ? { listall } : {};
    const label = toLabelOf(nounOf({ name: kind.list }), name);
    const row = { ...rest, ...owner };
    outside.set(id, { row, name, list: kind.list, field, args: { ...args, ...all, ...filter }, label });
    const { domainid } = owner;
    if (typeof domainid === 'string') await add(findKind('Domain'), domainid);
  };
  for (const { command, params } of calls)
    for (const [name, value] of Object.entries(params))
      for (const id of idsIn(value)) await add(listedKindOf(command, name), id);
  return outside;
};

const toCalls = (found: readonly FoundCall[], toLabelOf: ReturnType<typeof createLabels>): ExportedCall[] =>
  found.map(({ command: name, params, id, isThere }) => {
    const command = loadCatalog().find(name)?.command;
    if (!command) throw new CallError('invalid', `There is no command ${toLabel(name)}.`, '');
    const own = params['name'] ?? params['displayname'];
    return { command, params: maskSecrets(params, name), label: toLabelOf(nounOf(command), own), id, isThere };
  });

/** The calls of a plan or of the audit log, or those that would make what is there. */
const find = async (
  composition: PlanComposition,
  request: CallRequest,
  read: ReadList,
  { what, where, own }: { what: readonly string[]; where: string | undefined; own: ExportingAccount | undefined },
): Promise<{ calls: FoundCall[]; notes: string[] }> => {
  const [first = ''] = what;
  const [, source, id = ''] = /^(plan|call|script)=(.+)$/.exec(first) ?? [];
  if (source === undefined) return findThings(read, what, where, own);
  if (what.length > 1 || where !== undefined)
    throw new CallError('invalid', `${source}=ID is exported alone.`, 'Leave the others out. Nothing was sent.');
  if (source === 'plan') return { calls: findSteps(await openPlan(composition, request, id)), notes: [] };
  const { principal, profile } = request.caller;
  const isOurs = (entry: LoggedEntry): boolean => entry.profile === profile;
  const calls = findLogged(composition.readEntries({ principal, id: id.toLowerCase() }).filter(isOurs));
  if (calls.length) return { calls, notes: [] };
  throw new CallError(
    'not-found',
    `The audit log has no change of ${toLabel(id)} by ${toLabel(principal)}.`,
    'Give at least eight characters of the id of a call, or of the digest of a plan or a script. Nothing was sent.',
  );
};

/**
 * Exports what a plan holds, what a call or a script made, or what is there. The arguments: `as`, a format; `what`, words such
 * as `plan=ID`, `call=ID`, `network`, `vpc=shop`; `where`, an expression over the rows of kinds. Only reads.
 */
export const exportCalls = (composition: PlanComposition, request: CallRequest): Promise<Outcome> =>
  recorded(composition, request, async (run) => {
    const { as: given, what: words, where } = request.args;
    const as = String(given ?? '').toLowerCase();
    const write = Object.hasOwn(writers, as) ? writers[as] : undefined;
    const what = [words]
      .flat()
      .flatMap((one) => (typeof one === 'string' ? one.split(/\s+/) : []))
      .filter(Boolean);
    if (!write || !what.length)
      throw new CallError(
        'invalid',
        write ? 'what is missing: what to export.' : `as is one of ${exportFormats.join(', ')}.`,
        'Such as as=terraform what=vpc=shop, what=plan=ID, what=call=ID. Nothing was sent.',
      );
    run.record({ risk: 'read' });
    const rowsOf = new Map<string, Promise<readonly Row[]>>();
    const read: ReadList = (tool, args, expression) => {
      const key = JSON.stringify([tool, args, expression]);
      const { asked: _asked, progress: _progress, ...rest } = request;
      const view = { whole: true, all: true, ...(expression === undefined ? {} : { where: expression }) };
      const one: CallRequest = { ...rest, tool, args, riskTool: 'read', view, wait: 0 };
      const rows = rowsOf.get(key) ?? call(composition, one).then((outcome) => outcome.rows());
      rowsOf.set(key, rows);
      return rows;
    };
    const expression = typeof where === 'string' && where !== '' ? where : undefined;
    const account = await (await composition.clouds.open(request.caller.profile)).account();
    const own = account && { name: account.name, domainid: account.row['domainid'] };
    const { calls: found, notes } = await find(composition, run.request, read, { what, where: expression, own });
    const toLabelOf = createLabels();
    const calls = toCalls(found, toLabelOf);
    const outside = await findOutside(read, calls, toLabelOf, own);
    const text = stripUnsafe(await write({ calls, outside, notes }));
    return { text, structured: { item: { as, calls: calls.length, text } }, rows: () => [{ as, text }], columns: [] };
  });
