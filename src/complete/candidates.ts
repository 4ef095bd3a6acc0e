import type { Catalog } from '../catalog/catalog.ts';
import { kindOfName, type Kind } from '../catalog/kinds.ts';
import { fieldsOfResponse } from '../catalog/response-fields.ts';
import { describeParameter, loadToolsets, otherToolset } from '../catalog/tool.ts';
import { neededBy } from '../catalog/requirements.ts';
import type { Command, Parameter } from '../catalog/types.ts';
import { findValues } from '../catalog/values.ts';

/** What may stand where someone is typing, and a few words about it. */
export interface Completion {
  value: string;
  about: string;
}

/** The names of a kind that the caller may see; none where they cannot be read in a moment. */
export type ReadNames = (kind: Kind) => Promise<readonly string[]>;

/** Those of the candidates that begin as what was typed, whatever the letter case. */
export const beginningWith = (candidates: readonly Completion[], typed: string): Completion[] => {
  const beginning = typed.toLowerCase();
  return candidates.filter(({ value }) => value.toLowerCase().startsWith(beginning));
};

const plain = (values: readonly (string | number)[]): Completion[] =>
  values.map((value) => ({ value: String(value), about: '' }));

/** Every tool by its name; by CloudStack's own where that is what is typed. */
export const toolCandidates = ({ tools }: Catalog, typed: string): Completion[] => {
  const isCamel = /[A-Z]/.test(typed);
  return beginningWith(
    tools.map(({ name, command, summary }) => ({ value: isCamel ? command.name : name, about: summary })),
    typed,
  );
};

/** The toolsets, with what they are about. */
export const toolsetCandidates = (): Completion[] => [
  ...loadToolsets().map(({ name, title }) => ({ value: name, about: title })),
  { value: otherToolset, about: 'what only the cloud knows' },
];

/** The parameters of a command that are not given yet, those that every call needs first. */
export const parameterCandidates = (command: Command, given: ReadonlySet<string>): Completion[] => {
  const needed = neededBy(command);
  return command.params
    .filter(({ name }) => !given.has(name.toLowerCase()))
    .toSorted((a, b) => Number(needed.has(b.name)) - Number(needed.has(a.name)))
    .map(({ name }) => ({ value: name, about: describeParameter(command.name, name) ?? '' }));
};

/** The fields of a command's rows. */
export const fieldCandidates = ({ response }: Command): Completion[] => [
  ...plain([...(fieldsOfResponse(response)?.values() ?? [])].map(({ name }) => name)),
  { value: '*', about: 'all' },
];

/** Candidates for the last of several values by comma; the others stay before it. */
export const afterComma = async (
  typed: string,
  complete: (last: string) => Completion[] | Promise<Completion[]>,
): Promise<Completion[]> => {
  const before = typed.slice(0, typed.lastIndexOf(',') + 1);
  const taken = new Set(before.split(','));
  const candidates = await complete(typed.slice(before.length));
  return candidates
    .filter(({ value }) => !taken.has(value))
    .map(({ value, about }) => ({ value: before + value, about }));
};

const valueCandidates = async (
  command: Command,
  parameter: Parameter,
  args: Readonly<Record<string, unknown>>,
  readNames: ReadNames,
): Promise<Completion[]> => {
  if (parameter.type === 'boolean') return plain(['true', 'false']);
  const set = findValues(command.name, parameter.name);
  if (set) return set.values.map((value) => ({ value: String(value), about: set.names?.[value] ?? '' }));
  const kind = kindOfName(command, parameter, args);
  return kind ? plain(await readNames(kind)) : [];
};

/** What an argument of a command may be: the values of a closed set from data/, names of things from the cloud. */
export const argumentCandidates = async (
  command: Command,
  { name, typed, args }: { name: string; typed: string; args: Readonly<Record<string, unknown>> },
  readNames: ReadNames,
): Promise<Completion[]> => {
  const parameter = command.params.find((one) => one.name.toLowerCase() === name.toLowerCase());
  if (!parameter) return [];
  const complete = async (last: string): Promise<Completion[]> =>
    beginningWith(await valueCandidates(command, parameter, args, readNames), last);
  const isList = parameter.type === 'list' || findValues(command.name, parameter.name)?.list === true;
  return isList ? afterComma(typed, complete) : complete(typed);
};
