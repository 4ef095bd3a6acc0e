import { writeFileSync } from 'node:fs';
import { readText } from '../config/read-text.ts';
import { CallError } from '../errors.ts';
import { openTaskCloud } from '../eval/cloud.ts';
import { askEndpoint, type EndpointForm } from '../eval/endpoint.ts';
import type { Model } from '../eval/model.ts';
import { playTask, type TaskResult } from '../eval/play.ts';
import { followSolutions, readTranscript, replay } from '../eval/recorded.ts';
import { loadTasks, type Task } from '../eval/tasks.ts';
import { estimateTokens } from '../present/tokens.ts';
import { toLabel } from '../text.ts';
import { exit, printJson, printText, type Io } from './io.ts';

/** What `eval` was given. */
export interface EvalOptions {
  model?: string;
  endpoint?: string;
  form?: EndpointForm;
  transcript?: string;
  record?: string;
  reference?: boolean;
  json?: boolean;
  /** The configuration file whose roles and policy hold. */
  config?: string;
}

const hosts: Readonly<Record<EndpointForm, string>> = {
  openai: 'https://api.openai.com/v1',
  anthropic: 'https://api.anthropic.com',
};

const chooseTasks = (names: readonly string[]): readonly Task[] => {
  const tasks = loadTasks();
  const known = new Set(tasks.flatMap(({ name, kind }) => [name, kind]));
  const unknown = names.filter((name) => !known.has(name));
  if (unknown.length)
    throw new CallError(
      'invalid',
      `There is no task ${unknown.map((name) => toLabel(name)).join(', ')}.`,
      `Available: ${[...known].join(', ')}.`,
    );
  return names.length ? tasks.filter(({ name, kind }) => names.includes(name) || names.includes(kind)) : tasks;
};

const chooseModel = (options: EvalOptions, tasks: readonly Task[], env: Io['env']): Model => {
  if (options.reference) return followSolutions(tasks);
  if (options.transcript !== undefined) return replay(readTranscript(readText(options.transcript, 'The transcript')));
  if (options.model === undefined)
    throw new CallError(
      'invalid',
      'No model is named.',
      'Give --model NAME (with --endpoint for your own), --transcript FILE, or --reference to see how we do it.',
    );
  const { model } = options;
  const form = options.form ?? (/^claude|anthropic/i.test(model) ? 'anthropic' : 'openai');
  const key = env[form === 'anthropic' ? 'ANTHROPIC_API_KEY' : 'OPENAI_API_KEY'];
  return askEndpoint({ model, form, url: options.endpoint ?? hosts[form], key });
};

const lineOf = ({ task, kind, passed, calls, tokens, problems, broken }: TaskResult): string[] => [
  `${passed ? 'passed' : 'FAILED'}  ${task.padEnd(34)} ${kind.padEnd(11)} ${String(calls).padStart(2)} calls ${String(tokens).padStart(6)} tokens`,
  ...problems.map((problem) => `          ${problem}`),
  ...broken.map((change) => `          would have been broken: ${change}`),
];

const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor((numbers.length - 1) / 2)] ?? 0;

const summaryOf = (results: readonly TaskResult[]): string => {
  const passed = results.filter((result) => result.passed).length;
  const calls = median(results.map((result) => result.calls));
  const tokens = results.reduce((sum, result) => sum + result.tokens, 0);
  const broken = results.filter((result) => result.broken.length).length;
  return `${passed} of ${results.length} passed; median ${calls} calls; ${tokens} tokens of answers; ${broken} would have broken something`;
};

const writeRecord = (path: string, text: string): void => {
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw new CallError(
      'invalid',
      `${path} cannot be written: ${(error as Error).message}`,
      'Give --record another file.',
    );
  }
};

/** `eval`: lets a model do the tasks over the simulator. Ends with 1 where one is not passed. */
export const runEval = async (names: readonly string[], options: EvalOptions, io: Io): Promise<number> => {
  const tasks = chooseTasks(names);
  if (options.record !== undefined) writeRecord(options.record, '');
  const model = chooseModel(options, tasks, io.env);
  const results: TaskResult[] = [];
  for (const task of tasks) {
    const cloud = await openTaskCloud(task, { settings: { config: options.config }, stderr: io.stderr });
    try {
      const result = await playTask(task, { cloud, model, countTokens: estimateTokens, signal: io.signal });
      results.push(result);
      if (!options.json) for (const line of lineOf(result)) await printText(io.stdout, line);
    } finally {
      await cloud.close();
    }
  }
  if (options.record !== undefined) {
    const lines = results.map(({ task, turns }) => {
      const recorded = turns.map(({ text, calls }) => ({
        text,
        calls: calls.map(({ name, args }) => ({ name, args })),
      }));
      return `${JSON.stringify({ task, turns: recorded })}\n`;
    });
    writeRecord(options.record, lines.join(''));
  }
  await (options.json
    ? printJson(io.stdout, { results: results.map(({ turns: _turns, ...result }) => result) }, 2)
    : printText(io.stdout, summaryOf(results)));
  return results.every(({ passed }) => passed) ? exit.done : exit.failed;
};
