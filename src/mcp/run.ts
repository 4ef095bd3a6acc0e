import type { CallToolResult } from '@modelcontextprotocol/server';
import type { App } from '../app/app.ts';
import { loadCatalog, type Catalog } from '../catalog/catalog.ts';
import { spellingKey } from '../catalog/names.ts';
import { checkToolset, requireTool } from '../catalog/lookup.ts';
import type { Tool } from '../catalog/tool.ts';
import { createSearch } from '../search/search.ts';
import type { AskedBefore, Consent, ApprovalLead } from '../consent.ts';
import { CallError, dataNote, describeError, explainError } from '../errors.ts';
import type { Origin } from '../observe.ts';
import { programName } from '../program-name.ts';
import type { DoorRequest, Outcome, RiskTool, View } from '../types.ts';
import { chooseDetail, describeInText, toDescription, type Detail } from './describe.ts';
import { everyProfile } from './compact.ts';
import { readInput } from './input.ts';
import { signatureOf } from './signature.ts';
import { findOwn, ownInText } from './own-matches.ts';
import { matchesInText, shorten, toMatches } from './matches.ts';
import { fitAnswer } from '../present/fit.ts';
import { estimateTokens } from '../present/tokens.ts';
import type { DoorContext } from './door-context.ts';

/** A text and the same as data. */
interface ToolResult {
  text: string;
  structured: Record<string, unknown>;
}

/** What a host is told while a call takes its time: seconds since it began, and what is waited for. */
type ProgressParams = Record<'progressToken', string | number> & Record<'progress', number> & Record<'message', string>;

/** One request of a host, as its door read it. */
export interface HostCall {
  app: App;
  call: App['call'];
  door: DoorContext;
  client: { name?: string; version?: string } | undefined;
  /** The request's `_meta`. */
  meta: Readonly<Record<string, unknown>> | undefined;
  signal: AbortSignal;
  consent: Consent;
  lead?: ApprovalLead | undefined;
  /** The question whose answer it brings. */
  asked?: AskedBefore | undefined;
  onProgress: (progress: ProgressParams) => void;
}

const hostOf = ({ client }: HostCall): string =>
  client ? `${client.name ?? 'unknown'} ${client.version ?? ''}`.trim() : 'unknown';

/** Where a request came from: the host's trace is in its `_meta` (SEP-414), else in the HTTP request's headers. */
const originOf = ({ meta = {}, door: { origin } }: HostCall): Origin => {
  const { traceparent, tracestate } = meta;
  if (typeof traceparent !== 'string') return { ...origin };
  return { ...origin, parent: { traceparent, ...(typeof tracestate === 'string' ? { tracestate } : {}) } };
};

const isToken = (token: unknown): token is string | number => typeof token === 'string' || typeof token === 'number';

/** A command as a tool of the list asks for it. */
interface ToolRequest {
  tool: string;
  args: Record<string, unknown>;
  riskTool?: RiskTool;
  view?: View;
  profile?: string | undefined;
  wait?: number | undefined;
  follow?: boolean;
}

const toRequest = (host: HostCall, asked: ToolRequest): DoorRequest => {
  const { app, door, signal, consent, onProgress } = host;
  const token = host.meta?.['progressToken'];
  return {
    tool: asked.tool,
    args: asked.args,
    riskTool: asked.riskTool,
    view: asked.view ?? {},
    wait: (asked.wait ?? app.config.wait) * 1000,
    follow: asked.follow,
    caller: { ...door.requester, host: hostOf(host), profile: asked.profile },
    origin: originOf(host),
    consent,
    lead: host.lead,
    asked: host.asked,
    signal,
    progress: isToken(token)
      ? ({ elapsed, message }) => onProgress({ progressToken: token, progress: elapsed, message })
      : undefined,
  };
};

/** Makes a host's call of a command. Throws a CallError. */
export const send = (host: HostCall, asked: ToolRequest): Promise<Outcome> => host.call(toRequest(host, asked));

/** What is neither a list nor one object, which the path cuts itself, within the budget. */
const fit = async ({ app }: HostCall, answer: Promise<ToolResult>): Promise<ToolResult> =>
  fitAnswer(await answer, app.config.budget);

