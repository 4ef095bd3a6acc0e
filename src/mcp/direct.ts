import type { Tool as McpTool } from '@modelcontextprotocol/server';
import { loadCatalog, type Catalog } from '../catalog/catalog.ts';
import { checkToolsets } from '../catalog/lookup.ts';
import { takesScope, type ListScope } from '../catalog/list-scope.ts';
import { toInputSchema } from '../catalog/schema.ts';
import type { Tool } from '../catalog/tool.ts';
import { compactTools } from './compact.ts';

// The whole of resultSchema on each of hundreds of tools would be a third of the list.
const objectSchema = { type: 'object' as const };
const listSchema = {
  type: 'object' as const,
  properties: { items: { type: 'array', items: { type: 'object' } }, count: { type: 'integer' } },
};

/** A read takes `fresh` beside its command's parameters, a list with owners `scope`. */
const toSchema = ({ command, risk }: Tool): McpTool['inputSchema'] => {
  const schema = toInputSchema(command);
  const fresh = risk.risk === 'read' ? { fresh: { type: 'boolean' } } : {};
  const scope = takesScope(command) ? { scope: { type: 'string', enum: ['own', 'all'] } } : {};
  return { ...schema, properties: { ...schema.properties, ...fresh, ...scope } } as McpTool['inputSchema'];
};

const toMcpTool = (tool: Tool): McpTool => ({
  name: tool.name,
  description: tool.risk.warning && tool.risk.risk !== 'read' ? `${tool.summary}. ${tool.risk.warning}` : tool.summary,
  inputSchema: toSchema(tool),
  outputSchema: tool.command.result === 'list' ? listSchema : objectSchema,
  annotations: {
    readOnlyHint: tool.risk.risk === 'read',
    destructiveHint: tool.risk.risk === 'destroy',
    openWorldHint: true,
  },
});

/** Which commands the setting `tools` lists directly: none, all, or those of some toolsets. */
export const directTools = (catalog: Catalog, setting: string): readonly Tool[] => {
  if (setting === 'compact') return [];
  if (setting === 'all') return catalog.tools;
  const wanted = setting.split(',').map((name) => name.trim());
  checkToolsets(wanted, { kind: 'configuration', also: '; or compact, or all' });
  return catalog.tools.filter(({ toolset }) => wanted.includes(toolset));
};

/** A tool list with commands as tools of their own. With `all`, search and its three doors have nothing left to do. */
export const listDirectTools = (setting: string): readonly McpTool[] => {
  const direct = directTools(loadCatalog(), setting).map(toMcpTool);
  return setting === 'all'
    ? [...direct, ...compactTools.filter(({ name }) => name === 'wait-for-job')]
    : [...compactTools, ...direct];
};

const isScope = (value: unknown): value is ListScope => value === 'own' || value === 'all';

/** What a listed tool was given: its command's parameters and how it is to be answered. */
export const splitArguments = (name: string, args: Readonly<Record<string, unknown>>) => {
  const tool = loadCatalog().find(name);
  const given = { ...args };
  const view: { fresh?: boolean; scope?: ListScope } = {};
  const { fresh, scope } = args;
  if (tool?.risk.risk === 'read' && typeof fresh === 'boolean') {
    view.fresh = fresh;
    delete given['fresh'];
  }
  // `scope` is also a parameter of some commands.
  if (tool && isScope(scope) && !tool.command.params.some((parameter) => parameter.name === 'scope')) {
    view.scope = scope;
    delete given['scope'];
  }
  return { args: given, view };
};

/** The listed tool that another spelling of its command's name means. */
export const findListed = (name: string): string | undefined => loadCatalog().find(name)?.name;
