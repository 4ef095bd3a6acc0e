import { loadData } from '../data.ts';
import { isBounded } from '../guard/bounds.ts';
import type { Row } from '../rows.ts';
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
}

/** What a setting or a limit is before it is changed; undefined where nothing shows it, or a role sees a part of the cloud. */
export const readBefore = async (cloud: Cloud, call: CheckedCall, run: Run): Promise<Row | undefined> => {
  const { tool, params, role } = call;
  const shown = loadData<ShownBefore[]>('values-before.json').find(({ commands }) =>
    commands.includes(tool.command.name),
  );
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
