import { loadData } from '../data.ts';
import type { Command, CommandsFile, Parameter } from './types.ts';

/** A kind of resource: how it is called, shown in a table, and found by name; one line of data/kinds.json. */
export interface Kind {
  name: string;
  title: string;
  plural: string;
  /** Fields of the compact table; a dot reaches into nested objects. */
  columns: readonly string[];
  /** The date that leads: its lists show the newest first. */
  newestBy?: string;
  /** The command that lists it, where its names can be looked up. */
  list?: string;
  /** Commands that show one by its id, where there is no list to look names up in; the first that knows it counts. */
  read?: readonly string[];
  /** Fields that hold its name, best first. */
  names?: readonly string[];
  /** Parameter of the list command that narrows by name on the server. */
  filter?: string;
  /** Arguments the list command needs to see everything the caller may see. */
  args?: Readonly<Record<string, string | boolean>>;
}

let byName: ReadonlyMap<string, Kind> | undefined;

/** The kind of that name, if data/kinds.json has it. */
export const findKind = (name: string): Kind | undefined => {
  byName ??= new Map(loadData<Kind[]>('kinds.json').map((kind) => [kind.name, kind]));
  return byName.get(name);
};

/** The kind of resource whose id a parameter takes, after the corrections of data/quirks.json. */
export const kindOfParameter = (command: Command, parameter: Parameter): Kind | undefined => {
  const quirks = loadData<{ kinds: Record<string, Record<string, string | null>> }>('quirks.json').kinds;
  const corrected = quirks[command.name]?.[parameter.name];
  const name = corrected === undefined ? parameter.kind : corrected;
  return name ? findKind(name) : undefined;
};

/** Names are looked up with plain reads only: a list that shows credentials is none. */
export const isLookedUp = ({ list }: Kind): boolean =>
  list !== undefined && loadData<Record<string, { risk: string }>>('risks.json')[list]?.risk === 'read';

const isIds = ({ type, of }: Parameter): boolean => type === 'uuid' || (type === 'list' && of === 'uuid');

/** Whether a parameter takes a name beside an id. */
export const takesName = (command: Command, parameter: Parameter): boolean => {
  // A few ids are declared as texts that have to be a UUID.
  if (!isIds(parameter) && !parameter.validations?.includes('UuidString')) return false;
  const kind = kindOfParameter(command, parameter);
  return kind !== undefined && isLookedUp(kind);
};

/** Where the kind of an id stands beside it; a part of data/references.json. */
interface KindsByType {
  /** Parameters with an id of any kind → the parameter that says which. */
  byType: Record<string, string>;
  /** What those call a kind → the kind. */
  types: Record<string, string>;
}

/** The parameter that says of which kind the id in another one is; undefined where the command has none for it. */
export const typeParameterOf = ({ params }: Command, { name }: Parameter): string | undefined => {
  const { byType } = loadData<KindsByType>('references.json');
  const type = Object.hasOwn(byType, name) ? byType[name] : undefined;
  return params.some((other) => other.name === type) ? type : undefined;
};

/** The kind of an id whose type is said beside it; undefined where the command has none, or it names none that is known. */
export const kindBeside = (
  command: Command,
  parameter: Parameter,
  args: Readonly<Record<string, unknown>>,
): Kind | undefined => {
  const type = typeParameterOf(command, parameter);
  if (type === undefined) return undefined;
  const { types } = loadData<KindsByType>('references.json');
  const name = String(args[type]).toLowerCase().replaceAll('_', '');
  return Object.hasOwn(types, name) ? findKind(types[name]!) : undefined;
};

/** The kind whose names an argument may be in the place of an id. */
export const kindOfName = (
  command: Command,
  parameter: Parameter,
  args: Readonly<Record<string, unknown>>,
): Kind | undefined => {
  if (takesName(command, parameter)) return kindOfParameter(command, parameter);
  const kind = kindBeside(command, parameter, args);
  return kind && isLookedUp(kind) ? kind : undefined;
};

const keyOf = ({ name, type }: { name: string; type?: string | undefined }): string => `${type} ${name.toLowerCase()}`;

const minShare = 0.9;

let usual: ReadonlyMap<string, string> | undefined;

const findUsual = (): ReadonlyMap<string, string> => {
  const uses = new Map<string, (string | undefined)[]>();
  for (const command of loadData<CommandsFile>('commands.json').commands)
    for (const parameter of command.params) {
      const key = keyOf(parameter);
      const kind = isIds(parameter) ? kindOfParameter(command, parameter)?.name : undefined;
      uses.set(key, [...(uses.get(key) ?? []), kind]);
    }
  const agreed = new Map<string, string>();
  for (const [key, kinds] of uses)
    for (const kind of new Set(kinds)) {
      const share = kinds.filter((each) => each === kind).length / kinds.length;
      if (kind !== undefined && share >= minShare) agreed.set(key, kind);
    }
  return agreed;
};

/**
 * The kind of resource whose id a parameter of that name and type takes in at least nine of ten commands of the catalog;
 * undefined where they differ. For parameters that only the connected cloud has.
 */
export const usualKind = (parameter: { name: string; type?: string | undefined }): string | undefined =>
  (usual ??= findUsual()).get(keyOf(parameter));
