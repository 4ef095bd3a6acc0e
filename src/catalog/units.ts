import { loadData } from '../data.ts';

/** The unit of a number parameter of some commands; one line of data/units.json. */
interface UnitRow {
  parameter: string;
  unit: string;
  commands: readonly string[];
}

let byKey: ReadonlyMap<string, string> | undefined;

const index = (): ReadonlyMap<string, string> =>
  new Map(
    loadData<UnitRow[]>('units.json').flatMap(({ parameter, unit, commands }) =>
      commands.map((command) => [`${command} ${parameter}`, unit] as const),
    ),
  );

/** The unit in which a command takes a number, such as `GiB`; undefined where it has none. */
export const unitOf = (command: string, parameter: string): string | undefined =>
  (byKey ??= index()).get(`${command} ${parameter}`);
