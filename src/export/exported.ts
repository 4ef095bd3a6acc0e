import { kindOfParameter } from '../catalog/kinds.ts';
import type { Command } from '../catalog/types.ts';
import { isRecord, type Row } from '../rows.ts';
import { isId } from '../text.ts';

/** A call as it is exported: what makes a thing, or changes one. */
export interface ExportedCall {
  command: Command;
  params: Row;
  /** What others call what it makes; unique in an export, and an identifier everywhere. */
  label: string;
  /** The id of what it makes, or, where that is not there yet, what stands for it. */
  id?: string | undefined;
  /** That thing is there. */
  isThere: boolean;
}

/** A thing that calls name and do not make. */
export interface Outside {
  row: Row;
  name: string;
  /** How it is found again: the list, the field of its name, the list's arguments. */
  list: string;
  field: string;
  args: Readonly<Record<string, string>>;
  label: string;
}

/** What is exported: calls in an order in which they can be made. */
export interface Exported {
  calls: readonly ExportedCall[];
  outside: ReadonlyMap<string, Outside>;
  /** What had to be left out, for a reader. */
  notes: readonly string[];
}

/** The ids in a value, at any depth; in texts, between commas. */
export const idsIn = (value: unknown): string[] => {
  if (typeof value === 'string') return value.split(',').filter(isId);
  if (Array.isArray(value)) return value.flatMap(idsIn);
  return isRecord(value) ? Object.values(value).flatMap(idsIn) : [];
};

/** The noun of a command: `networkacl` of createNetworkACL. */
export const nounOf = ({ name }: Pick<Command, 'name'>): string => name.replace(/^[a-z]+/, '').toLowerCase() || name;

/** Gives out labels: identifiers of shells, Terraform and Jinja, each once. */
export const createLabels = () => {
  const taken = new Set<string>();
  return (...words: readonly unknown[]): string => {
    const base = words
      .filter((word) => typeof word === 'string' && word !== '')
      .join('_')
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '_')
      .replace(/^_|_$/g, '')
      .replace(/^(?=\d|$)/, 'x')
      .slice(0, 60);
    let label = base;
    for (let number = 2; taken.has(label); number++) label = `${base}_${number}`;
    taken.add(label);
    return label;
  };
};

/** What ids of an export stand for. */
export const createReferences = ({ calls, outside }: Pick<Exported, 'calls' | 'outside'>) => {
  const made = new Map(calls.flatMap((call) => (call.id === undefined ? [] : [[call.id, call] as const])));
  /** The value that a path leads to from a call, through what its parameters name. */
  const follow = (params: Row, path: string): unknown => {
    const [field = '', ...rest] = path.split('.');
    const value = params[field];
    if (!rest.length || value === undefined) return value;
    const [id = ''] = idsIn(value);
    const next = made.get(id)?.params ?? outside.get(id)?.row;
    return next && follow(next, rest.join('.'));
  };
  return { made, outside, follow };
};

/** What ids of an export stand for, as its writers use them. */
export type ExportReferences = ReturnType<typeof createReferences>;

/** The kind of what a parameter names, where it can be found by its name. */
export const listedKindOf = (command: Command, name: string) => {
  const parameter = command.params.find((one) => one.name === name);
  const kind = parameter && kindOfParameter(command, parameter);
  return kind?.list === undefined ? undefined : kind;
};
