import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, expect, test } from 'vitest';
import { createApprovals } from '../../src/guard/approvals.ts';

const folder = mkdtempSync(join(tmpdir(), 'cloudstack-approvals-race-'));
afterAll(() => rmSync(folder, { recursive: true }));

const question = { digest: 'd'.repeat(64), message: 'Do it?' };
const caller = { principal: 'p', host: 'h', profile: 'default' };

/** A process that takes the approval, or gives the one of a code, with each line that it gets, and says how that ended. */
const script = `
import { createInterface } from 'node:readline';
import { createApprovals } from '${join(process.cwd(), 'src/guard/approvals.ts')}';
const approvals = createApprovals('${join(folder, 'approvals')}');
console.log('ready');
for await (const line of createInterface({ input: process.stdin }))
  console.log(
    line === 'take'
      ? (await approvals.take('${question.digest}')) ? 'won' : 'lost'
      : await approvals.approve(line, 'me').then(() => 'won', () => 'lost'),
  );`;

const startRacer = (file: string) => {
  const child = spawn(process.execPath, ['--import', 'tsx', file], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<unknown> => (await lines.next()).value as unknown;
  return {
    next,
    go: (line: string) => child.stdin.write(`${line}\n`),
    close: async () => {
      child.stdin.end();
      await ended;
    },
  };
};

test('of processes that race to give one approval, or to take it, one wins', async () => {
  const file = join(folder, 'race.mts');
  writeFileSync(file, script);
  const racers = [startRacer(file), startRacer(file), startRacer(file)];
  for (const racer of racers) expect(await racer.next()).toBe('ready');
  const approvals = createApprovals(join(folder, 'approvals'));
  for (let round = 0; round < 30; round++) {
    const code = await approvals.open(question, caller);
    for (const line of [code, 'take']) {
      for (const racer of racers) racer.go(line);
      const ends = await Promise.all(racers.map((racer) => racer.next()));
      expect(ends.sort()).toEqual(['lost', 'lost', 'won']);
    }
  }
  for (const racer of racers) await racer.close();
  expect(readdirSync(join(folder, 'approvals'))).toEqual([]);
});
