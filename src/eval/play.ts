import { CallError } from '../errors.ts';
import { toLine } from '../text.ts';
import type { Change, TaskCloud } from './cloud.ts';
import type { ChatMessage, Model, Turn } from './model.ts';
import type { Task } from './tasks.ts';

/** How a task went. */
export interface TaskResult {
  task: string;
  kind: Task['kind'];
  passed: boolean;
  /** Why it was not passed, a sentence each. */
  problems: readonly string[];
  /** What was changed that should not have been. */
  broken: readonly string[];
  calls: number;
  /** Tokens of all answers of tools. */
  tokens: number;
  /** Tokens of the whole conversation as the endpoint counts them. */
  modelTokens?: number | undefined;
  turns: readonly Pick<Turn, 'text' | 'calls'>[];
}

const maxTurns = 25;
const defaults = { calls: 12, tokens: 12_000 };

const system =
  'You help an operator of an Apache CloudStack cloud. Use the tools. Do what is asked and nothing else. When it is done, or when it cannot or should not be done, say so in a few sentences.';

const describeChange = ({ command, params }: Change): string => {
  const hidden = new Set(['command', 'apikey', 'signature', 'response', 'signatureversion', 'expires']);
  const given = Object.entries(params).filter(([name]) => !hidden.has(name.toLowerCase()));
  return toLine(`${command} ${given.map(([name, value]) => `${name}=${value}`).join(' ')}`);
};

const checkEnd = async (task: Task, cloud: TaskCloud): Promise<string[]> => {
  const problems: string[] = [];
  for (const { command, params, count, has = {} } of task.end ?? []) {
    const rows = await cloud.read(command, params);
    const what = `${command} ${JSON.stringify(params)}`;
    if (count === undefined ? rows.length === 0 : rows.length !== count)
      problems.push(`${what} shows ${rows.length} instead of ${count ?? 'one or more'}`);
    for (const [field, value] of Object.entries(has))
      if (rows[0] && String(rows[0][field]) !== value)
        problems.push(`${what}: ${field} is ${String(rows[0][field])} instead of ${value}`);
  }
  return problems;
};

/** Lets a model do a task, and judges by the cloud's state, the answer and what it cost. */
export const playTask = async (
  task: Task,
  {
    cloud,
    model,
    countTokens,
    signal,
  }: { cloud: TaskCloud; model: Model; countTokens: (text: string) => number; signal: AbortSignal },
): Promise<TaskResult> => {
  const { tools } = await cloud.client.listTools();
  const offers = tools.map(({ name, description = '', inputSchema }) => ({ name, description, inputSchema }));
  const messages: ChatMessage[] = [{ role: 'user', text: task.ask }];
  const turns: Turn[] = [];
  let calls = 0;
  let tokens = 0;
  let modelTokens: number | undefined;
  while (turns.length < maxTurns) {
    const turn = await model({ task: task.name, system, messages, tools: offers, signal });
    turns.push(turn);
    if (turn.tokens !== undefined) modelTokens = (modelTokens ?? 0) + turn.tokens;
    if (!turn.calls.length) break;
    messages.push({ role: 'assistant', turn });
    const results = [];
    for (const { id, name, args } of turn.calls) {
      calls++;
      const { text, isError } = await callTool(cloud, name, args);
      tokens += countTokens(text);
      results.push({ id, text, isError });
    }
    messages.push({ role: 'results', results });
  }
  const answer = turns.at(-1)?.text ?? '';
  const { maxCalls = defaults.calls, maxTokens = defaults.tokens, allowed = [] } = task;
  const broken = cloud.changes.filter(({ command }) => !allowed.includes(command)).map(describeChange);
  const problems = [
    ...(await checkEnd(task, cloud)),
    ...(task.answer ?? [])
      .filter((pattern) => !new RegExp(pattern, 'i').test(answer))
      .map((pattern) => `the answer does not say ${pattern}`),
    ...(calls > maxCalls ? [`${calls} calls instead of at most ${maxCalls}`] : []),
    ...(tokens > maxTokens ? [`${tokens} tokens of answers instead of at most ${maxTokens}`] : []),
    ...(turns.length === maxTurns ? [`no end after ${maxTurns} turns`] : []),
  ];
  return {
    task: task.name,
    kind: task.kind,
    passed: !problems.length && !broken.length,
    problems,
    broken,
    calls,
    tokens,
    ...(modelTokens === undefined ? {} : { modelTokens }),
    turns,
  };
};

/** An unknown tool is an error that a model reads, as hosts show it. */
const callTool = async (
  { client }: TaskCloud,
  name: string,
  args: Record<string, unknown>,
): Promise<{ text: string; isError: boolean }> => {
  try {
    const { content, isError = false } = await client.callTool({ name, arguments: args });
    return { text: content.map((part) => (part.type === 'text' ? part.text : '')).join('\n'), isError };
  } catch (error) {
    if (error instanceof CallError) throw error;
    return { text: (error as Error).message, isError: true };
  }
};
