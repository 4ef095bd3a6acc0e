import type { Tool as McpTool } from '@modelcontextprotocol/server';
import { loadCatalog, type Catalog } from '../catalog/catalog.ts';
import { checkToolsets } from '../catalog/lookup.ts';
import { takesScope, type ListScope } from '../catalog/list-scope.ts';
import { toInputSchema } from '../catalog/schema.ts';
import type { Tool } from '../catalog/tool.ts';
import { isNothing, readFlag } from '../read-values.ts';
import type { Row } from '../rows.ts';
import type { View } from '../types.ts';
import { compactTools, planTools } from './compact.ts';

const fields = { type: 'array', items: { type: 'string' } };

// The whole of resultSchema on each of hundreds of tools would be a third of the list.
const objectSchema = { type: 'object' as const };
const listSchema = {
  type: 'object' as const,
  properties: { items: { type: 'array', items: { type: 'object' } }, count: { type: 'integer' } },
};

/** What a list is asked over all its rows. */
const askSchema = {
  where: { type: 'string' },
  sort: { type: 'string' },
  group: { type: 'string' },
  all: { type: 'boolean' },
};

/** Beside its command's parameters each takes `fields`, a read `fresh`, a list with owners `scope`; one of several profiles is named. */
const toSchema = ({ command, risk }: Tool, isSeveral: boolean): McpTool['inputSchema'] => {
  const schema = toInputSchema(command);
  const fresh = risk.risk === 'read' ? { fresh: { type: 'boolean' } } : {};
  const scope = takesScope(command) ? { scope: { type: 'string', enum: ['own', 'all'] } } : {};
  const profile = isSeveral ? { profile: { type: 'string' } } : {};
  const asks = risk.risk === 'read' && command.result === 'list' ? askSchema : {};
  const properties = { ...asks, ...schema.properties, fields, ...fresh, ...scope, ...profile };
  return { ...schema, properties } as McpTool['inputSchema'];
};

const toMcpTool = (tool: Tool, isSeveral: boolean): McpTool => ({
  name: tool.name,
  description: tool.risk.warning && tool.risk.risk !== 'read' ? `${tool.summary}. ${tool.risk.warning}` : tool.summary,
  inputSchema: toSchema(tool, isSeveral),
  outputSchema: tool.command.result === 'list' ? listSchema : objectSchema,
  annotations: {
    readOnlyHint: tool.risk.risk === 'read',
    destructiveHint: tool.risk.risk === 'destroy',
    openWorldHint: true,
  },
});

/** Which commands the setting `tools` lists directly: none, all, or those of some toolsets. */
const directTools = (tools: readonly Tool[], setting: string): readonly Tool[] => {
  if (setting === 'compact') return [];
  if (setting === 'all') return tools;
  const wanted = setting.split(',').map((name) => name.trim());
  checkToolsets(wanted, { kind: 'configuration', also: '; or compact, or all' });
  return tools.filter(({ toolset }) => wanted.includes(toolset));
};

/** What is left of the compact list where every command is listed: search has nothing to do, its doors keep the plans. */
const besideAll = new Set(['wait-for-job', 'whoami', 'diagnose', 'run-script']);

/** What any of the catalogs has, as the first that has it, in the order of all known commands; new ones last. */
const union = (catalogs: readonly Catalog[]): readonly Tool[] => {
  const [only] = catalogs;
  if (only === loadCatalog()) return only.tools;
  const offered = new Map<string, Tool>();
  for (const { tools } of catalogs) for (const tool of tools) if (!offered.has(tool.name)) offered.set(tool.name, tool);
  const known = loadCatalog().tools.flatMap(({ name }) => offered.get(name) ?? []);
  const isKnown = new Set(known);
  return [...known, ...[...offered.values()].filter((tool) => !isKnown.has(tool))];
};

/** A tool list with what the catalogs have as tools of their own. `isSeveral`: they name the profile that they go to. */
export const listDirectTools = (
  setting: string,
  isSeveral: boolean,
  catalogs: readonly Catalog[],
): readonly McpTool[] => {
  const direct = directTools(union(catalogs), setting).map((tool) => toMcpTool(tool, isSeveral));
  return setting === 'all'
    ? [...direct, ...planTools, ...compactTools.filter(({ name }) => besideAll.has(name))]
    : [...compactTools, ...direct];
};

const scopes: readonly unknown[] = ['own', 'all'] satisfies ListScope[];

/** What a listed tool was given: its command's parameters and how it is to be answered. */
export const splitArguments = (
  tool: Tool | undefined,
  args: Readonly<Record<string, unknown>>,
): { args: Row; view: View; profile?: string } => {
  const given = { ...args };
  if (!tool) return { args: given, view: {} };
  /** Takes an argument of ours, where the command has none of that name. */
  const take = (argument: string): unknown => {
    if (tool.command.params.some((parameter) => parameter.name === argument)) return undefined;
    const value = given[argument];
    if (isNothing(value)) delete given[argument];
    return value;
  };
  const view: View = {};
  const fresh = tool.risk.risk === 'read' ? readFlag(take('fresh')) : undefined;
  if (typeof fresh === 'boolean') {
    view.fresh = fresh;
    delete given['fresh'];
  }
  const asked = take('scope');
  const scope = typeof asked === 'string' ? asked.trim().toLowerCase() : asked;
  if (scopes.includes(scope)) {
    view.scope = scope as ListScope;
    delete given['scope'];
  }
  if (tool.risk.risk === 'read' && tool.command.result === 'list')
    for (const name of Object.keys(askSchema) as (keyof typeof askSchema)[]) {
      const value = take(name);
      if (value === undefined) continue;
      view[name] = value;
      delete given[name];
    }
  const profile = take('profile');
  if (typeof profile !== 'string') return { args: given, view };
  delete given['profile'];
  return { args: given, view, profile };
};

/** The listed tool that another spelling of its command's name means. */
export const findListed = (name: string): string | undefined => loadCatalog().find(name)?.name;
