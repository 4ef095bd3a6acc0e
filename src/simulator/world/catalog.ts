import type { Command, CommandsFile, Field, Parameter, ResponseType } from '../../catalog/types.ts';
import { loadData } from '../../data.ts';

/** The commands and response types of one release; else the response types of the newest with the commands and parameters of all. */
export interface ReleaseCatalog {
  /** The one that is offered, else the newest: what listCapabilities calls the cloud. */
  release: string;
  commands: ReadonlyMap<string, Command>;
  /** Fields by name of a response type. */
  fields(response: string): ReadonlyMap<string, Field>;
  hasField(field: Field): boolean;
  /** Whether it is of this release or of a later one. */
  reaches(first: string): boolean;
}

/** Whether a list of ranges such as `4.11.0-4.13.1 4.15.0-4.22.1` holds a release, by place on the axis. */
export const inReleases = (ranges: string | undefined, release: string, axis: readonly string[]): boolean => {
  if (ranges === undefined) return true;
  const at = axis.indexOf(release);
  return ranges.split(' ').some((range) => {
    const [first = range, last = first] = range.split('-');
    return at >= axis.indexOf(first) && at <= axis.indexOf(last);
  });
};

/** A command with the facts that it had in the release, where they changed since. */
const asItWas = (command: Command, has: (ranges: string) => boolean): Command => {
  const earlier = command.earlier?.find(({ releases }) => has(releases));
  if (!earlier) return command;
  const { async: _async, ...facts } = command;
  const { async: isAsync = command.async === true, response = command.response } = earlier;
  return { ...facts, ...(isAsync ? { async: true } : {}), response };
};

const readCatalog = (release?: string): ReleaseCatalog => {
  const { releases, commands } = loadData<CommandsFile>('commands.json');
  if (release !== undefined && !releases.includes(release))
    throw new Error(`The catalog has no release ${release}. It knows ${releases.join(', ')}.`);
  const newest = releases.at(-1)!;
  const has = (ranges?: string): boolean => inReleases(ranges, release ?? newest, releases);
  const commandsByName = new Map<string, Command>();
  for (const command of commands) {
    // Without a release, what older ones took is taken, too; rows are those of the newest.
    if (release === undefined) commandsByName.set(command.name, command);
    else if (has(command.releases))
      commandsByName.set(command.name, {
        ...asItWas(command, has),
        params: command.params.filter((parameter: Parameter) => has(parameter.releases)),
      });
  }
  const types = new Map(loadData<ResponseType[]>('responses.json').map((type) => [type.name, type]));
  const cache = new Map<string, ReadonlyMap<string, Field>>();
  return {
    release: release ?? newest,
    commands: commandsByName,
    fields: (response) => {
      const known = cache.get(response);
      if (known) return known;
      const fields = new Map((types.get(response)?.fields ?? []).map((field) => [field.name, field]));
      cache.set(response, fields);
      return fields;
    },
    hasField: (field) => has(field.releases),
    reaches: (first) => releases.indexOf(release ?? newest) >= releases.indexOf(first),
  };
};

const loaded = new Map<string | undefined, ReleaseCatalog>();

/**
 * What data/commands.json and data/responses.json have of the given release, read once; throws for an unknown one. Worlds of
 * one release share it.
 */
export const loadCatalog = (release?: string): ReleaseCatalog => {
  const catalog = loaded.get(release) ?? readCatalog(release);
  loaded.set(release, catalog);
  return catalog;
};
