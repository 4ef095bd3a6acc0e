import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createAudit } from '../../src/audit/audit.ts';
import { createSinks } from '../../src/audit/sinks.ts';
import { verifyLog } from '../../src/audit/verify.ts';
import { entryOf, newFolder } from './log.ts';

const open = () => {
  const path = join(newFolder(), 'audit.jsonl');
  const otlp = { url: 'http://127.0.0.1:1', headers: {}, service: 'test' };
  const sinks = createSinks(
    { state: '', audit: path, auditRotate: 50 },
    { stderr: process.stderr, report: () => undefined, otlp },
  );
  const calls = () =>
    readFileSync(path, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { call: string }).call);
  return { path, audit: createAudit(sinks, 1000), calls };
};

test('reads that end in one turn are written together, each before it is answered, in their order', async () => {
  const { path, audit, calls } = open();
  const reads = ['1', '2', '3'].map((call) => audit.record(entryOf({ call })).then(() => calls()));
  expect(statSync(path, { throwIfNoEntry: false })).toBeUndefined();
  expect(await Promise.all(reads)).toEqual(Array(3).fill(['1', '2', '3']));
  await audit.record(entryOf({ call: '4' }));
  expect(calls()).toEqual(['1', '2', '3', '4']);
  await audit.close();
  expect(verifyLog(path)).toMatchObject({ problems: [] });
});

test('the entry of a change waits for nothing, and neither do those before it', async () => {
  const { path, audit, calls } = open();
  const read = audit.record(entryOf({ call: '1' }));
  void audit.record(entryOf({ call: '2', risk: 'change' }));
  expect(calls()).toEqual(['1', '2']);
  const last = audit.record(entryOf({ call: '3' }));
  await audit.ready();
  expect(calls()).toEqual(['1', '2', '3']);
  void audit.record(entryOf({ call: '4' }));
  await audit.close();
  await Promise.all([read, last]);
  expect(calls()).toEqual(['1', '2', '3', '4']);
  expect(verifyLog(path)).toMatchObject({ problems: [] });
});
