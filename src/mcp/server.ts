import {
  inputRequired,
  ProtocolError,
  ProtocolErrorCode,
  Server,
  type CallToolResult,
  type ServerContext,
} from '@modelcontextprotocol/server';
import type { App } from '../app/app.ts';
import { CallError, describeError } from '../errors.ts';
import { AwaitingReply } from '../consent.ts';
import { version } from '../version.ts';
import { compactTools, instructions, resultSchema } from './compact.ts';
import { newQuestionState, toForm } from './consent.ts';
import { createSeal } from './seal.ts';

const failed = (error: CallError): CallToolResult => ({
  isError: true,
  content: [{ type: 'text', text: `${error.kind}: ${error.message}\n${error.hint}`.trim() }],
  structuredContent: { error: describeError(error) },
});

/** Only a CallError is an answer. */
const fail = (error: unknown): CallToolResult => {
  if (error instanceof CallError) return failed(error);
  throw error;
};

const listFor = 3_600_000;

/**
 * Makes MCP servers over one app, one a connection or request; the same handlers serve both protocol eras. `principalOf`
 * tells who makes a request: by default the local user.
 */
export const createServerFactory = async (
  app: App,
  principalOf: (ctx: ServerContext) => string = () => app.config.principal,
) => {
  // The compact list needs no catalog, which is then loaded with the first call.
  const direct = app.config.tools === 'compact' ? undefined : await import('./direct.ts');
  const list = direct?.listDirectTools(app.config.tools) ?? compactTools;
  const outputSchemas = new Map(list.map(({ name, outputSchema }) => [name, outputSchema]));
  const seal = createSeal(app, principalOf);
  /** Listed names as they are; other spellings of a listed command by the catalog. */
  const listedName = (name: string): string | undefined => {
    if (outputSchemas.has(name)) return name;
    const found = direct?.findListed(name);
    return found !== undefined && outputSchemas.has(found) ? found : undefined;
  };

  return (): Server => {
    const server = new Server(
      { name: 'cloudstack-mcp-server', title: 'Apache CloudStack', version },
      {
        instructions,
        capabilities: { tools: {} },
        requestState: { verify: seal.verify },
        inputRequired: { roundTimeoutMs: app.config.questionTimeout * 1000 },
        cacheHints: {
          'tools/list': { ttlMs: listFor, cacheScope: 'public' },
          'server/discover': { ttlMs: listFor, cacheScope: 'public' },
        },
      },
    );
    server.setRequestHandler('tools/list', () => ({ tools: [...list] }));
    server.setRequestHandler('tools/call', async ({ params }, ctx) => {
      const name = listedName(params.name);
      if (name === undefined) throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Unknown tool: ${params.name}`);
      try {
        const { runTool, toResult } = await import('./run.ts');
        const result = toResult(
          await runTool({ app, server, ctx, principal: principalOf(ctx) }, name, params.arguments),
        );
        return server.projectCallToolResult(result, outputSchemas.get(name) ?? resultSchema);
      } catch (error) {
        if (!(error instanceof AwaitingReply)) return fail(error);
        const { question } = error;
        return seal
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
