import { toKebab } from '../catalog/names.ts';
import type { Tool } from '../catalog/tool.ts';
import { loadData } from '../data.ts';
import { CallError } from '../errors.ts';
import { isBounded } from '../guard/bounds.ts';
import type { Row } from '../rows.ts';
import { toLabel } from '../text.ts';
import type { CheckedCall } from '../types.ts';
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
  /** What the change is of has no id: the field of the row that names it, whatever else the change says, what it is, and what is not listed. */
  named?: { by: string; title: string; unlisted?: string };
}

const findShown = (tool: Tool): ShownBefore | undefined =>
  loadData<ShownBefore[]>('values-before.json').find(({ commands }) => commands.includes(tool.command.name));

/**
 * Throws for a change of what has no id and is not there, such as a setting with a misspelt name: no one is asked for it. Where
 * nothing is listed, CloudStack says so.
 */
export const checkNamed = async (cloud: Cloud, { tool, params, role }: CheckedCall, run: Run): Promise<void> => {
  const { list: lister, named } = findShown(tool) ?? {};
  const list = lister === undefined ? undefined : cloud.catalog.find(lister);
  const name = named && params[named.by];
  if (!list || !named || name === undefined || isBounded(role)) return;
  const wanted = String(name).toLowerCase();
  const rows = await listFor(cloud, run)(list, { [named.by]: name }, false).catch(() => undefined);
  if (!rows || rows.some((row) => String(row[named.by]).toLowerCase() === wanted)) return;
  throw new CallError(
    'not-found',
    `${named.by}: there is no ${named.title} "${toLabel(String(name))}" that this account can see.`,
    `Look with [[${toKebab(list.command.name)}]] and a keyword, such as a part of its name.${named.unlisted ?? ''} Nothing was sent.`,
  );
};

/** What a setting or a limit is before it is changed; undefined where nothing shows it, or a role sees a part of the cloud. */
export const readBefore = async (cloud: Cloud, call: CheckedCall, run: Run): Promise<Row | undefined> => {
  const { tool, params, role } = call;
  const shown = findShown(tool);
  const list = shown && cloud.catalog.find(shown.list);
  if (!list || isBounded(role)) return undefined;
  const { by, same } = shown;
  const filters = Object.fromEntries(
    by.flatMap((name) => (params[name] === undefined ? [] : [[name, params[name]] as const])),
  );
  // A change is better made without its old value than not at all.
  const rows = await listFor(cloud, run)(list, filters, false).catch(() => []);
  return rows.find((row) => same.every((field) => String(row[field]) === String(params[field])));
};
