import type { Tool } from '../catalog/tool.ts';
import type { LookAhead } from '../call/send.ts';
import { placeholdersIn, type PlanSeed } from '../placeholders.ts';
import type { Row } from '../rows.ts';

/** What a step of a plan will have made, or made of a thing that there is. */
export interface FutureRow {
  /** The type of its row, as responses name it. */
  kind: string;
  /** It is there already, and will be otherwise. */
  isThere: boolean;
  row: Row;
}

/** What the steps of a plan make of a cloud, as far as that is known before. */
export interface Future {
  rows: FutureRow[];
  /** Ids of what is destroyed. */
  gone: Set<string>;
}

// Where a list looks, and how: what a plan makes lies where its caller can see it.
const ways: ReadonlySet<string> = new Set([
  'account',
  'domainid',
  'isrecursive',
  'keyword',
  'listall',
  'page',
  'pagesize',
  'projectid',
  'templatefilter',
  'isofilter',
]);

const textsOf = (value: unknown): string[] => [value].flat().flatMap((one) => String(one).split(','));

/** Whether a list that is asked so would show a row; what the row does not tell of is passed over, but for ids: it is on no other thing. */
const isShown = (tool: Tool, { row, isThere }: FutureRow, params: Row): boolean => {
  const isId = (name: string): boolean => tool.command.params.some((one) => one.name === name && one.type === 'uuid');
  const narrowing = Object.entries(params).filter(([name]) => !ways.has(name));
  // What is there is shown by the live list; it is added where it will have the name that is looked for.
  if (isThere && !narrowing.some(([name]) => row[name] !== undefined)) return false;
  return narrowing.every(([name, value]) => {
    const field = name === 'ids' ? row['id'] : row[name];
    return field === undefined ? !isId(name) : textsOf(value).includes(String(field));
  });
};

/**
 * Look-ups that also find what earlier steps of a plan will make, and no longer what they will destroy. What is asked by the
 * id of a thing that is not there yet is not sent.
 */
export const lookAhead =
  (seed: PlanSeed, { rows, gone }: Future): LookAhead =>
  (list) =>
  async (tool, params, isCached) => {
    const { response } = tool.command;
    const ahead = placeholdersIn(seed, params).length > 0;
    const own = rows.filter((one) => {
      const { kind, row } = one;
      // A list that is asked by a placeholder shows nothing but what has it.
      if (ahead)
        return Object.entries(params).every(([name, value]) => {
          if (!placeholdersIn(seed, value).length) return true;
          return textsOf(value).includes(String(name === 'id' || name === 'ids' ? row['id'] : row[name]));
        });
      return kind === response && isShown(tool, one, params);
    });
    const made = own.map(({ row }) => row);
    if (ahead) return made;
    const known = new Set(made.map(({ id }) => id));
    const isAskedById = params['id'] !== undefined || params['ids'] !== undefined;
    const changed = new Map(rows.flatMap(({ isThere, row }) => (isThere ? [[row['id'], row] as const] : [])));
    const live = (await list(tool, params, isCached)).filter(
      ({ id }) => !known.has(id) && (isAskedById || !gone.has(String(id))),
    );
    return [...made, ...live.map((row) => changed.get(row['id']) ?? row)];
  };
