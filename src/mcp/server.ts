import {
  inputRequired,
  ProtocolError,
  ProtocolErrorCode,
  Server,
  type AuthInfo,
  type CacheScope,
  type ServerContext,
} from '@modelcontextprotocol/server';
import * as z from 'zod';
import type { App } from '../app/app.ts';
import { AwaitingReply } from '../consent.ts';
import { toLabel } from '../text.ts';
import { version } from '../version.ts';
import { instructionsFor, resultSchema, withProfiles } from './compact.ts';
import { capabilitiesOf, newQuestionState, toForm } from './consent.ts';
import type { DoorContext } from './door-context.ts';
import { toHostCall } from './host-call.ts';
import { createListedTools } from './listed-tools.ts';
import { createQuestionStateCodec } from './request-state-codec.ts';
import { createSubscriptions, type Subscription, type Subscriptions } from './subscriptions.ts';

const listSkillsParams = z.looseObject({ cursor: z.string().optional() });
const getSkillParams = z.looseObject({ uri: z.string() });

/** Milliseconds for which a client may cache what is listed. */
const listTtlMs = 3_600_000;
/** The same for tools that follow what the clouds offer, where a host does not listen for changes. */
const changingTtlMs = 300_000;

/** What the server says of itself. */
export const serverInfo = { name: 'cloudstack-mcp-server', title: 'Apache CloudStack', version };

/** What a door puts in place of stdio's. */
export interface ServerOptions {
  /** Who makes a request, and where it came from; by default the local user. */
  contextOf?: (ctx: Pick<ServerContext, 'http'>) => DoorContext;
  /** Makes the calls; by default the app. */
  call?: App['call'];
  /** Called when a list of tools that was given has changed. */
  onListChange?: () => void;
  /** Where a person approves the call under a code; by default nowhere that a host can lead to. */
  urlOf?: (code: string) => string | undefined;
  /** What becomes of jobs and machines; by default subscriptions of its own. */
  subscriptions?: Subscriptions;
}

/** What MCP Apps add, for a host that declares them; others see nothing of it. */
const appsFor = async (server: Server, ctx: ServerContext) => {
  const capabilities = capabilitiesOf(server, ctx);
  if (!capabilities?.extensions) return undefined;
  const apps = await import('./apps.ts');
  return apps.showsApps(capabilities) ? apps : undefined;
};

