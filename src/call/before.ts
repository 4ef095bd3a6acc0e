import { once } from '../catalog/once.ts';
import type { Tool } from '../catalog/tool.ts';
import type { Command } from '../catalog/types.ts';
import { loadData } from '../data.ts';
import { isBounded } from '../guard/bounds.ts';
import type { Row } from '../rows.ts';
import { isRecent } from '../guard/look.ts';
import type { CheckedCall, Resources, Target } from '../types.ts';
import type { Cloud } from './composition.ts';
import type { Run } from './run.ts';
import { listFor } from './send.ts';

/** A list that shows what a change is about to replace, where the guard has nothing to read; one line of data/values-before.json. */
interface ShownBefore {
  commands: readonly string[];
  list: string;
  /** Parameters of the change that narrow the list. */
  by: readonly string[];
  /** Fields of the row that are equal to the change's parameters. */
  same: readonly string[];
  /** What the change is of has no id: the field of the row that names it, whatever else the change says, and what it is. */
  named?: { by: string; title: string };
}

const findShown = once(({ name }: Command): ShownBefore | undefined =>
  loadData<ShownBefore[]>('values-before.json').find(({ commands }) => commands.includes(name)),
);

const readShown = (
  cloud: Cloud,
  list: Tool,
  params: CheckedCall['params'],
  names: readonly string[],
  run: Run,
): Promise<readonly Row[]> => {
  const given = names.flatMap((name) => (params[name] === undefined ? [] : [[name, params[name]] as const]));
  return listFor(cloud, run)(list, Object.fromEntries(given), false);
};

/** What a change names that has no id, such as a setting: its row, or, where none is listed, a target that no one finds. */
export interface NamedBefore {
  row?: Row;
  unseen?: Target;
  /** Milliseconds since 1970 when it was read. */
  at: number;
}

/**
 * Reads what a change names that has no id. CloudStack lists no hidden settings and changes them all the same: what is not listed
 * may be misspelt, or hidden, and a person is asked. Undefined where nothing is named so, or a role sees a part of the cloud.
 */
export const readNamed = async (
  cloud: Cloud,
  { tool, params, role }: CheckedCall,
  run: Run,
): Promise<NamedBefore | undefined> => {
  const { list: lister, named, by = [] } = findShown(tool.command) ?? {};
  const list = lister === undefined ? undefined : cloud.catalog.find(lister);
  const name = named && params[named.by];
  if (!list || !named || name === undefined || isBounded(role)) return undefined;
  const wanted = String(name).toLowerCase();
  const at = Date.now();
  const find = async (names: readonly string[]): Promise<Row | undefined> =>
    (await readShown(cloud, list, params, names, run).catch(() => [])).find(
      (row) => String(row[named.by]).toLowerCase() === wanted,
    );
  const row = await find(by);
  if (row) return { row, at };
  // One that is there may not be settable for what the change names beside it: CloudStack says so.
  const isScoped = by.some((one) => one !== named.by && params[one] !== undefined);
  if (isScoped && (await find([named.by]))) return { at };
  const { by: parameter, title } = named;
  return { unseen: { parameter, title, id: String(name), isOwn: true, isReadable: true }, at };
};

/** What a call acts on, with what it names and no one finds. */
export const withUnseen = <Reads extends Pick<Resources, 'actedOn'>>(
  resources: Reads,
  unseen: Target | undefined,
): Reads =>
  unseen ? { ...resources, actedOn: async (...asked) => [...(await resources.actedOn(...asked)), unseen] } : resources;

/** What a setting or a limit is before it is changed; undefined where nothing shows it, or a role sees a part of the cloud. */
export const readBefore = async (
  cloud: Cloud,
  call: CheckedCall,
  run: Run,
  known?: NamedBefore,
): Promise<Row | undefined> => {
  const { tool, params, role } = call;
  const shown = findShown(tool.command);
  const list = shown && cloud.catalog.find(shown.list);
  if (!list || isBounded(role)) return undefined;
  // A person may have been asked since, for minutes.
  if (known && isRecent(known)) return known.row;
  // A change is better made without its old value than not at all.
  const rows = await readShown(cloud, list, params, shown.by, run).catch(() => []);
  return rows.find((row) => shown.same.every((field) => String(row[field]) === String(params[field])));
};
