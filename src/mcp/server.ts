import {
  inputRequired,
  ProtocolError,
  ProtocolErrorCode,
  Server,
  type AuthInfo,
  type CallToolResult,
  type ServerContext,
} from '@modelcontextprotocol/server';
import type { App } from '../app/app.ts';
import { CallError, dataNote, describeError, explainError } from '../errors.ts';
import { AwaitingReply } from '../consent.ts';
import { toLabel } from '../text.ts';
import { version } from '../version.ts';
import { compactTools, instructionsFor, resultSchema, withProfiles } from './compact.ts';
import { newQuestionState, toForm } from './consent.ts';
import type { DoorContext } from './door-context.ts';
import { createQuestionStateCodec } from './request-state-codec.ts';

const failed = (error: CallError): CallToolResult => ({
  isError: true,
  content: [
    {
      type: 'text',
      text: [explainError(error, 'model'), ...(error.isForeign || error.candidates?.length ? [dataNote] : [])].join(
        '\n',
      ),
    },
  ],
  structuredContent: { error: describeError(error, 'model') },
});

/** Only a CallError is an answer. */
const fail = (error: unknown): CallToolResult => {
  if (error instanceof CallError) return failed(error);
  throw error;
};

/** Milliseconds for which a client may cache the tool list. */
const listTtlMs = 3_600_000;

/** Lists of what this server has none of, by the method that asks for them. */
const emptyLists: Readonly<Record<string, string>> = {
  'prompts/list': 'prompts',
  'resources/list': 'resources',
  'resources/templates/list': 'resourceTemplates',
};

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
  const cacheScope = isSeveral ? 'private' : 'public';
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
        capabilities: { tools: {}, completions: {} },
        requestState: { verify: stateCodec.verify },
        inputRequired: { roundTimeoutMs: app.config.questionTimeout * 1000 },
        cacheHints: {
          'tools/list': { ttlMs: listTtlMs, cacheScope },
          'server/discover': { ttlMs: listTtlMs, cacheScope },
        },
      },
    );
    // Some hosts ask for these unasked, and drop a server that does not know them.
    server.fallbackRequestHandler = ({ method }) => {
      const list = Object.hasOwn(emptyLists, method) ? emptyLists[method] : undefined;
      if (list === undefined) throw new ProtocolError(ProtocolErrorCode.MethodNotFound, 'Method not found');
      return Promise.resolve({ [list]: [] });
    };
    server.setRequestHandler('tools/list', async (_request, ctx) => {
      const profiles = await profilesFor(ctx);
      return { tools: list.map((tool) => withProfiles(tool, profiles)) };
    });
    server.setRequestHandler('completion/complete', async ({ params }, ctx) => {
      const { completeArgument } = await import('./completion.ts');
      return completeArgument(params, { app, call, door: contextOf(ctx), ctx });
    });
    server.setRequestHandler('tools/call', async ({ params }, ctx) => {
      const name = listedName(params.name);
      if (name === undefined)
        throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Unknown tool: ${toLabel(params.name)}`);
      try {
        const { runTool, toResult } = await import('./run.ts');
        const result = toResult(
          await runTool({ app, call, server, ctx, door: contextOf(ctx) }, name, params.arguments),
        );
        return server.projectCallToolResult(result, outputSchemas.get(name) ?? resultSchema);
      } catch (error) {
        if (!(error instanceof AwaitingReply)) return fail(error);
        const { question } = error;
        return stateCodec
          .mint(newQuestionState(question), ctx)
          .then(
            (requestState) =>
              inputRequired({ inputRequests: { confirm: inputRequired.elicit(toForm(question)) }, requestState }),
            fail,
          );
      }
    });
    return server;
  };
};
