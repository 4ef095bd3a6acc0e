import {
  createRequestStateCodec,
  MissingRequiredClientCapabilityError,
  ProtocolError,
  ProtocolErrorCode,
  Server,
  type CallToolResult,
  type GetPromptResult,
  type ServerContext,
  type ServerNotifier,
} from '@modelcontextprotocol/server';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { askForContext, capabilitiesOf, createAsks, text } from './rounds.ts';

/** The tools, resources and prompts that the official conformance suite expects a server to have. */

/** A PNG of one pixel, and a WAV without a sample. */
const image = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==';
const audio = 'UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA=';
const png = { type: 'image' as const, data: image, mimeType: 'image/png' };
const embed = (uri: string, mimeType: string, content: string) => ({
  type: 'resource' as const,
  resource: { uri, mimeType, text: content },
});

const log = async ({ mcpReq }: ServerContext): Promise<CallToolResult> => {
  for (const line of ['Tool execution started', 'Tool processing data', 'Tool execution completed']) {
    // oxlint-disable-next-line typescript/no-deprecated -- what the suite tests is the deprecated way
    await mcpReq.log('info', line);
    await sleep(50);
  }
  return text('Logged');
};

const progress = async ({ mcpReq }: ServerContext): Promise<CallToolResult> => {
  const progressToken = mcpReq._meta?.progressToken ?? 0;
  for (const done of [0, 50, 100]) {
    const params = { progressToken, progress: done, total: 100, message: `${done} of 100` };
    await mcpReq.notify({ method: 'notifications/progress', params });
    await sleep(50);
  }
  return text(String(progressToken));
};

const needSampling = (ctx: ServerContext, server: Server): CallToolResult => {
  if (capabilitiesOf(ctx, server).sampling) return text('The client can sample');
  throw new MissingRequiredClientCapabilityError({ requiredCapabilities: { sampling: {} } });
};

type Run = (ctx: ServerContext, server: Server) => unknown;

const createTools = (notify: () => ServerNotifier): Record<string, Run> => ({
  test_simple_text: () => text('This is a simple text response for testing.'),
  test_image_content: () => ({ content: [png] }),
  test_audio_content: () => ({ content: [{ type: 'audio', data: audio, mimeType: 'audio/wav' }] }),
  test_embedded_resource: () => ({
    content: [embed('test://embedded-resource', 'text/plain', 'This is an embedded resource content.')],
  }),
  test_multiple_content_types: () => ({
    content: [
      { type: 'text', text: 'Multiple content types test:' },
      png,
      embed('test://mixed-content-resource', 'application/json', '{"test":"data","value":123}'),
    ],
  }),
  test_error_handling: () => ({ ...text('This tool intentionally returns an error for testing'), isError: true }),
  test_tool_with_logging: log,
  test_logging_tool: log,
  test_tool_with_progress: progress,
  test_missing_capability: needSampling,
  test_reconnection: () => text('Reconnected'),
  test_trigger_tool_change: () => {
    notify().toolsChanged();
    return text('Told');
  },
  test_trigger_prompt_change: () => {
    notify().promptsChanged();
    return text('Told');
  },
  json_schema_2020_12_tool: () => text('Called'),
});

const address = {
  $anchor: 'addressDef',
  type: 'object',
  properties: { street: { type: 'string' }, city: { type: 'string' } },
};
/** SEP-1613 and SEP-2106: keywords that must arrive as they are. */
const wideSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  $defs: { address },
  properties: {
    name: { type: 'string' },
    address: { $ref: '#/$defs/address' },
    contactMethod: { type: 'string', enum: ['phone', 'email'] },
    phone: { type: 'string' },
    email: { type: 'string' },
  },
  allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
  if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
  then: { required: ['phone'] },
  else: { required: ['email'] },
  additionalProperties: false,
} as const;

const resource = (name: string, mimeType: string) => ({ uri: `test://${name}`, name, mimeType });
const resources = [
  resource('static-text', 'text/plain'),
  resource('static-binary', 'image/png'),
  resource('watched-resource', 'text/plain'),
];

