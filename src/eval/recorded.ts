import * as z from 'zod';
import { CallError } from '../errors.ts';
import type { Model, Turn } from './model.ts';
import type { Task } from './tasks.ts';

const line = z.object({
  task: z.string(),
  turns: z.array(
    z.object({
      text: z.string().default(''),
      calls: z.array(z.object({ name: z.string(), args: z.record(z.string(), z.unknown()) })).default([]),
    }),
  ),
});

/** What a model said for one task. */
export type Transcript = z.output<typeof line>;

/** Reads a transcript: one JSON object a line, `{"task", "turns": [{"text", "calls": [{"name", "args"}]}]}`. Throws a CallError. */
export const readTranscript = (text: string): Transcript[] =>
  text
    .split('\n')
    .filter((each) => each.trim())
    .map((each, at) => {
      try {
        return line.parse(JSON.parse(each));
      } catch {
        throw new CallError(
          'invalid',
          `Line ${at + 1} of the transcript is not as it should be.`,
          'A line is {"task": …, "turns": [{"text": …, "calls": [{"name": …, "args": {…}}]}]}. --record FILE writes such lines.',
        );
      }
    });

/** A model that says again what was recorded; of a task that was not recorded it says nothing. */
export const replay = (transcripts: readonly Transcript[]): Model => {
  const byTask = new Map(transcripts.map(({ task, turns }) => [task, turns]));
  return ({ task, messages }) => {
    const at = messages.filter(({ role }) => role === 'assistant').length;
    const turn = byTask.get(task)?.[at];
    const calls = turn?.calls.map((call, number) => ({ id: `${at}-${number}`, ...call })) ?? [];
    return Promise.resolve({ text: turn?.text ?? '', calls });
  };
};

/** A model that does each task as its reference solution says. */
export const followSolutions = (tasks: readonly Task[]): Model => {
  const byName = new Map(tasks.map(({ name, solution }) => [name, solution]));
  return ({ task, messages }) => {
    const { calls = [], answer } = byName.get(task) ?? {};
    const at = messages.filter(({ role }) => role === 'assistant').length;
    const call = calls[at];
    const results = messages.flatMap((message) => (message.role === 'results' ? message.results : []));
    const turn: Turn = call
      ? { text: '', calls: [{ id: String(at), name: call[0], args: { ...call[1] } }] }
      : { text: answer ?? results.map(({ text }) => text).join('\n'), calls: [] };
    return Promise.resolve(turn);
  };
};
