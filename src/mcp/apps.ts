import {
  ResourceNotFoundError,
  type ClientCapabilities,
  type ReadResourceResult,
  type Resource,
  type Tool as McpTool,
} from '@modelcontextprotocol/server';
import { createHash } from 'node:crypto';
import { isRecord } from '../rows.ts';
import { startOf, toLine } from '../text.ts';
import { readPageFile } from '../page-files.ts';
import { mapInput } from './app-tools.ts';

/** The extension MCP Apps, and the type of its views. */
const extension = 'io.modelcontextprotocol/ui';
const mimeType = 'text/html;profile=mcp-app';

/** Whether a host shows MCP Apps. */
export const showsApps = (capabilities: ClientCapabilities | undefined): boolean => {
  const settings: unknown = capabilities?.extensions?.[extension];
  const types = isRecord(settings) ? settings['mimeTypes'] : undefined;
  return Array.isArray(types) && types.includes(mimeType);
};

const views = {
  overview: 'The cloud at a glance',
  'network-map': 'How traffic comes in to a network or a VPC',
  resources: 'Resources as a table, and one of them with what can be done with it',
  changes: 'A change, a plan, and their confirmation',
} as const;
type AppViewName = keyof typeof views;

const prefix = 'ui://cloudstack/';

const shownBy = (view: AppViewName) => ({
  ui: { resourceUri: `${prefix}${view}` },
  'ui/resourceUri': `${prefix}${view}`,
});

const readHints = { readOnlyHint: true, destructiveHint: false, openWorldHint: true };
const text = { type: 'string' as const };

/** Tools that are there for their views. They are listed to hosts that show them, and answer everyone. */
export const appTools: readonly McpTool[] = [
  {
    name: 'cloud-overview',
    title: 'The cloud at a glance',
    description: 'Machines by state, capacity by zone, running jobs, alerts, events; shown as a picture, too.',
    inputSchema: { type: 'object', properties: { profile: text }, additionalProperties: false },
    annotations: readHints,
    _meta: shownBy('overview'),
  },
  {
    name: 'network-map',
    title: 'How traffic comes in',
    description: 'Public address → rule → machine of one network or one VPC, by id or name; shown as a picture, too.',
    inputSchema: {
      type: 'object',
      properties: Object.fromEntries(Object.keys(mapInput.shape).map((name) => [name, text])),
      additionalProperties: false,
    },
    annotations: readHints,
    _meta: shownBy('network-map'),
  },
  {
    name: 'view',
    title: 'What a view asks',
    description: 'For the views of this server only: reads what they show.',
    inputSchema: {
      type: 'object',
      properties: { question: text, body: { type: 'object', properties: { profile: text } } },
      required: ['question'],
      additionalProperties: false,
    },
    annotations: readHints,
    _meta: { ui: { visibility: ['app'] } },
  },
];

/** A tool that is there for its view. The one that views ask is known to hosts that show them, and to no one else. */
export const findAppTool = (name: string, capabilities: ClientCapabilities | undefined): McpTool | undefined =>
  appTools.find((tool) => tool.name === name && (name !== 'view' || showsApps(capabilities)));

const viewOf = ({ name, annotations }: McpTool): AppViewName | undefined => {
  if (name === 'change' || name === 'destroy') return 'changes';
  if (name === 'read') return 'resources';
  // The others of the compact list say what is to be read.
  if (['find-tools', 'describe-tools', 'wait-for-job', 'whoami', 'diagnose', 'run-script'].includes(name))
    return undefined;
  return annotations?.readOnlyHint === true ? 'resources' : 'changes';
};

/** The list for a host that shows MCP Apps: the same tools, each with its view, and those that are there for theirs. */
export const withApps = (list: readonly McpTool[]): McpTool[] => [
  ...list.map((tool) => {
    const view = viewOf(tool);
    return view ? { ...tool, _meta: shownBy(view) } : tool;
  }),
  ...appTools,
];

/** The views, as `resources/list` shows them to such a host. */
export const listViews = (): Resource[] =>
  Object.entries(views).map(([name, description]) => ({ uri: `${prefix}${name}`, name, description, mimeType }));

const hashOf = (code: string): string => `'sha256-${createHash('sha256').update(code).digest('base64')}'`;

/**
 * A view in one file: the page's script and style in it, and nothing from elsewhere. `isDirect`: commands are tools of their
 * own, and there is no tool `change` to make one by.
 */
export const readView = (uri: string, isDirect: boolean): ReadResourceResult => {
  const view = uri.slice(prefix.length);
  if (!uri.startsWith(prefix) || !Object.hasOwn(views, view))
    throw new ResourceNotFoundError(toLine(startOf(uri, 300)));
  const [script, style] = ['page.js', 'page.css'].map((name) => readPageFile(name).toString());
  // Whatever policy the host sets, these two run and nothing else does; no script may write markup.
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf(script!)}`,
    `style-src ${hashOf(style!)}`,
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
  const html = `<!doctype html><html lang="en" data-app="${view}"${isDirect ? ' data-direct="1"' : ''}><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy}"><meta name="viewport" content="width=device-width, initial-scale=1"><title>CloudStack</title><style>${style}</style></head><body><script type="module">${script}</script></body></html>`;
  // Nothing may be loaded from, or asked of, any origin.
  return { contents: [{ uri, mimeType, text: html, _meta: { ui: { csp: {}, prefersBorder: true } } }] };
};
