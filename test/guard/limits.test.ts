import { appendFileSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createCounts } from '../../src/guard/counts.ts';
import { openApp, requestOf } from './counting.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cloudstack-limits-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a folder that cannot be used refuses what a limit is about, and nothing is sent', async () => {
  const state = join(folder, 'state');
  writeFileSync(state, 'a file');
  const policy = { limits: [{ name: 'few', match: { command: 'createSSHKeyPair' }, changes: 9, per: '1h' }] };
  const { app, times, close } = await openApp({ policy }, { env: { CLOUDSTACK_MCP_STATE: state } });
  const call = app.call(requestOf('createSSHKeyPair', { name: 'a' }));
  await expect(call).rejects.toMatchObject({ kind: 'unavailable' });
  expect(times('createSSHKeyPair')).toBe(0);
  // What no limit is about goes on.
  await app.call(requestOf('createAffinityGroup', { name: 'a', type: 'host affinity' }));
  expect(times('createAffinityGroup')).toBe(1);
  await close();
});

test('events count for their time, each key alone; files are the owner’s and go when they are too old', async () => {
  let now = 1_000_000;
  const count = createCounts(folder, () => now);
  const again = createCounts(folder, () => now);
  expect(await count('a', 60, false)).toBe(0);
  expect(readdirSync(folder)).toEqual([]);
  expect([await count('a', 60, true), await again('a', 60, true), await count('a', 60, false)]).toEqual([1, 2, 2]);
  expect([await count('b', 60, true), await count('a', 30, false)]).toEqual([1, 0]);
  now += 59_000;
  expect(await again('a', 60, true)).toBe(3);
  now += 2000;
  expect(await count('a', 60, false)).toBe(1);
  for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o777, name).toBe(0o600);
  now += 600_000;
  expect([await count('a', 60, true), await count('b', 60, true)]).toEqual([1, 1]);
  expect(readdirSync(folder)).toHaveLength(2);
});

test('a clock that was set back, and a line that was torn, set nothing free', async () => {
  let now = 10_000_000;
  const count = createCounts(folder, () => now);
  expect(await count('a', 60, true)).toBe(1);
  now -= 5_000_000;
  expect(await count('a', 60, true)).toBe(2);
  const file = readdirSync(folder).at(-1)!;
  appendFileSync(join(folder, file), '49');
  expect(await count('a', 60, true)).toBe(3);
  expect(await count('a', 60, true)).toBe(4);
});