/** A read of all profiles is one answer of several. */
const fitJoined = (host: HostCall, profile: string | undefined, answer: Promise<ToolResult>): Promise<ToolResult> =>
  profile === everyProfile ? fit(host, answer) : answer;

const openCatalog = async ({ app, door }: HostCall): Promise<Catalog> =>
  app.catalog(await app.profileOf(door.requester));

const find = async (host: HostCall, args: unknown): Promise<ToolResult> => {
  const { query, toolset, limit } = readInput('find-tools', args);
  checkToolset(toolset);
  const search = createSearch(await openCatalog(host));
  const own = findOwn(query, host.app.config.scriptFolder);
  const found =
    limit === undefined ? shorten(search(query, { toolset, limit: 10 }), own) : search(query, { toolset, limit });
  return {
    text: [...ownInText(own), matchesInText(found)].join('\n'),
    structured: { matches: [...own, ...toMatches(found)], total: found.total + own.length },
  };
};

/** A tool as scripts call it. */
const toSignature = (tool: Tool, { shown, rest }: Detail): ToolResult => {
  const signature = signatureOf(tool, shown);
  const others = rest.length ? `\n// also: ${rest.join(', ')}` : '';
  return {
    text: `${signature}${others}`,
    structured: { tool: tool.name, signature, ...(rest.length ? { otherParameters: rest } : {}) },
  };
};

const describe = async (host: HostCall, args: unknown): Promise<ToolResult> => {
  const catalog = await openCatalog(host);
  const { tools: names, parameters, script = false } = readInput('describe-tools', args);
  const tools = names.map((name) => requireTool(catalog, name));
  // A token has at least three characters here.
  let left = 3 * host.app.config.budget;
  const described = tools.flatMap((tool, at) => {
    const detail = chooseDetail(tool, parameters);
    const one = script
      ? toSignature(tool, detail)
      : { text: describeInText(tool, detail), structured: toDescription(tool, detail) };
    left -= one.text.length + JSON.stringify(one.structured).length;
    return at === 0 || left >= 0 ? [one] : [];
  });
  const missing = tools.slice(described.length).map(({ name }) => name);
  const note = missing.length ? [`(left out for length: ${missing.join(', ')}; ask for fewer at once)`] : [];
  return {
    text: [...described.map(({ text }) => text), ...note].join('\n\n'),
    structured: { tools: described.map(({ structured }) => structured), ...(missing.length ? { missing } : {}) },
  };
};

/** One change, several as one, or a plan of them. */
const change = (host: HostCall, riskTool: 'change' | 'destroy', args: unknown): Promise<ToolResult> => {
  const {
    tool,
    arguments: given,
    profile,
    wait,
    calls,
    mode = 'run',
    plan: id,
    undo,
    ...view
  } = readInput(riskTool, args);
  const asked = [tool, calls, id, undo].filter((one) => one !== undefined).length;
  if (asked !== 1)
    throw new CallError(
      'invalid',
      `${riskTool} takes one of tool, calls, plan and undo.`,
      'tool for one call, calls for several, plan for a plan that was made before, undo to reverse one. Nothing was sent.',
    );
  if (tool !== undefined) {
    if (mode === 'run') return send(host, { tool, args: given ?? {}, riskTool, view, profile, wait });
    const one = [{ tool, arguments: given ?? {} }];
    const request = toRequest(host, { tool: 'plan', args: { calls: one }, profile });
    return fit(host, host.app.plan(request, { action: 'make', calls: one, riskTool }));
  }
  const request = toRequest(host, { tool: 'plan', args: { calls, plan: id, mode, undo }, profile });
  const plan = (what: Parameters<App['plan']>[1]): Promise<ToolResult> => fit(host, host.app.plan(request, what));
  if (undo !== undefined) return plan({ action: 'undo', id: undo });
  if (id !== undefined) return plan(mode === 'plan' ? { action: 'diff', id } : { action: 'apply', id, riskTool });
  const list = (calls ?? []).map((one) => ({ tool: one.tool, arguments: one.arguments ?? {} }));
  return plan({ action: mode === 'plan' ? 'make' : 'run', calls: list, riskTool });
};

