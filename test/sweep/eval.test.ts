import { writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadTasks } from '../../src/eval/tasks.ts';
import { runCommand } from '../support/harness.ts';

interface Results {
  results: { task: string; passed: boolean; problems: string[]; broken: string[]; calls: number }[];
}

const tasks = loadTasks();

test('our own solutions do every task, in few calls', async () => {
  const { stdout, status } = await runCommand(['eval', '--reference', '--json']);
  const { results } = JSON.parse(stdout) as Results;
  expect(results.filter(({ passed }) => !passed)).toEqual([]);
  expect(results.map(({ task }) => task)).toEqual(tasks.map(({ name }) => name));
  const calls = results.map((result) => result.calls).sort((a, b) => a - b);
  expect(calls[Math.floor(calls.length / 2)]).toBeLessThanOrEqual(4);
  expect(status).toBe(0);
});

test('a model that does nothing passes no task', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'cloudstack-mcp-eval-'));
  const transcript = join(folder, 'nothing.jsonl');
  writeFileSync(transcript, '');
  const { stdout, status } = await runCommand(['eval', '--transcript', transcript, '--json']);
  expect((JSON.parse(stdout) as Results).results.filter(({ passed }) => passed)).toEqual([]);
  expect(status).toBe(1);
  rmSync(folder, { recursive: true });
});

test('there are forty tasks of every kind, each with a name of its own', () => {
  expect(tasks.length).toBeGreaterThanOrEqual(40);
  expect(new Set(tasks.map(({ name }) => name)).size).toBe(tasks.length);
  expect(new Set(tasks.map(({ kind }) => kind)).size).toBe(6);
});
