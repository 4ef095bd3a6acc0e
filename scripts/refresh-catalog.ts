/**
 * Writes data/commands.json and data/responses.json from a folder of API facts (commands.json, responses.json,
 * protocol.json, and release-*.json with what a later release adds, changes and corrects). Only names, types, flags and
 * relations are taken over; hand-kept files are not touched.
 *
 *   npx tsx scripts/refresh-catalog.ts FOLDER
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatCommands, formatLines, today } from '../src/catalog/sync.ts';
import { mergeRelease, type Raw, type Release } from './refresh-catalog/release.ts';
import type { Command, Field, Parameter, ResponseType } from '../src/catalog/types.ts';

const folder = process.argv[2];
if (!folder) throw new Error('usage: refresh-catalog FOLDER');
const load = <T>(file: string): T => JSON.parse(readFileSync(join(folder, file), 'utf8')) as T;

let axis = load<{ releases: string[] }>('protocol.json').releases;
let facts = { commands: load<Raw[]>('commands.json'), responses: load<Raw[]>('responses.json') };
for (const file of readdirSync(folder).filter((name) => /^release-.*\.json$/.test(name))) {
  const release = load<Release>(file);
  facts = mergeRelease(facts, release, axis.at(-1)!);
  axis = [...axis, release.release];
}
const kindOf = (type: string): string => type.replace(/Response$/, '');

/** Ranges of the axis in which something was seen. */
const ranges = ({ first, last, seen }: NonNullable<Raw['versions']>): string => {
  if (!seen || seen.length === 0) return `${first}-${last}`;
  const at = seen.map((release) => axis.indexOf(release)).sort((a, b) => a - b);
  const runs: [number, number][] = [];
  for (const index of at) {
    const run = runs.at(-1);
    if (run && index === run[1] + 1) run[1] = index;
    else runs.push([index, index]);
  }
  return runs.map(([from, to]) => `${axis[from]}-${axis[to]}`).join(' ');
};

const list = (value: unknown): string[] | undefined =>
  value === undefined || value === null ? undefined : Array.isArray(value) ? (value as string[]) : [value as string];

const dropUndefined = <T extends object>(value: T): T =>
  Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as T;

const parameter = (raw: Raw): Parameter =>
  dropUndefined({
    name: raw.name,
    type: raw['type'],
    required: raw['required'] ? true : undefined,
    of: raw['of'],
    length: raw['length'],
    kind: raw['entity'] ? kindOf(raw['entity'] as string) : undefined,
    roles: raw['roles'] ?? undefined,
    admin: raw['variant'] === 'admin' ? true : undefined,
    validations: raw['validations'],
    map: raw['map'],
    releases: raw.versions ? ranges(raw.versions) : undefined,
  }) as Parameter;

/** What was otherwise in earlier releases, of the facts that the catalog has. */
const earlier = (raw: Raw): Command['earlier'] => {
  const changes = ((raw['changes'] ?? []) as Raw[]).filter((change) => change['earlier']);
  const rows = changes.map(({ first, last, async: isAsync, response }) =>
    dropUndefined({
      releases: `${first as string}-${last as string}`,
      ...(isAsync === undefined ? {} : { async: isAsync }),
      ...(response === undefined ? {} : { response: kindOf(response as string) }),
    }),
  );
  return rows.length > 0 ? (rows as Command['earlier']) : undefined;
};

const command = (raw: Raw): Command =>
  dropUndefined({
    name: raw.name,
    releases: ranges(raw.versions!),
    async: raw['async'] ? true : undefined,
    create: raw['asyncCreate'] ? true : undefined,
    get: raw['get'] ? true : undefined,
    auth: raw['auth'] ? true : undefined,
    result: raw['result'],
    wrapper: raw['wrapper'],
    key: raw['key'] === 'null' ? null : raw['key'],
    response: kindOf(raw['response'] as string),
    entity: list(raw['entityType']),
    event: raw['event'] ?? undefined,
    jobType: raw['resourceType'] ?? undefined,
    roles: raw['defaultRoles'] ?? undefined,
    enabledBy: list(raw['gate']),
    build: raw['build'],
    earlier: earlier(raw),
    params: (raw['params'] as Raw[]).map(parameter),
  }) as Command;

/** Fields that moved to the base class of all answers in 4.21: they are no longer declared, and still sent. */
const inherited = new Set(['jobid', 'jobstatus']);

const rangesOf = ({ name, versions, values }: Raw): string | undefined =>
  versions && ranges(inherited.has(name) && !values ? { first: versions.first, last: axis.at(-1)! } : versions);

const field = (raw: Raw): Field =>
  dropUndefined({
    name: raw.name,
    type: raw['type'],
    list: raw['list'] ? true : undefined,
    ref: raw['ref'] ? kindOf(raw['ref'] as string) : undefined,
    values: raw['values'],
    roles: raw['roles'] ?? undefined,
    sensitive: raw['sensitive'] ? true : undefined,
    releases: rangesOf(raw),
  }) as Field;

const commands = facts.commands.map(command);
/** A type that is sent as it is, too, though the facts have only those that extend it. */
const baseTypes: ResponseType[] = [
  {
    name: 'BaseRolePermission',
    fields: ['description', 'permission', 'rule'].map((name) => ({ name, type: 'string' })),
  },
];

const types = facts.responses.map((raw): ResponseType => ({
  name: kindOf(raw.name),
  fields: (raw['fields'] as Raw[]).map(field),
}));
const responses = [...types, ...baseTypes].sort((a, b) => (`${a.name}Response` < `${b.name}Response` ? -1 : 1));
writeFileSync('data/commands.json', formatCommands({ date: today(), releases: axis, commands }));
writeFileSync('data/responses.json', formatLines(responses));
process.stdout.write(`${commands.length} commands, ${responses.length} response types\n`);