/** `read` with the tool `export`: what is asked over the rows of a list is asked over what is exported. */
const exportText = async (host: HostCall, args: Record<string, unknown>, profile: string | undefined) => {
  const outcome = await host.app.export(toRequest(host, { tool: 'export', args, profile }));
  const { budget } = host.app.config;
  const tokens = estimateTokens(outcome.text) + estimateTokens(JSON.stringify(outcome.structured));
  if (tokens <= budget) return outcome;
  throw new CallError(
    'invalid',
    `The export has about ${tokens} tokens, with its data; an answer takes ${budget}.`,
    `Export less at once, or at a terminal: ${programName} export. Nothing was changed.`,
  );
};

const compactTools = {
  'find-tools': (host: HostCall, args: unknown) => fit(host, find(host, args)),
  'describe-tools': (host: HostCall, args: unknown) => fit(host, describe(host, args)),
  read: (host: HostCall, args: unknown) => {
    const { tool, arguments: given = {}, profile, wait = 0, ...asked } = readInput('read', args);
    const view = wait ? { ...asked, await: 1000 * wait } : asked;
    if (spellingKey(tool) === 'export') return exportText(host, { ...asked, ...given }, profile);
    return fitJoined(host, profile, send(host, { tool, args: given, riskTool: 'read', view, profile, wait: 0 }));
  },
  change: (host: HostCall, args: unknown) => change(host, 'change', args),
  destroy: (host: HostCall, args: unknown) => change(host, 'destroy', args),
  'wait-for-job': (host: HostCall, args: unknown) => {
    const { job, profile } = readInput('wait-for-job', args);
    return send(host, { tool: 'queryAsyncJobResult', args: { jobid: job }, profile, follow: true });
  },
  whoami: (host: HostCall, args: unknown) => {
    const { profile } = readInput('whoami', args);
    return fit(host, host.app.whoami(toRequest(host, { tool: 'whoami', args: {}, profile })));
  },
  diagnose: (host: HostCall, args: unknown) => {
    const { profile, ...asked } = readInput('diagnose', args);
    return fit(host, host.app.diagnose(toRequest(host, { tool: 'diagnose', args: asked, profile })));
  },
  'run-script': (host: HostCall, args: unknown) => {
    const { profile, ...asked } = readInput('run-script', args);
    return fit(host, host.app.runScript(toRequest(host, { tool: 'run-script', args: asked, profile })));
  },
} satisfies Record<string, (host: HostCall, args: unknown) => Promise<ToolResult>>;

/** Runs a tool of the compact list, one that is there for its view, or a command listed as a tool of its own. */
const runTool = async (host: HostCall, name: string, args: unknown): Promise<ToolResult> => {
  if (Object.hasOwn(compactTools, name)) return compactTools[name as keyof typeof compactTools](host, args);
  const { callAppTool } = await import('./app-tools.ts');
  const shown = callAppTool(host, ({ tool, args, profile }) => toRequest(host, { tool, args, profile }), name, args);
  if (shown) return shown;
  const { splitArguments } = await import('./direct.ts');
  const tool = loadCatalog().find(name) ?? (await openCatalog(host)).find(name);
  const asked = splitArguments(tool, (args ?? {}) as Record<string, unknown>);
  return fitJoined(host, asked.profile, send(host, { tool: name, ...asked }));
};

const failed = (error: CallError, budget: number): CallToolResult => {
  const note = error.isForeign || error.candidates?.length ? [dataNote] : [];
  const { text, structured } = fitAnswer(
    {
      text: [explainError(error, 'model'), ...note].join('\n'),
      structured: { error: describeError(error, 'model') },
    },
    budget,
  );
  return { isError: true, content: [{ type: 'text', text }], structuredContent: structured };
};

/** Only a CallError is an answer; anything else is thrown on. */
export const toFailure = ({ app }: Pick<HostCall, 'app'>, error: unknown): CallToolResult => {
  if (error instanceof CallError) return failed(error, app.config.budget);
  throw error;
};

/** Runs a tool as `runTool` does; the result in the form in which MCP wants it. */
export const callTool = (host: HostCall, name: string, args: unknown): Promise<CallToolResult> =>
  runTool(host, name, args).then(
    ({ text, structured }) => ({ content: [{ type: 'text', text }], structuredContent: structured }),
    (error: unknown) => toFailure(host, error),
  );