const readResource = (uri: string) => {
  const id = /^test:\/\/template\/([^/]+)\/data$/.exec(uri)?.[1];
  if (uri === 'test://static-binary') return { uri, mimeType: 'image/png', blob: image };
  if (id !== undefined)
    return {
      uri,
      mimeType: 'application/json',
      text: JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` }),
    };
  if (!resources.some((known) => known.uri === uri))
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'Resource not found', { uri });
  return { uri, mimeType: 'text/plain', text: 'This is the content of the static text resource.' };
};

const argument = (name: string) => ({ name, description: name, required: true });
const prompts = [
  { name: 'test_simple_prompt' },
  { name: 'test_prompt_with_arguments', arguments: [argument('arg1'), argument('arg2')] },
  { name: 'test_prompt_with_embedded_resource', arguments: [argument('resourceUri')] },
  { name: 'test_prompt_with_image' },
  { name: 'test_input_required_result_prompt' },
].map((prompt) => ({ ...prompt, description: `The fixture ${prompt.name}` }));

const getPrompt = (name: string, args: Record<string, string> = {}): GetPromptResult => {
  const user = (...content: GetPromptResult['messages'][number]['content'][]): GetPromptResult => ({
    messages: content.map((one) => ({ role: 'user', content: one })),
  });
  const print = (line: string) => ({ type: 'text' as const, text: line });
  switch (name) {
    case 'test_simple_prompt':
      return user(print('This is a simple prompt for testing.'));
    case 'test_prompt_with_arguments':
      return user(print(`Prompt with arguments: arg1='${args['arg1']}', arg2='${args['arg2']}'`));
    case 'test_prompt_with_embedded_resource':
      return user(
        embed(args['resourceUri'] ?? '', 'text/plain', 'Embedded resource content for testing.'),
        print('Please process the embedded resource above.'),
      );
    case 'test_prompt_with_image':
      return user(png, print('Please analyze the image above.'));
    default:
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Unknown prompt: ${name}`);
  }
};

/** Makes servers with the fixtures. `notify`: how subscribers of the newer era are told what has changed. */
export const createFixtureFactory = (notify: () => ServerNotifier): (() => Server) => {
  const codec = createRequestStateCodec<{ round: number }>({ key: randomBytes(32) });
  const runs: Record<string, Run> = { ...createTools(notify), ...createAsks(codec) };
  const tools = Object.keys(runs).map((name) => ({
    name,
    description: `The fixture ${name}`,
    inputSchema: name === 'json_schema_2020_12_tool' ? wideSchema : { type: 'object' as const },
  }));
  const hint = { ttlMs: 60_000, cacheScope: 'public' as const };
  return () => {
    const server = new Server(
      { name: 'conformance', version: '0.0.0' },
      {
        capabilities: {
          tools: { listChanged: true },
          resources: { subscribe: true, listChanged: true },
          prompts: { listChanged: true },
          logging: {},
          completions: {},
        },
        requestState: { verify: codec.verify },
        cacheHints: Object.fromEntries(
          [
            'tools/list',
            'resources/list',
            'resources/templates/list',
            'resources/read',
            'prompts/list',
            'server/discover',
          ].map((method) => [method, hint]),
        ),
      },
    );
    server.setRequestHandler('tools/list', () => ({ tools: tools as never }));
    server.setRequestHandler('tools/call', async ({ params }, ctx) => {
      const run = runs[params.name];
      if (!run) throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Unknown tool: ${params.name}`);
      return (await run(ctx, server)) as CallToolResult;
    });
    server.setRequestHandler('resources/list', () => ({ resources }));
    server.setRequestHandler('resources/templates/list', () => ({
      resourceTemplates: [{ uriTemplate: 'test://template/{id}/data', name: 'template', mimeType: 'application/json' }],
    }));
    server.setRequestHandler('resources/read', ({ params }) => ({ contents: [readResource(params.uri)] }));
    server.setRequestHandler('resources/subscribe', () => ({}));
    server.setRequestHandler('resources/unsubscribe', () => ({}));
    server.setRequestHandler('prompts/list', () => ({ prompts }));
    server.setRequestHandler('prompts/get', ({ params }, ctx) =>
      params.name === 'test_input_required_result_prompt'
        ? askForContext(ctx)
        : getPrompt(params.name, params.arguments),
    );
    server.setRequestHandler('completion/complete', () => ({ completion: { values: [], total: 0, hasMore: false } }));
    return server;
  };
};
