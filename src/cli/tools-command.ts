import { createApp } from '../app/app.ts';
import { loadCatalog, type Catalog } from '../catalog/catalog.ts';
import { checkToolset, requireTool } from '../catalog/lookup.ts';
import { createSearch } from '../catalog/search.ts';
import type { Tool } from '../catalog/tool.ts';
import { openConfig } from './open-config.ts';
import { describeInText, toDescription, toMatch } from '../mcp/describe.ts';
import { programName } from '../program-name.ts';
import { exit, printJson, printLine, type Io } from './io.ts';
import { requesterAt } from './requester.ts';
import { toTable } from './table.ts';

/** The flags of `tools list`, `find` and `show`. */
export interface ToolsFlags {
  json?: boolean;
  toolset?: string;
  settings: Record<string, unknown>;
}

/** The connected cloud's commands where a cloud is configured, otherwise all that are known. */
const openCatalog = async (settings: Record<string, unknown>, io: Io): Promise<Catalog> => {
  const config = await openConfig(settings, io);
  const app = createApp(config, { stderr: io.stderr });
  try {
    const profile = await app.profileOf(requesterAt(config, settings));
    return config.profiles[profile] ? await app.catalog(profile) : loadCatalog();
  } finally {
    await app.close();
  }
};

const print = async (tools: readonly Tool[], total: number, flags: ToolsFlags, io: Io): Promise<number> => {
  const rows = tools.map(toMatch);
  const room = io.stdout.isTTY ? (io.stdout.columns ?? 80) : undefined;
  const table = `${toTable(rows, ['tool', 'risk', 'summary'], room)}\n${tools.length} of ${total} commands`;
  await (flags.json ? printJson(io.stdout, { matches: rows, total }, 2) : printLine(io.stdout, table));
  return exit.done;
};

/** `tools list`: every command, or those of a toolset. */
export const listCommands = async (flags: ToolsFlags, io: Io): Promise<number> => {
  checkToolset(flags.toolset);
  const { tools } = await openCatalog(flags.settings, io);
  const chosen = tools.filter(({ toolset }) => flags.toolset === undefined || toolset === flags.toolset);
  return print(chosen, tools.length, flags, io);
};

/** `tools find TEXT`: the same search that models use. */
export const findCommands = async (query: string, flags: ToolsFlags, io: Io): Promise<number> => {
  checkToolset(flags.toolset);
  const catalog = await openCatalog(flags.settings, io);
  const { matches, total } = createSearch(catalog)(query, { toolset: flags.toolset, limit: 15 });
  return print(matches, total, flags, io);
};

/** `tools show TOOL`: everything about one command. */
export const showCommand = async (name: string, flags: ToolsFlags, io: Io): Promise<number> => {
  const catalog = await openCatalog(flags.settings, io);
  const tool = requireTool(catalog, name, `Search with: ${programName} tools find TEXT.`);
  await (flags.json ? printJson(io.stdout, toDescription(tool), 2) : printLine(io.stdout, describeInText(tool)));
  return exit.done;
};
