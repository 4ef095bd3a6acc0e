import type { CallToolResult, Server, ServerContext } from '@modelcontextprotocol/server';
import type { App } from '../app/app.ts';
import { createSearch } from '../catalog/search.ts';
import { loadToolsets } from '../catalog/tool.ts';
import { CallError } from '../errors.ts';
import type { Origin } from '../observe.ts';
import type { CallRequest, RiskTool, Outcome, View } from '../types.ts';
import { createConsent } from './consent.ts';
import { describeInText, toDescription, toMatch } from './describe.ts';
import { readInput } from './input.ts';

/** A text and the same as data. */
export interface ToolResult {
  text: string;
  structured: Record<string, unknown>;
}

/** One request of a host, with what is known of who makes it. */
export interface HostCall {
  app: App;
  server: Server;
  ctx: ServerContext;
  principal: string;
}

const clientInfoKey = 'io.modelcontextprotocol/clientInfo';

const hostOf = ({ server, ctx }: HostCall): string => {
  const envelope = ctx.mcpReq.envelope as Record<string, { name?: string; version?: string }> | undefined;
  const info = envelope?.[clientInfoKey] ?? server.getClientVersion();
  return info ? `${info.name ?? 'unknown'} ${info.version ?? ''}`.trim() : 'unknown';
};

/** Where a request came from: the host's trace is in its `_meta` (SEP-414), else in the HTTP request's headers. */
const originOf = ({ http, mcpReq }: ServerContext): Origin => {
  // The HTTP door put it there.
  const origin = http?.authInfo?.extra?.['origin'] as Origin | undefined;
  const { traceparent, tracestate } = mcpReq._meta ?? {};
  if (typeof traceparent !== 'string') return { ...origin };
  return { ...origin, parent: { traceparent, ...(typeof tracestate === 'string' ? { tracestate } : {}) } };
};

interface Asked {
  tool: string;
  args: Record<string, unknown>;
  riskTool?: RiskTool;
  view?: View;
  profile?: string | undefined;
  wait?: number | undefined;
  follow?: boolean;
}

/** The profile of the caller: its own, where the configuration gives it one. */
const profileOf = ({ app, principal }: HostCall): string => {
  const { principals = {}, profile } = app.config;
  const entry = [principal, '*'].find((name) => Object.hasOwn(principals, name));
  return (entry === undefined ? undefined : principals[entry]?.profile) ?? profile;
};

const send = ({ app, server, ctx, principal, ...rest }: HostCall, asked: Asked): Promise<Outcome> => {
  const token = ctx.mcpReq._meta?.progressToken;
  const request: CallRequest = {
    tool: asked.tool,
    args: asked.args,
    riskTool: asked.riskTool,
    view: asked.view ?? {},
    wait: (asked.wait ?? app.config.wait) * 1000,
    follow: asked.follow,
    caller: {
      principal,
      host: hostOf({ app, server, ctx, principal, ...rest }),
      profile: asked.profile ?? profileOf({ app, server, ctx, principal, ...rest }),
    },
    origin: originOf(ctx),
    consent: createConsent(server, ctx),
    signal: ctx.mcpReq.signal,
    progress:
      token === undefined
        ? undefined
        : ({ elapsed, message }) => {
            const params = { progressToken: token, progress: elapsed, message };
            // A host that no longer listens for progress still gets its result.
            void ctx.mcpReq.notify({ method: 'notifications/progress', params }).catch(() => undefined);
          },
  };
  return app.call(request);
};

const find = async (host: HostCall, args: unknown): Promise<ToolResult> => {
  const { query, toolset, limit } = readInput('find-tools', args);
  const known = loadToolsets().map(({ name }) => name);
  // Commands of the connected cloud that the catalog has never seen stand under `other`.
  if (toolset !== undefined && toolset !== 'other' && !known.includes(toolset))
    throw new CallError('invalid', `There is no toolset "${toolset}".`, `There are: ${known.join(', ')}.`);
  const { matches, total } = createSearch(await host.app.catalog(profileOf(host)))(query, { toolset, limit });
  const lines = matches.map((tool) => {
    const required = tool.command.params.filter((p) => p.required).map((p) => p.name);
    return `${tool.name} [${tool.risk.risk}] ${tool.summary}${required.length ? ` (needs ${required.join(', ')})` : ''}`;
  });
  const none = 'Nothing found; try other words, or name a toolset.';
  return {
    text: total ? [`${matches.length} of ${total} commands`, ...lines].join('\n') : none,
    structured: { matches: matches.map(toMatch), total },
  };
};

const describe = async (host: HostCall, args: unknown): Promise<ToolResult> => {
  const catalog = await host.app.catalog(profileOf(host));
  const tools = readInput('describe-tools', args).tools.map((name) => {
    const tool = catalog.find(name);
    if (tool) return tool;
    const near = catalog.nearest(name);
    throw new CallError(
      'invalid',
      `There is no tool "${name}" here.`,
      near ? `Did you mean ${near.name}?` : 'Search with find-tools.',
    );
  });
  return { text: tools.map(describeInText).join('\n\n'), structured: { tools: tools.map(toDescription) } };
};

const doors = {
  'find-tools': find,
  'describe-tools': describe,
  read: (host: HostCall, args: unknown) => {
    const { tool, arguments: given = {}, fields, page, pagesize, fresh, profile } = readInput('read', args);
    return send(host, {
      tool,
      args: given,
      riskTool: 'read',
      view: { fields, page, pagesize, fresh },
      profile,
      wait: 0,
    });
  },
  change: (host: HostCall, args: unknown) => {
    const { tool, arguments: given = {}, profile, wait } = readInput('change', args);
    return send(host, { tool, args: given, riskTool: 'change', profile, wait });
  },
  destroy: (host: HostCall, args: unknown) => {
    const { tool, arguments: given = {}, profile, wait } = readInput('destroy', args);
    return send(host, { tool, args: given, riskTool: 'destroy', profile, wait });
  },
  'wait-for-job': (host: HostCall, args: unknown) => {
    const { job, profile } = readInput('wait-for-job', args);
    return send(host, { tool: 'queryAsyncJobResult', args: { jobid: job }, profile, follow: true });
  },
} satisfies Record<string, (host: HostCall, args: unknown) => Promise<ToolResult>>;

/** Runs a tool of the compact list, or a command listed as a tool of its own. */
export const runTool = async (host: HostCall, name: string, args: unknown): Promise<ToolResult> => {
  if (name in doors) return doors[name as keyof typeof doors](host, args);
  const { splitArguments } = await import('./direct.ts');
  return send(host, { tool: name, ...splitArguments(name, (args ?? {}) as Record<string, unknown>) });
};

/** The form in which MCP wants a result. */
export const toResult = ({ text, structured }: ToolResult): CallToolResult => ({
  content: [{ type: 'text', text }],
  structuredContent: structured,
});
