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
import { compactTools, instructionsFor, resultSchema, withProfiles } from './compact.ts';
import { newQuestionState, toForm } from './consent.ts';
import type { DoorContext } from './door-context.ts';
import { toHostCall } from './host-call.ts';
import { createQuestionStateCodec } from './request-state-codec.ts';

const listSkillsParams = z.looseObject({ cursor: z.string().optional() });
const getSkillParams = z.looseObject({ uri: z.string() });

/** Milliseconds for which a client may cache what is listed. */
const listTtlMs = 3_600_000;

/** What a door puts in place of stdio's. */
export interface ServerOptions {
  /** Who makes a request, and where it came from; by default the local user. */
  contextOf?: (ctx: Pick<ServerContext, 'http'>) => DoorContext;
  /** Makes the calls; by default the app. */
  call?: App['call'];
}

/** Makes MCP servers over one app, one a connection or request; the same handlers serve all protocol versions. */
export const createServerFactory = async (
  app: App,
  {
    contextOf = () => ({ requester: { principal: app.config.principal, isLocal: true } }),
    call = app.call,
  }: ServerOptions = {},
) => {
  // The compact list needs no catalog, which is then loaded with the first call.
  const direct = app.config.tools === 'compact' ? undefined : await import('./direct.ts');
  const isSeveral = Object.keys(app.config.profiles).length > 1;
  const list = direct?.listDirectTools(app.config.tools, isSeveral) ?? compactTools;
  const outputSchemas = new Map(list.map(({ name, outputSchema }) => [name, outputSchema]));
  const stateCodec = createQuestionStateCodec(app, (ctx) => contextOf(ctx).requester.principal);
  // Which profiles there are is said to those who may use them.
  const cacheScope: CacheScope = isSeveral ? 'private' : 'public';
  /** The SDK adds this to the results of its own methods only, and only for versions of the protocol that have it. */
  const cachingOf = ({ mcpReq }: Pick<ServerContext, 'mcpReq'>) =>
    mcpReq.envelope ? { ttlMs: listTtlMs, cacheScope } : {};
  /** Listed names as they are; other spellings of a listed command by the catalog. */
  const listedName = (name: string): string | undefined => {
    if (outputSchemas.has(name)) return name;
    const found = direct?.findListed(name);
    return found !== undefined && outputSchemas.has(found) ? found : undefined;
  };

  return async ({ authInfo }: { authInfo?: AuthInfo | undefined } = {}): Promise<Server> => {
    const profilesFor = async (ctx: Pick<ServerContext, 'http'>): Promise<readonly string[]> =>
      isSeveral ? app.profilesFor(contextOf(ctx).requester) : [];
    const server = new Server(
      { name: 'cloudstack-mcp-server', title: 'Apache CloudStack', version },
      {
        instructions: instructionsFor(await profilesFor(authInfo ? { http: { authInfo } } : {})),
        capabilities: {
          tools: {},
          completions: {},
          prompts: {},
          resources: {},
          // SEP-2640
          extensions: { 'io.modelcontextprotocol/skills': {} },
        },
        requestState: { verify: stateCodec.verify },
        inputRequired: { roundTimeoutMs: app.config.questionTimeout * 1000 },
        cacheHints: {
          'tools/list': { ttlMs: listTtlMs, cacheScope },
          'prompts/list': { ttlMs: listTtlMs, cacheScope },
          'resources/list': { ttlMs: listTtlMs, cacheScope },
          'resources/templates/list': { ttlMs: listTtlMs, cacheScope },
          'server/discover': { ttlMs: listTtlMs, cacheScope },
        },
      },
    );
    server.setRequestHandler('tools/list', async (_request, ctx) => {
      const profiles = await profilesFor(ctx);
      return { tools: list.map((tool) => withProfiles(tool, profiles)) };
    });
    server.setRequestHandler('prompts/list', async () => ({
      prompts: (await import('./prompts.ts')).listPrompts(app),
    }));
    server.setRequestHandler('prompts/get', async ({ params }) =>
      (await import('./prompts.ts')).getPrompt(app, params),
    );
    server.setRequestHandler('resources/list', async () => ({
      resources: await (await import('./skills.ts')).listSkillResources(app),
    }));
    server.setRequestHandler('resources/templates/list', async () => ({
      resourceTemplates: (await import('./resources.ts')).listResourceTemplates(),
    }));
    server.setRequestHandler('resources/read', async ({ params: { uri } }, ctx) => {
      if (uri.startsWith('skill://')) return (await import('./skills.ts')).readSkill(app, uri);
      const { readCloudResource } = await import('./resources.ts');
      return readCloudResource(toHostCall({ app, call, server, ctx, door: contextOf(ctx) }), uri);
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
      const name = listedName(params.name);
      if (name === undefined)
        throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Unknown tool: ${toLabel(params.name)}`);
      const { callTool, toFailure } = await import('./run.ts');
      try {
        const host = toHostCall({ app, call, server, ctx, door: contextOf(ctx) });
        const result = await callTool(host, name, params.arguments);
        return server.projectCallToolResult(result, outputSchemas.get(name) ?? resultSchema);
      } catch (error) {
        if (!(error instanceof AwaitingReply)) throw error;
        const { question } = error;
        return stateCodec
          .mint(newQuestionState(question), ctx)
          .then(
            (requestState) =>
              inputRequired({ inputRequests: { confirm: inputRequired.elicit(toForm(question)) }, requestState }),
            toFailure,
          );
      }
    });
    return server;
  };
};
