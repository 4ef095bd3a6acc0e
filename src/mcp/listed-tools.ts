import type { Tool as McpTool } from '@modelcontextprotocol/server';
import { setTimeout as sleep } from 'node:timers/promises';
import type { App } from '../app/app.ts';
import { loadCatalog, type Catalog } from '../catalog/catalog.ts';
import { compactTools } from './compact.ts';

/** The tools that a server lists. */
export interface ListedTools {
  /** Whether the list follows what the clouds offer: hosts are then told when it changes. */
  isChanging: boolean;
  /** The list of those who may use these profiles, in a fixed order. */
  list(profiles: readonly string[]): Promise<readonly McpTool[]>;
  /** The listed tool that a name means, in any spelling; undefined for one that is not listed to those. */
  find(name: string, profiles: () => Promise<readonly string[]>): Promise<McpTool | undefined>;
}

/** Milliseconds that a list waits for a cloud which has not said what it offers; until it has, every known command is listed. */
const maxWaitMs = 5000;

interface Made {
  catalogs: readonly Catalog[];
  tools: readonly McpTool[];
}

/** Whether a server that only reads lists a tool: not one whose every call it refuses. */
const onlyReads = ({ name, annotations }: McpTool): boolean =>
  annotations?.readOnlyHint === true || name === 'run-script';

const compact = (readOnly: boolean): ListedTools => {
  const tools = readOnly ? compactTools.filter(onlyReads) : compactTools;
  return {
    isChanging: false,
    list: () => Promise.resolve(tools),
    // One that is left out is refused by the call, which says why.
    find: (name) => Promise.resolve(compactTools.find((tool) => tool.name === name)),
  };
};

/** What the setting `tools` lists: a command that none of the profiles' clouds offers is left out. Calls `onChange` when a list has changed. */
export const createListedTools = async (app: App, onChange: () => void): Promise<ListedTools> => {
  const { tools: setting, profiles, readOnly } = app.config;
  if (setting === 'compact') return compact(readOnly);
  const { findListed, listDirectTools } = await import('./direct.ts');
  const isSeveral = Object.keys(profiles).length > 1;
  const known = new Map(listDirectTools(setting, isSeveral, [loadCatalog()]).map((tool) => [tool.name, tool]));
  const lists = new Map<string, Made>();

  const offerOf = async (profile: string): Promise<Catalog> => {
    const waiting = new AbortController();
    const late = sleep(maxWaitMs, loadCatalog(), { signal: waiting.signal, ref: false });
    late.catch(() => undefined);
    try {
      return await Promise.race([app.catalog(profile), late]);
    } catch {
      // What is wrong with the profile, its calls say.
      return loadCatalog();
    } finally {
      waiting.abort();
    }
  };
  const make = async (names: readonly string[]): Promise<Made> => {
    const key = names.join('\n');
    const catalogs = await Promise.all(names.map(offerOf));
    const before = lists.get(key);
    if (before && catalogs.every((catalog, at) => catalog === before.catalogs[at])) return before;
    const all = listDirectTools(setting, isSeveral, catalogs);
    const made = { catalogs, tools: readOnly ? all.filter(onlyReads) : all };
    lists.set(key, made);
    return made;
  };
  const look = async (): Promise<void> => {
    let isChanged = false;
    for (const [key, { tools }] of [...lists]) {
      const now = await make(key.split('\n'));
      isChanged ||= now.tools !== tools && JSON.stringify(now.tools) !== JSON.stringify(tools);
    }
    if (isChanged) onChange();
  };
  app.onCatalogChange(() => void look());

  return {
    isChanging: true,
    list: async (names) => (await make(names)).tools,
    find: async (name, profilesOf) => {
      // One that its cloud lacks is refused by the call, which says why.
      const found = known.get(name) ?? known.get(findListed(name) ?? '');
      return found ?? (await make(await profilesOf())).tools.find((tool) => tool.name === name);
    },
  };
};
