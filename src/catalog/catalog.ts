import { createHash } from 'node:crypto';
import { loadData } from '../data.ts';
import { limits } from '../limits.ts';
import { closestWord, countTypos } from '../spelling.ts';
import { joinCommand, liveCommand, newerReleaseOf, toOrderedText, type LiveApi } from './live.ts';
import { spellingKey } from './names.ts';
import { createTool, loadToolsets, type Tool } from './tool.ts';
import type { Command, CommandsFile } from './types.ts';

/** Every command that can be called, by any spelling of its name. */
export interface Catalog {
  tools: readonly Tool[];
  /** Finds a tool by kebab-case, snake_case, camelCase or an alias; undefined when nothing has that name. */
  find(name: string): Tool | undefined;
  /** The tool whose name comes nearest, if any comes near. */
  nearest(name: string): Tool | undefined;
  /** The release of the connected cloud, where the catalog knows none as new. */
  newerRelease?: string | undefined;
}

const createCatalog = (commands: readonly Command[], newerRelease?: string): Catalog => {
  const toolsets = new Map(loadToolsets().flatMap(({ name, commands }) => commands.map((c) => [c, name] as const)));
  const tools = commands.map((command) => createTool(command, toolsets));
  const byKey = new Map(
    tools.flatMap((tool) => [tool.command.name, tool.name].map((name) => [spellingKey(name), tool] as const)),
  );
  const aliases = new Map(
    Object.entries(loadData<Record<string, string>>('aliases.json')).map(([alias, command]) => [
      spellingKey(alias),
      spellingKey(command),
    ]),
  );
  const find = (name: string): Tool | undefined => {
    const key = spellingKey(name);
    return byKey.get(key) ?? byKey.get(aliases.get(key) ?? '');
  };
  return {
    tools,
    newerRelease,
    find,
    nearest: (name) => {
      const key = spellingKey(name);
      // The distance takes time by the product of both lengths, and nothing of that length is meant.
      if (key.length > limits.toolName) return undefined;
      const near = closestWord(key, [...byKey.keys()]);
      return countTypos(key, near) <= Math.max(3, key.length / 3) ? byKey.get(near) : undefined;
    },
  };
};

let known: Catalog | undefined;

/** The catalog of data/commands.json: the newest known form of every command. Built once. */
export const loadCatalog = (): Catalog => (known ??= createCatalog(loadData<CommandsFile>('commands.json').commands));

/** Joined catalogs that are in use, by the digest of what the cloud said: a thousand accounts of one role share one. */
const joined = new Map<string, WeakRef<Catalog>>();
const forget = new FinalizationRegistry<string>((digest) => {
  if (!joined.get(digest)?.deref()) joined.delete(digest);
});

/**
 * What the connected cloud offers: commands it lacks are left out, commands the catalog has never seen come in with
 * their live parameters and the risk of what no one has judged. Equal offers give the same catalog.
 */
export const joinCatalog = (apis: readonly LiveApi[]): Catalog => {
  const newerRelease = newerReleaseOf(apis);
  const digest = createHash('sha256')
    .update(`${newerRelease}\n${toOrderedText(apis)}`)
    .digest('base64');
  const shared = joined.get(digest)?.deref();
  if (shared) return shared;
  const facts = new Map(loadCatalog().tools.map(({ command }) => [command.name, command]));
  const catalog = createCatalog(
    apis.map((api) => {
      const command = facts.get(api.name);
      return command ? joinCommand(command, api) : liveCommand(api);
    }),
    newerRelease,
  );
  joined.set(digest, new WeakRef(catalog));
  forget.register(catalog, digest);
  return catalog;
};
