import * as z from 'zod';
import { CallError } from '../errors.ts';
import { startOf } from '../text.ts';
import type { ChatMessage, Model, ToolOffer, Turn } from './model.ts';

/** The two forms that endpoints of models speak. */
export type EndpointForm = 'openai' | 'anthropic';

/** Where a model is, and how it is asked. */
export interface EndpointSettings {
  model: string;
  form: EndpointForm;
  /** Up to the part that is the form's own: `https://api.openai.com/v1`, `https://api.anthropic.com`. */
  url: string;
  key: string | undefined;
}

const maxTokens = 4096;

const parseArgs = (text: string): Record<string, unknown> => {
  try {
    const value: unknown = JSON.parse(text || '{}');
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    // The server says what is wrong with it, as it would to a host.
    return { unreadable: text };
  }
};

const openaiReply = z.object({
  choices: z
    .array(
      z.object({
        message: z.object({
          content: z.string().nullish(),
          tool_calls: z
            .array(z.object({ id: z.string(), function: z.object({ name: z.string(), arguments: z.string() }) }))
            .nullish(),
        }),
      }),
    )
    .min(1),
  usage: z.object({ total_tokens: z.number() }).nullish(),
});

const toOpenai = (message: ChatMessage): object[] => {
  if (message.role === 'user') return [{ role: 'user', content: message.text }];
  if (message.role === 'results')
    return message.results.map(({ id, text }) => ({ role: 'tool', tool_call_id: id, content: text }));
  const { text, calls } = message.turn;
  const toolCalls = calls.map(({ id, name, args }) => ({
    id,
    type: 'function',
    function: { name, arguments: JSON.stringify(args) },
  }));
  return [{ role: 'assistant', content: text || null, ...(calls.length ? { tool_calls: toolCalls } : {}) }];
};

const openai = {
  path: '/chat/completions',
  headers: (key: string): Record<string, string> => ({ authorization: `Bearer ${key}` }),
  body: (model: string, system: string, messages: readonly ChatMessage[], tools: readonly ToolOffer[]): object => ({
    model,
    messages: [{ role: 'system', content: system }, ...messages.flatMap(toOpenai)],
    tools: tools.map(({ name, description, inputSchema }) => ({
      type: 'function',
      function: { name, description, parameters: inputSchema },
    })),
  }),
  read: (body: unknown): Turn => {
    const { choices, usage } = openaiReply.parse(body);
    const { content, tool_calls: calls } = choices[0]!.message;
    return {
      text: content ?? '',
      calls: (calls ?? []).map(({ id, function: { name, arguments: args } }) => ({ id, name, args: parseArgs(args) })),
      tokens: usage?.total_tokens,
    };
  },
};

const anthropicReply = z.object({
  content: z.array(
    z.looseObject({
      type: z.string(),
      text: z.string().optional(),
      id: z.string().optional(),
      name: z.string().optional(),
      input: z.record(z.string(), z.unknown()).optional(),
    }),
  ),
  usage: z.object({ input_tokens: z.number(), output_tokens: z.number() }).nullish(),
});

const toAnthropic = (message: ChatMessage): object => {
  if (message.role === 'user') return { role: 'user', content: message.text };
  if (message.role === 'results')
    return {
      role: 'user',
      content: message.results.map(({ id, text, isError }) => ({
        type: 'tool_result',
        tool_use_id: id,
        content: text,
        is_error: isError,
      })),
    };
  const { text, calls } = message.turn;
  return {
    role: 'assistant',
    content: [
      ...(text ? [{ type: 'text', text }] : []),
      ...calls.map(({ id, name, args }) => ({ type: 'tool_use', id, name, input: args })),
    ],
  };
};

const anthropic = {
  path: '/v1/messages',
  headers: (key: string): Record<string, string> => ({ 'x-api-key': key, 'anthropic-version': '2023-06-01' }),
  body: (model: string, system: string, messages: readonly ChatMessage[], tools: readonly ToolOffer[]): object => ({
    model,
    max_tokens: maxTokens,
    system,
    messages: messages.map(toAnthropic),
    tools: tools.map(({ name, description, inputSchema }) => ({ name, description, input_schema: inputSchema })),
  }),
  read: (body: unknown): Turn => {
    const { content, usage } = anthropicReply.parse(body);
    return {
      text: content.map(({ text }) => text ?? '').join(''),
      calls: content.flatMap(({ type, id, name, input }) =>
        type === 'tool_use' && id !== undefined && name !== undefined ? [{ id, name, args: input ?? {} }] : [],
      ),
      tokens: usage ? usage.input_tokens + usage.output_tokens : undefined,
    };
  },
};

const forms = { openai, anthropic };

/** A model behind an endpoint. The key goes to that endpoint only, and redirects are not followed. */
export const askEndpoint = ({ model, form, url, key }: EndpointSettings): Model => {
  const { path, headers, body, read } = forms[form];
  const address = `${url.replace(/(?<!\/)\/+$/, '')}${path}`;
  return async ({ system, messages, tools, signal }) => {
    const fail = (what: string, cause?: unknown): CallError =>
      new CallError('failed', `The endpoint ${address} ${what}.`, 'Check --endpoint, --form, --model and the key.', {
        isForeign: true,
        ...(cause === undefined ? {} : { cause }),
      });
    let response: Response;
    try {
      response = await fetch(address, {
        method: 'POST',
        redirect: 'error',
        signal,
        headers: { 'content-type': 'application/json', ...(key === undefined ? {} : headers(key)) },
        body: JSON.stringify(body(model, system, messages, tools)),
      });
    } catch (error) {
      throw fail('cannot be reached', error);
    }
    const text = await response.text();
    if (!response.ok) throw fail(`answered ${response.status}: ${startOf(text, 300)}`);
    try {
      return read(JSON.parse(text));
    } catch (error) {
      throw fail(`gave no answer of the form ${form}: ${startOf(text, 300)}`, error);
    }
  };
};
