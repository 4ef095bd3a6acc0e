import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { encryptPlans } from '../../src/plan/encrypted.ts';
import { createPlans, createSharedPlans, planHours, type Plans, type SavedPlan } from '../../src/plan/plans.ts';
import { createMemoryStore } from '../../src/store/memory.ts';

const folder = mkdtempSync(join(tmpdir(), 'plans-'));
afterAll(() => rmSync(folder, { recursive: true }));

const planOf = (id: string, more: Partial<SavedPlan> = {}): SavedPlan => ({
  id,
  seed: '0123abcd',
  digest: 'd',
  state: 'open',
  principal: 'ann',
  made: Date.now(),
  profile: 'default',
  cloud: 'cloud',
  riskTool: 'change',
  calls: [{ tool: 'create-network', arguments: { name: 'a' } }],
  text: '1 step',
  shown: {},
  done: [],
  ...more,
});

const places: [string, (now: () => number) => Plans][] = [
  ['a folder', (now) => createPlans(mkdtempSync(join(folder, 'one-')), now)],
  ['a store', (now) => createSharedPlans(createMemoryStore(now), now)],
  ['a store, encrypted', (now) => encryptPlans(createSharedPlans(createMemoryStore(now), now), () => 'key')],
];

describe.each(places)('plans in %s', (_name, open) => {
  test('are found with all they had, the newest first, and forgotten in time', async () => {
    let now = Date.now();
    const plans = open(() => now);
    await plans.save(planOf('AAAA-0001', { made: now }));
    await plans.save(planOf('AAAA-0002', { made: now + 1 }));
    expect((await plans.list()).map(({ id }) => id)).toEqual(['AAAA-0002', 'AAAA-0001']);
    expect(await plans.find('AAAA-0001')).toMatchObject({ calls: [{ arguments: { name: 'a' } }], state: 'open' });
    expect(await plans.find('AAAA-0003')).toBeUndefined();
    now += planHours * 3_600_000 + 10;
    expect(await plans.list()).toEqual([]);
  });

  test('do not last longer because the clock was set back', async () => {
    let now = Date.now();
    const plans = open(() => now);
    await plans.save(planOf('AAAA-0004', { made: now }));
    now -= planHours * 3_600_000 + 10;
    expect(await plans.list()).toEqual([]);
  });

  test('are taken by one of several at once', async () => {
    const plans = open(Date.now);
    await plans.save(planOf('BBBB-0001'));
    const applying = planOf('BBBB-0001', { state: 'applying' });
    const taken = await Promise.all(Array.from({ length: 8 }, () => plans.replace('open', applying)));
    expect(taken.filter(Boolean)).toHaveLength(1);
    expect((await plans.find('BBBB-0001'))?.state).toBe('applying');
  });

  test('of one principal are at most fifty; an ended one makes room', async () => {
    const plans = open(Date.now);
    for (let number = 0; number < 50; number++) await plans.save(planOf(`CCCC-${number}`));
    await expect(plans.save(planOf('CCCC-50'))).rejects.toThrow(/50 plans already wait/);
    expect(await plans.replace('open', planOf('CCCC-7', { state: 'discarded' }))).toBe(true);
    await plans.save(planOf('CCCC-50'));
    expect(await plans.find('CCCC-7')).toBeUndefined();
  });
});

test('a plan that was encrypted with another credential is not read', async () => {
  const store = createSharedPlans(createMemoryStore());
  await encryptPlans(store, () => 'one').save(planOf('DDDD-0001'));
  await expect(encryptPlans(store, () => 'other').find('DDDD-0001')).rejects.toThrow(/another credential/);
});
