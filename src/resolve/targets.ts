import { findKind, kindOfParameter, type Kind } from '../catalog/kinds.ts';
import type { Command, Parameter } from '../catalog/types.ts';
import { loadData } from '../data.ts';
import type { Row } from '../rows.ts';
import { toLabel } from '../text.ts';
import type { ResolvedCall } from '../types.ts';
import { nameOf, type Directory } from './directory.ts';

/** What hangs on a kind of resource: a list command and how it is narrowed to one resource. */
interface Dependents {
  list: string;
  /** The parameter that takes the resource's id, or parameters with the fields they take. */
  by: string | Record<string, string>;
  args?: Record<string, boolean>;
  /** What it lists: one, several. */
  what: [string, string];
  /** Fields that name a row; none to count only. */
  named?: string[];
}

// Where a thing is put and what it is made from: named in a call, but not what it acts on.
const surroundings = new Set([
  'Zone',
  'Domain',
  'Project',
  'ServiceOffering',
  'DiskOffering',
  'NetworkOffering',
  'GuestOS',
]);

/** Checked by themselves, not as something that belongs to somebody. */
const owners = new Set(['domainid', 'projectid']);

const isId = ({ type, of }: Parameter): boolean => type === 'uuid' || of === 'uuid';

/** The parameters that say what a command acts on: `id`, else `ids`, else its required ids. */
export const targetParameters = (command: Command): readonly Parameter[] => {
  const ids = command.params.filter(isId);
  const own = ids.filter(({ name }) => name === 'id' || name === 'ids');
  if (own.length) return own;
  return ids.filter(
    (parameter) => parameter.required && !surroundings.has(kindOfParameter(command, parameter)?.name ?? ''),
  );
};

const countDependents = async (directory: Directory, kind: Kind, row: Row): Promise<string[]> => {
  const all = loadData<Record<string, Dependents[]>>('dependents.json')[kind.name] ?? [];
  const lines = await Promise.all(
    all.map(async ({ list, by, args, what, named = ['name', 'displayname'] }) => {
      const wanted = typeof by === 'string' ? { [by]: 'id' } : by;
      const narrowed = Object.fromEntries(Object.entries(wanted).map(([parameter, field]) => [parameter, row[field]]));
      // A question is better asked without one of its details than not at all.
      const rows = await directory.rows(list, { ...narrowed, ...args, listall: true }).catch(() => undefined);
      if (!rows?.length) return undefined;
      const names = rows.flatMap(
        (found) => named.map((field) => found[field]).find((value) => typeof value === 'string') ?? [],
      );
      const some = names.slice(0, 3).map((name) => toLabel(String(name), 30));
      const more = names.length > some.length ? ', …' : '';
      return `${rows.length} ${what[rows.length === 1 ? 0 : 1]}${some.length ? ` (${some.join(', ')}${more})` : ''}`;
    }),
  );
  return lines.filter((line) => line !== undefined);
};

/**
 * Reads what a call acts on (or, with `all`, everything it names by id), with what hangs on it where asked. What cannot be
 * seen is given by its id alone.
 */
export const readTargets = async (
  directory: Directory,
  call: ResolvedCall,
  { dependents = false, all = false }: { dependents?: boolean; all?: boolean },
) => {
  const { command } = call.tool;
  const parameters = all
    ? command.params.filter((parameter) => isId(parameter) && !owners.has(parameter.name))
    : targetParameters(command);
  const named = parameters.flatMap((parameter) =>
    [call.params[parameter.name] ?? []].flat().map((id) => ({ parameter, id: String(id) })),
  );
  return Promise.all(
    named.map(async ({ parameter, id }) => {
      const kind = kindOfParameter(command, parameter) ?? findKind(parameter.kind ?? '');
      const row = kind?.list ? await directory.get(kind, id, call.params) : undefined;
      return {
        parameter: parameter.name,
        title: kind?.title ?? 'resource',
        id,
        name: row && kind ? nameOf(kind, row) : undefined,
        row,
        ...(dependents && row && kind ? { dependents: await countDependents(directory, kind, row) } : {}),
      };
    }),
  );
};

const placeKinds: Readonly<Record<string, readonly [kind: string, id: string, name: string]>> = {
  zoneid: ['Zone', 'zoneid', 'zonename'],
  domainid: ['Domain', 'domainid', 'domainpath'],
  projectid: ['Project', 'projectid', 'project'],
};

/** The zone, domain, project and account that a call names, as rows of the form that resources have. */
export const readPlaces = async (directory: Directory, { params }: ResolvedCall): Promise<readonly Row[]> => {
  const rows = await Promise.all(
    Object.entries(placeKinds).map(async ([parameter, [kind, id, name]]): Promise<Row> => {
      const value = params[parameter];
      if (typeof value !== 'string') return {};
      const row = await directory.get(findKind(kind)!, value);
      return { [id]: value, [name]: row?.['path'] ?? row?.['name'] };
    }),
  );
  return [
    Object.assign({ ...(typeof params['account'] === 'string' ? { account: params['account'] } : {}) }, ...rows) as Row,
  ];
};
