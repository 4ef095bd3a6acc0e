import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createApp } from '../app/app.ts';
import { readLiveApis, type LiveApi } from '../catalog/live.ts';
import { releaseOf } from '../catalog/releases.ts';
import { diffCommands, formatCommands, formatLines, syncCommands } from '../catalog/sync.ts';
import { syncResponses } from '../catalog/sync-responses.ts';
import type { CommandsFile, ResponseType } from '../catalog/types.ts';
import { loadData } from '../data.ts';
import { openConfig } from './open-config.ts';
import { CallError } from '../errors.ts';
import { itemOf, rowsOf, type Row } from '../rows.ts';
import { exit, printText, type Io } from './io.ts';
import { requesterAt } from './requester.ts';

/** The flags of `catalog sync` and `catalog diff`. */
export interface CatalogFlags {
  from?: string;
  release?: string;
  /** The catalog's commands.json; that of the package by default. */
  file?: string;
  settings: Record<string, unknown>;
}

const readJson = (path: string): unknown => {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as unknown;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new CallError(
      'configuration',
      code === undefined ? `${path} cannot be read as JSON: ${message}.` : `${path} cannot be read: ${message}.`,
      'Give the path of a saved answer of listApis with --from, or of a commands.json with --file.',
    );
  }
};

/** Where `sync` writes unless it is told: the catalog of a clone. */
const ownFile = 'data/commands.json';

/** The catalog to compare with: the file that is named, the clone's, else what this program brings. */
const readCatalog = (file: string | undefined): CommandsFile => {
  const path = file ?? (existsSync(ownFile) ? ownFile : undefined);
  return path === undefined ? loadData<CommandsFile>('commands.json') : (readJson(path) as CommandsFile);
};

/** Rows of a saved answer, with or without its envelope. */
const savedApis = (path: string): LiveApi[] => {
  const answer = readJson(path) as Row;
  const { apis } = readLiveApis(rowsOf('api' in answer ? answer : itemOf(answer)));
  if (!apis.length)
    throw new CallError(
      'configuration',
      `${path} holds no list of APIs.`,
      'Save the whole answer of listApis with response=json.',
    );
  return apis;
};

const ask = async (flags: CatalogFlags, io: Io): Promise<{ apis: LiveApi[]; release: string | undefined }> => {
  const config = await openConfig(flags.settings, io);
  const app = createApp(config, { stderr: io.stderr });
  const call = (tool: string) =>
    app.call({
      tool,
      args: {},
      view: { fields: ['*'], whole: true },
      wait: 0,
      caller: requesterAt(config, flags.settings),
      consent: () => Promise.resolve(undefined),
      signal: io.signal,
    });
  try {
    const { apis } = readLiveApis((await call('listApis')).rows());
    const [capabilities] = (await call('listCapabilities')).rows();
    return { apis, release: capabilities?.['cloudstackversion'] as string | undefined };
  } finally {
    await app.close();
  }
};

const load = async (flags: CatalogFlags, io: Io): Promise<{ file: CommandsFile; apis: LiveApi[]; release: string }> => {
  const file = readCatalog(flags.file);
  const { apis, release } = flags.from ? { apis: savedApis(flags.from), release: undefined } : await ask(flags, io);
  const known = flags.release ?? (release && releaseOf(release)) ?? release;
  return { file, apis, release: known ?? 'unknown' };
};

const isRelease = (text: string): boolean => /^\d+(\.\d+)+$/.test(text);

/** `catalog diff`: prints what changed. */
export const diffCatalog = async (flags: CatalogFlags, io: Io): Promise<number> => {
  const { file, apis, release } = await load(flags, io);
  const { changes, missing } = diffCommands(file, apis, isRelease(release) ? release : undefined);
  for (const change of changes) await printText(io.stdout, change);
  await printText(
    io.stdout,
    `${changes.length} differences; ${missing.length} commands of the catalog are not in this cloud's list.`,
  );
  return exit.done;
};

/** `catalog sync`: rewrites the facts, response types in the file beside; texts, risks and every other file stay as they are. */
export const syncCatalog = async (flags: CatalogFlags, io: Io): Promise<number> => {
  const { file, apis, release } = await load(flags, io);
  if (!isRelease(release))
    throw new CallError('configuration', 'The release is not known.', 'Give --release, such as 4.23.0.');
  const path = flags.file ?? ownFile;
  if (!existsSync(path))
    throw new CallError(
      'configuration',
      `${path} is not there.`,
      'Give the commands.json to rewrite with --file; a clone of this project has it as data/commands.json.',
    );
  const typesPath = join(dirname(path), 'responses.json');
  const known = existsSync(typesPath) ? (readJson(typesPath) as ResponseType[]) : [];
  const { types, responses } = syncResponses(file, known, apis, release);
  const synced = syncCommands(file, apis, release, responses);
  const before = new Map(file.commands.map((command) => [command.name, JSON.stringify(command)]));
  const changed = synced.commands.filter((command) => before.get(command.name) !== JSON.stringify(command));
  writeFileSync(path, formatCommands(synced));
  writeFileSync(typesPath, formatLines(types));
  await printText(
    io.stdout,
    `${path}: ${changed.length} commands updated from ${release}. New commands need a summary, a toolset and a risk: npm test names them.`,
  );
  return exit.done;
};
