import { liveCommand, type LiveApi } from './live.ts';
import { asOf, compareReleases, extend, inReleases } from './releases.ts';
import { usualOf, unknownResponse, type LiveResponse } from './sync-responses.ts';
import type { Command, CommandsFile, Parameter } from './types.ts';

/** What a command answers with; undefined for one that is not known. */
type ResponseOf = (command: string) => string | undefined;

/** The parameters of a live command; the kind of an id is what the commands answer with that `related` names. */
const newParameters = (live: LiveApi, release: string, responseOf: ResponseOf): Parameter[] => {
  const related = new Map((live.params ?? []).map((parameter) => [parameter.name, parameter.related]));
  return liveCommand(live, release).params.map((parameter) => {
    const kinds = (related.get(parameter.name) ?? '').split(',').flatMap((name) => responseOf(name.trim()) ?? []);
    const kind = parameter.kind ?? usualOf(kinds);
    if (kind === undefined || (parameter.type !== 'uuid' && parameter.type !== 'list')) return parameter;
    return { ...parameter, ...(parameter.type === 'list' ? { of: 'uuid' } : {}), kind };
  });
};

const syncParameters = (
  command: Command,
  live: LiveApi,
  release: string,
  axis: readonly string[],
  responseOf: ResponseOf,
): Parameter[] => {
  const seen = new Map((live.params ?? []).map((parameter) => [parameter.name.toLowerCase(), parameter]));
  const known = command.params.map((parameter): Parameter => {
    const now = seen.get(parameter.name.toLowerCase());
    seen.delete(parameter.name.toLowerCase());
    if (!now)
      return inReleases(command.releases, release)
        ? parameter
        : { ...parameter, releases: parameter.releases ?? command.releases };
    // What stays as it was keeps its place, so that a diff of the file shows what changed.
    const synced: Parameter = { ...parameter };
    if (!now.required) delete synced.required;
    else if (!synced.required) synced.required = true;
    if (parameter.releases) synced.releases = extend(parameter.releases, release, axis);
    return synced;
  });
  const added = newParameters({ ...live, params: [...seen.values()] }, release, responseOf);
  return [...known, ...added.map((parameter) => ({ ...parameter, releases: `${release}-${release}` }))].sort((a, b) =>
    a.name < b.name ? -1 : 1,
  );
};

/** The day, such as 2026-11-26. */
export const today = (): string => new Date().toISOString().slice(0, 10);

/**
 * The catalog's facts with what a `listApis` answer of a release says. Nothing is forgotten: commands and parameters that
 * the release lacks keep the releases they were seen in. `responses`: what `syncResponses` found of new commands.
 */
export const syncCommands = (
  file: CommandsFile,
  apis: readonly LiveApi[],
  release: string,
  responses: ReadonlyMap<string, LiveResponse> = new Map(),
): CommandsFile => {
  const releases = [...new Set([...file.releases, release])].sort(compareReleases);
  const known = new Map(file.commands.map((command) => [command.name, command]));
  const responseOf: ResponseOf = (name) => responses.get(name)?.response ?? known.get(name)?.response;
  for (const live of apis) {
    const command = known.get(live.name);
    if (!command) {
      const params = newParameters(live, release, responseOf);
      const { words: _words, ...facts } = liveCommand(live, release);
      known.set(live.name, { ...facts, ...responses.get(live.name), params });
      continue;
    }
    const response = command.response === unknownResponse ? responses.get(live.name) : undefined;
    const synced: Command = {
      ...command,
      ...response,
      releases: extend(command.releases, release, releases),
      params: syncParameters(command, live, release, releases, responseOf),
    };
    if (Boolean(live.isasync) !== Boolean(asOf(command, release).async)) {
      if (live.isasync) synced.async = true;
      else delete synced.async;
    }
    known.set(live.name, synced);
  }
  const isNewer = releases.length > file.releases.length;
  return { date: isNewer ? today() : file.date, releases, commands: [...known.values()] };
};

/**
 * What differs between the catalog and a `listApis` answer, a line each; `missing` are commands the cloud lacks. Both are of
 * what the catalog says of the release, or of its newest where that one is newer; where it is not known, of all releases.
 */
export const diffCommands = (
  file: CommandsFile,
  apis: readonly LiveApi[],
  release?: string,
): { changes: string[]; missing: string[] } => {
  const newest = file.releases.at(-1) ?? '';
  const compared = release !== undefined && compareReleases(release, newest) > 0 ? newest : release;
  const isThere = (releases: string | undefined): boolean =>
    releases === undefined || compared === undefined || inReleases(releases, compared);
  const known = new Map(file.commands.map((command) => [command.name, command]));
  const changes = apis.flatMap((live) => {
    const command = known.get(live.name);
    if (!command) return [`+ ${live.name} (new command, ${live.params?.length ?? 0} parameters)`];
    const names = new Map(command.params.map((parameter) => [parameter.name.toLowerCase(), parameter]));
    const params = live.params ?? [];
    const now = new Set(params.map(({ name }) => name.toLowerCase()));
    return [
      ...(Boolean(live.isasync) === Boolean((compared === undefined ? command : asOf(command, compared)).async)
        ? []
        : [`~ ${live.name}: ${live.isasync ? 'now' : 'no longer'} asynchronous`]),
      ...params
        .filter(({ name }) => !names.has(name.toLowerCase()))
        .map(({ name, type }) => `+ ${live.name}.${name} (${type ?? 'string'})`),
      ...command.params
        .filter(({ name, releases }) => isThere(releases) && !now.has(name.toLowerCase()))
        .map(({ name }) => `- ${live.name}.${name}`),
      ...params
        .filter(
          ({ name, required }) =>
            names.has(name.toLowerCase()) && Boolean(names.get(name.toLowerCase())!.required) !== Boolean(required),
        )
        .map(({ name, required }) => `~ ${live.name}.${name}: ${required ? 'now' : 'no longer'} required`),
    ];
  });
  const live = new Set(apis.map(({ name }) => name));
  const missing = file.commands.filter(({ name, releases }) => isThere(releases) && !live.has(name));
  return { changes, missing: missing.map(({ name }) => name) };
};

/** A JSON array with one element a line, so that a diff shows what changed. */
export const formatLines = (rows: readonly unknown[]): string =>
  `[\n${rows.map((row) => JSON.stringify(row)).join(',\n')}\n]\n`;

/** The text of data/commands.json: the release axis, then one command a line, sorted by name. */
export const formatCommands = ({ date, releases, commands }: CommandsFile): string => {
  const sorted = [...commands].sort((a, b) => (a.name < b.name ? -1 : 1));
  return `{"date":${JSON.stringify(date)},"releases":${JSON.stringify(releases)},"commands":${formatLines(sorted).trimEnd()}}\n`;
};