/** Makes MCP servers over one app, one a connection or request; the same handlers serve all protocol versions. */
export const createServerFactory = async (
  app: App,
  {
    contextOf = () => ({ requester: { principal: app.config.principal, isLocal: true } }),
    call = app.call,
    onListChange = () => undefined,
    urlOf = () => undefined,
    subscriptions = createSubscriptions(app, call),
  }: ServerOptions = {},
) => {
  const listed = await createListedTools(app, onListChange);
  const all = Object.keys(app.config.profiles);
  const isSeveral = all.length > 1;
  const stateCodec = createQuestionStateCodec(app, (ctx) => contextOf(ctx).requester.principal);
  // Which profiles there are is said to those who may use them.
  const cacheScope: CacheScope = isSeveral ? 'private' : 'public';
  /** The SDK adds this to the results of its own methods only, and only for versions of the protocol that have it. */
  const cachingOf = ({ mcpReq }: Pick<ServerContext, 'mcpReq'>) =>
    mcpReq.envelope ? { ttlMs: listTtlMs, cacheScope } : {};

  return async ({ authInfo }: { authInfo?: AuthInfo | undefined } = {}): Promise<Server> => {
    const profilesFor = async (ctx: Pick<ServerContext, 'http'>): Promise<readonly string[]> =>
      isSeveral ? app.profilesFor(contextOf(ctx).requester) : all;
    const server = new Server(serverInfo, {
      instructions: instructionsFor(isSeveral ? await profilesFor(authInfo ? { http: { authInfo } } : {}) : []),
      capabilities: {
        tools: listed.isChanging ? { listChanged: true } : {},
        completions: {},
        prompts: {},
        resources: { subscribe: true },
        // SEP-2640
        extensions: { 'io.modelcontextprotocol/skills': {} },
      },
      requestState: { verify: stateCodec.verify },
      inputRequired: { roundTimeoutMs: app.config.questionTimeout * 1000 },
      cacheHints: {
        'tools/list': { ttlMs: listed.isChanging ? changingTtlMs : listTtlMs, cacheScope },
        'prompts/list': { ttlMs: listTtlMs, cacheScope },
        'resources/list': { ttlMs: listTtlMs, cacheScope },
        'resources/templates/list': { ttlMs: listTtlMs, cacheScope },
        'server/discover': { ttlMs: listTtlMs, cacheScope },
      },
    });
    server.setRequestHandler('tools/list', async (_request, ctx) => {
      const profiles = await profilesFor(ctx);
      const own = await listed.list(profiles);
      const tools = (await appsFor(server, ctx))?.withApps(own) ?? own;
      return { tools: isSeveral ? tools.map((tool) => withProfiles(tool, profiles)) : [...tools] };
    });
    server.setRequestHandler('prompts/list', async () => ({
      prompts: (await import('./prompts.ts')).listPrompts(app),
    }));
    server.setRequestHandler('prompts/get', async ({ params }) =>
      (await import('./prompts.ts')).getPrompt(app, params),
    );
    server.setRequestHandler('resources/list', async (_request, ctx) => ({
      resources: [
        ...(await (await import('./skills.ts')).listSkillResources(app)),
        ...((await appsFor(server, ctx))?.listViews() ?? []),
      ],
    }));
    server.setRequestHandler('resources/templates/list', async () => ({
      resourceTemplates: (await import('./resources.ts')).listResourceTemplates(),
    }));
    server.setRequestHandler('resources/read', async ({ params: { uri } }, ctx) => {
      if (uri.startsWith('ui://')) return (await import('./apps.ts')).readView(uri, app.config.tools === 'all');
      if (uri.startsWith('skill://')) return (await import('./skills.ts')).readSkill(app, uri);
      const { readCloudResource } = await import('./resources.ts');
      return readCloudResource(toHostCall({ app, call, server, ctx, urlOf, door: contextOf(ctx) }), uri);
    });
    let subscription: Subscription | undefined;
    server.setRequestHandler('resources/subscribe', async ({ params: { uri } }, ctx) => {
      subscription ??= subscriptions.open({
        door: contextOf(ctx),
        // A client that has gone is told nothing.
        notify: (changed) => void server.sendResourceUpdated({ uri: changed }).catch(() => undefined),
        isThere: () => server.transport !== undefined,
      });
      await subscription.add(uri);
      return {};
    });
    server.setRequestHandler('resources/unsubscribe', ({ params: { uri } }) => {
      subscription?.remove(uri);
      return {};
    });
    server.setRequestHandler('skills/list', { params: listSkillsParams }, async (_params, ctx) => ({
      ...(await (await import('./skills.ts')).listSkills(app)),
      ...cachingOf(ctx),
    }));
    server.setRequestHandler('skills/get', { params: getSkillParams }, async ({ uri }, ctx) => ({
      ...(await (await import('./skills.ts')).getSkill(app, uri)),
      ...cachingOf(ctx),
    }));
    server.setRequestHandler('completion/complete', async ({ params }, ctx) => {
      const { completeArgument } = await import('./completion.ts');
      return completeArgument(params, { app, call, door: contextOf(ctx), ctx });
    });
    server.setRequestHandler('tools/call', async ({ params }, ctx) => {
      const tool =
        (await listed.find(params.name, () => profilesFor(ctx))) ??
        (await import('./apps.ts')).findAppTool(params.name, capabilitiesOf(server, ctx));
      if (tool === undefined)
        throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Unknown tool: ${toLabel(params.name)}`);
      const { callTool, toFailure } = await import('./run.ts');
      try {
        const host = toHostCall({ app, call, server, ctx, urlOf, door: contextOf(ctx) });
        const result = await callTool(host, tool.name, params.arguments);
        return server.projectCallToolResult(result, tool.outputSchema ?? resultSchema);
      } catch (error) {
        if (!(error instanceof AwaitingReply)) throw error;
        const { question, code } = error;
        const url = code === undefined ? undefined : urlOf(code);
        const inputRequests =
          url === undefined
            ? { confirm: inputRequired.elicit(toForm(question)) }
            : { approval: inputRequired.elicitUrl({ message: question.message, url }) };
        return stateCodec.mint(newQuestionState(question, code), ctx).then(
          (requestState) => inputRequired({ inputRequests, requestState }),
          (failure: unknown) => toFailure({ app }, failure),
        );
      }
    });
    return server;
  };
};
