import { loadData } from '../data.ts';
import { loadCatalog } from './catalog.ts';
import { kindOfParameter, type Kind } from './kinds.ts';
import type { Command } from './types.ts';

/** A read that shows one resource, and its parameter for the id. */
export interface ReadById {
  command: string;
  parameter: string;
}

/** A kind whose resources have an address of their own. */
export interface AddressedKind {
  /** What stands for it in an address: `virtual-machine`. */
  word: string;
  kind: Kind;
  /** Several where the kind has no list of its own: the one that knows the id counts. */
  reads: readonly ReadById[];
}

const wordOf = ({ title }: Kind): string =>
  title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');

const idParameterOf = (command: Command, { name: kind }: Kind): string | undefined =>
  (
    command.params.find(({ name }) => name === 'id') ??
    command.params.find((parameter) => kindOfParameter(command, parameter)?.name === kind)
  )?.name;

const readsOf = (kind: Kind): ReadById[] =>
  [kind.list, ...(kind.read ?? [])].flatMap((name) => {
    const tool = name === undefined ? undefined : loadCatalog().find(name);
    const parameter = tool?.risk.risk === 'read' ? idParameterOf(tool.command, kind) : undefined;
    return tool && parameter !== undefined ? [{ command: tool.command.name, parameter }] : [];
  });

let known: readonly AddressedKind[] | undefined;

/** Every kind of data/kinds.json of which one can be read by its id without showing credentials. */
export const addressedKinds = (): readonly AddressedKind[] =>
  (known ??= loadData<Kind[]>('kinds.json').flatMap((kind) => {
    const reads = readsOf(kind);
    return reads.length ? [{ word: wordOf(kind), kind, reads }] : [];
  }));

/** The kind of a word, or of CloudStack's own name for it, whatever the letter case. */
export const findAddressedKind = (word: string): AddressedKind | undefined => {
  const lower = word.toLowerCase();
  return addressedKinds().find((one) => one.word === lower || one.kind.name.toLowerCase() === lower);
};
