import { loadData } from '../data.ts';
import type { Command, Parameter } from './types.ts';

/** A kind of resource: how it is called, shown in a table, and found by name; one line of data/kinds.json. */
export interface Kind {
  name: string;
  title: string;
  plural: string;
  /** Fields of the compact table; a dot reaches into nested objects. */
  columns: readonly string[];
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
const isLookedUp = ({ list }: Kind): boolean =>
  list !== undefined && loadData<Record<string, { risk: string }>>('risks.json')[list]?.risk === 'read';

/** Whether a parameter takes a name beside an id. */
export const takesName = (command: Command, parameter: Parameter): boolean => {
  if (parameter.type !== 'uuid' && !(parameter.type === 'list' && parameter.of === 'uuid')) return false;
  const kind = kindOfParameter(command, parameter);
  return kind !== undefined && isLookedUp(kind);
};
