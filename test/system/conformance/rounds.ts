import {
  inputRequired,
  inputResponse,
  type CallToolResult,
  type ClientCapabilities,
  type InputRequest,
  type RequestStateCodec,
  type Server,
  type ServerContext,
} from '@modelcontextprotocol/server';

/** Fixtures that ask the client something before they answer; the suite fixes their names and words. */

type Result = CallToolResult | ReturnType<typeof inputRequired>;
type Ask = (ctx: ServerContext, server: Server) => Result | Promise<Result>;
type Codec = RequestStateCodec<{ round: number }>;

export const text = (value: string): CallToolResult => ({ content: [{ type: 'text', text: value }] });

const form = (message: string, properties: Record<string, object>, required = Object.keys(properties)): InputRequest =>
  inputRequired.elicit({ message, requestedSchema: { type: 'object', properties, required } } as never);
const string = { type: 'string' };
const yourName = form('What is your name?', { name: string });
const sample = (question: string, maxTokens = 100): InputRequest =>
  inputRequired.createMessage({
    messages: [{ role: 'user', content: { type: 'text', text: question } }],
    maxTokens,
  });

export const capabilitiesOf = (ctx: ServerContext, server: Server): ClientCapabilities =>
  (ctx.mcpReq.envelope as Record<string, ClientCapabilities> | undefined)?.[
    'io.modelcontextprotocol/clientCapabilities'
  ] ??
  server.getClientCapabilities() ??
  {};

/** The content of an accepted form. */
const accepted = ({ mcpReq }: ServerContext, key: string): Record<string, unknown> | undefined => {
  const answer = inputResponse(mcpReq.inputResponses, key);
  return answer.kind === 'elicit' && answer.action === 'accept' ? (answer.content ?? {}) : undefined;
};
const has = ({ mcpReq }: ServerContext, key: string): boolean =>
  inputResponse(mcpReq.inputResponses, key).kind !== 'missing';

/** Asks one thing without state; `tell` makes the answer of what came back. */
const once =
  (key: string, request: InputRequest, report: (ctx: ServerContext) => string): Ask =>
  (ctx) =>
    has(ctx, key) ? text(report(ctx)) : inputRequired({ inputRequests: { [key]: request } });

const elicited =
  (key: string, label: string) =>
  ({ mcpReq }: ServerContext): string => {
    const answer = inputResponse(mcpReq.inputResponses, key);
    return answer.kind === 'elicit'
      ? `${label}: action=${answer.action}, content=${JSON.stringify(answer.content ?? {})}`
      : `${label}: nothing`;
  };

const defaults = form(
  'Please review and update the form fields with defaults',
  {
    name: { ...string, default: 'John Doe' },
    age: { type: 'integer', default: 30 },
    score: { type: 'number', default: 95.5 },
    status: { ...string, enum: ['active', 'inactive', 'pending'], default: 'active' },
    verified: { type: 'boolean', default: true },
  },
  [],
);

const titled = (kind: string) => [1, 2, 3].map((at) => ({ const: `value${at}`, title: `${kind} ${at}` }));
const options = ['option1', 'option2', 'option3'];
const enums = form(
  'Please select options from the enum fields',
  {
    untitledSingle: { ...string, enum: options },
    titledSingle: { ...string, oneOf: titled('Option') },
    legacyEnum: { ...string, enum: ['opt1', 'opt2', 'opt3'], enumNames: ['Option One', 'Option Two', 'Option Three'] },
    untitledMulti: { type: 'array', minItems: 1, maxItems: 3, items: { ...string, enum: options } },
    titledMulti: { type: 'array', minItems: 1, maxItems: 3, items: { anyOf: titled('Choice') } },
  },
  [],
);

const confirm = form('Please confirm', { ok: { type: 'boolean' } });

/** Asks with state: what comes back is only taken with the state that went out. */
const stated =
  (codec: Codec, requests: Record<string, InputRequest>, done: string): Ask =>
  async (ctx) => {
    const state = ctx.mcpReq.requestState<{ round: number }>();
    if (state && Object.keys(requests).every((key) => has(ctx, key))) return text(done);
    return inputRequired({ inputRequests: requests, requestState: await codec.mint({ round: 1 }, ctx) });
  };

const twoRounds =
  (codec: Codec): Ask =>
  async (ctx) => {
    const { round = 0 } = ctx.mcpReq.requestState<{ round: number }>() ?? {};
    if (round === 2 && accepted(ctx, 'step2')) return text('Both steps are done');
    const second = round === 1 && accepted(ctx, 'step1');
    return inputRequired({
      inputRequests: second
        ? { step2: form('Step 2: What is your favorite color?', { color: string }) }
        : { step1: form('Step 1: What is your name?', { name: string }) },
      requestState: await codec.mint({ round: second ? 2 : 1 }, ctx),
    });
  };

const onlyWhatIsDeclared: Ask = (ctx, server) => {
  const { sampling, elicitation } = capabilitiesOf(ctx, server);
  return inputRequired({
    inputRequests: {
      ...(sampling ? { question: sample('Anything?') } : {}),
      ...(elicitation ? { user_name: yourName } : {}),
    },
    requestState: 'none',
  });
};

/** Every fixture that asks, by its tool's name. */
export const createAsks = (codec: Codec): Record<string, Ask> => ({
  test_elicitation: (ctx, server) =>
    once('response', form('Please answer', { response: string }), elicited('response', 'User response'))(ctx, server),
  test_elicitation_sep1034_defaults: once('form', defaults, elicited('form', 'Elicitation completed')),
  test_elicitation_sep1330_enums: once('form', enums, elicited('form', 'Elicitation completed')),
  test_streaming_elicitation: once('user_name', yourName, elicited('user_name', 'User response')),
  test_sampling: once('answer', sample('Test prompt for sampling'), ({ mcpReq }) => {
    return `LLM response: ${JSON.stringify(inputResponse(mcpReq.inputResponses, 'answer'))}`;
  }),
  test_input_required_result_elicitation: (ctx) => {
    const answer = accepted(ctx, 'user_name');
    return typeof answer?.['name'] === 'string'
      ? text(`Hello, ${answer['name']}!`)
      : inputRequired({ inputRequests: { user_name: yourName } });
  },
  test_input_required_result_sampling: once(
    'capital_question',
    sample('What is the capital of France?'),
    () => 'The answer was received',
  ),
  test_input_required_result_list_roots: once('client_roots', inputRequired.listRoots(), ({ mcpReq }) =>
    JSON.stringify(inputResponse(mcpReq.inputResponses, 'client_roots')),
  ),
  test_input_required_result_request_state: stated(codec, { confirm }, 'state-ok'),
  test_input_required_result_tampered_state: stated(codec, { confirm }, 'state-ok'),
  test_input_required_result_multiple_inputs: stated(
    codec,
    { user_name: yourName, greeting: sample('Generate a greeting', 50), client_roots: inputRequired.listRoots() },
    'All three answers were received',
  ),
  test_input_required_result_multi_round: twoRounds(codec),
  test_input_required_result_capabilities: onlyWhatIsDeclared,
});

/** The prompt that asks for its context first. */
export const askForContext = (ctx: ServerContext) => {
  const answer = accepted(ctx, 'user_context');
  if (!answer)
    return inputRequired({
      inputRequests: { user_context: form('What context should the prompt use?', { context: string }) },
    });
  const content = { type: 'text' as const, text: `Context: ${JSON.stringify(answer)}` };
  return { messages: [{ role: 'user' as const, content }] };
};
