import { createApp } from '../app/app.ts';
import { loadCatalog, type Catalog } from '../catalog/catalog.ts';
import { checkToolset, requireTool } from '../catalog/lookup.ts';
import { explainMatch, reasonsInText } from '../search/explain.ts';
import { createSearch } from '../search/search.ts';
import { openConfig } from './open-config.ts';
import { describeInText, toDescription, toMatch } from '../mcp/describe.ts';
import { toMatches } from '../mcp/matches.ts';
import { exit, printJson, printLine, printText, type Io } from './io.ts';
import { requesterAt } from './requester.ts';
import { toTable } from './table.ts';

/** The flags of `tools list`, `find` and `show`. */
export interface ToolsFlags {
  json?: boolean;
  toolset?: string;
  explain?: boolean;
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

const columns = ['tool', 'risk', 'summary'];

const tableOf = (rows: Record<string, unknown>[], io: Io): string =>
  toTable(rows, columns, io.stdout.isTTY ? (io.stdout.columns ?? 80) : undefined);

/** `tools list`: every command, or those of a toolset. */
export const listCommands = async (flags: ToolsFlags, io: Io): Promise<number> => {
  checkToolset(flags.toolset);
  const { tools } = await openCatalog(flags.settings, io);
  const chosen = tools.filter(({ toolset }) => flags.toolset === undefined || toolset === flags.toolset);
  const matches = chosen.map(toMatch);
  const table = `${tableOf(matches, io)}\n${chosen.length} of ${tools.length} commands`;
  await (flags.json ? printJson(io.stdout, { matches, total: tools.length }, 2) : printLine(io.stdout, table));
  return exit.done;
};

/** `tools find TEXT`: the same search that models use. */
export const findCommands = async (query: string, flags: ToolsFlags, io: Io): Promise<number> => {
  checkToolset(flags.toolset);
  const catalog = await openCatalog(flags.settings, io);
  const found = createSearch(catalog)(query, { toolset: flags.toolset, limit: 15 });
  const named = [
    ...(found.lead ? [{ name: found.lead.lead.name, fit: found.lead.fit }] : []),
    ...found.matches.map(({ tool, ...rest }) => ({ name: tool.name, ...rest })),
  ];
  const reasons = flags.explain ? named.map(explainMatch) : undefined;
  const matches = toMatches(found).map((match, at): Record<string, unknown> => ({
    ...match,
    ...(reasons ? { why: reasons[at] } : {}),
  }));
  const lines = reasons
    ? named.map(({ name }, at) => reasonsInText(name, reasons[at]!)).join('\n')
    : tableOf(
        matches.map((match) =>
          'how' in match
            ? {
                ...match,
                tool: match['tool'] ?? match['prompt'],
                risk: 'read',
                summary: `${match['summary'] as string}: ${match['how'] as string}`,
              }
            : match,
        ),
        io,
      );
  const none = 'Nothing found; try other words, or name a toolset.';
  await (flags.json
    ? printJson(io.stdout, { matches, total: found.total }, 2)
    : printText(io.stdout, matches.length ? lines : none));
  return exit.done;
};

/** `tools show TOOL`: everything about one command. */
export const showCommand = async (name: string, flags: ToolsFlags, io: Io): Promise<number> => {
  const catalog = await openCatalog(flags.settings, io);
  const tool = requireTool(catalog, name);
  await (flags.json ? printJson(io.stdout, toDescription(tool), 2) : printText(io.stdout, describeInText(tool)));
  return exit.done;
};
