import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openApp, requestOf, type Answers } from '../guard/counting.ts';

const every = 15_000;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** An app over a cloud that answers listEvents as the test says. */
const open = async (events: Answers) => {
  const opened = await openApp(
    {},
    { cache: true, answers: (command, params) => (command === 'listEvents' ? events(command, params) : undefined) },
  );
  const call = (tool: string, args: Record<string, unknown> = {}) => opened.app.call(requestOf(tool, args));
  const isCached = async (tool: string, args?: Record<string, unknown>): Promise<boolean> =>
    (await call(tool, args)).structured['age'] !== undefined;
  const pass = async (ms: number): Promise<void> => {
    vi.advanceTimersByTime(ms);
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  };
  /** Waits for the first look at events, which comes after the first answer. */
  const begin = async (): Promise<void> => {
    await call('listPods');
    await pass(0);
  };
  return { ...opened, call, isKept: isCached, pass, begin };
};

test('an account that may not see events: nothing is kept longer than they would take to tell', async () => {
  const cloud = await open(() => ({
    errorcode: 432,
    errortext: 'The given command does not exist or is not available',
  }));
  await cloud.call('listZones');
  expect(await cloud.isKept('listZones')).toBe(true);
  await cloud.pass(every - 1);
  expect(await cloud.isKept('listZones')).toBe(true);
  await cloud.pass(1);
  expect(await cloud.isKept('listZones')).toBe(false);
  await cloud.pass(10 * every);
  // It is not asked time and again.
  expect(cloud.times('listEvents')).toBe(1);
  await cloud.pass(3_600_000);
  await cloud.call('listZones');
  expect(cloud.times('listEvents')).toBe(2);
  await cloud.close();
});

test('events that cannot be read for once: everything is dropped, and what comes then is kept shortly', async () => {
  let isBroken = false;
  const cloud = await open(() =>
    isBroken ? { errorcode: 530, errortext: 'database' } : { count: 1, event: [{ id: 'a', type: 'X' }] },
  );
  await cloud.begin();
  await cloud.call('listZones');
  expect(await cloud.isKept('listZones')).toBe(true);
  isBroken = true;
  await cloud.pass(every);
  expect(await cloud.isKept('listZones')).toBe(false);
  expect(await cloud.isKept('listZones')).toBe(true);
  await cloud.pass(every - 1);
  expect(cloud.times('listEvents')).toBe(2);
  await cloud.pass(1);
  expect(await cloud.isKept('listZones')).toBe(false);
  isBroken = false;
  // The next look comes later after each one that failed.
  await cloud.pass(2 * every);
  // Nobody looked for a while: what was kept meanwhile is dropped, what comes now is kept as long as it may be.
  expect(await cloud.isKept('listZones')).toBe(false);
  for (let turn = 0; turn < 15; turn++) await cloud.pass(every);
  expect(await cloud.isKept('listZones')).toBe(true);
  await cloud.close();
});

test('events of one moment and events that appear late are all seen; those that were seen drop nothing', async () => {
  const created = '2026-01-31T12:00:00+0000';
  let rows = [{ id: 'a', type: 'VM.START', created }];
  const cloud = await open(() => ({ count: rows.length, event: rows }));
  await cloud.begin();
  await cloud.call('listVirtualMachines');
  await cloud.pass(every);
  expect(await cloud.isKept('listVirtualMachines')).toBe(true);
  rows = [{ id: 'b', type: 'VM.STOP', created }, ...rows];
  await cloud.pass(every);
  expect(await cloud.isKept('listVirtualMachines')).toBe(false);
  await cloud.pass(every);
  expect(await cloud.isKept('listVirtualMachines')).toBe(true);
  // Written late, it stands below what was seen before.
  rows = [...rows, { id: 'c', type: 'VM.START', created: '2026-01-31T11:59:00+0000' }];
  await cloud.pass(every);
  expect(await cloud.isKept('listVirtualMachines')).toBe(false);
  await cloud.close();
});

test('an event of a type that nobody knows drops everything; one that changes nothing drops nothing', async () => {
  let rows = [{ id: 'a', type: 'VM.START' }];
  const cloud = await open(() => ({ count: rows.length, event: rows }));
  await cloud.begin();
  await cloud.call('listServiceOfferings');
  rows = [{ id: 'b', type: 'USER.LOGIN' }, ...rows];
  await cloud.pass(every);
  expect(await cloud.isKept('listServiceOfferings')).toBe(true);
  rows = [{ id: 'c', type: 'SOMETHING.NEW' }, ...rows];
  await cloud.pass(every);
  expect(await cloud.isKept('listServiceOfferings')).toBe(false);
  await cloud.close();
});

test('each class is kept as long as it says, in projects, too: their events are read along', async () => {
  const cloud = await open(() => ({ count: 0, event: [] }));
  await cloud.begin();
  const asked: [string, Record<string, unknown>, number][] = [
    ['listVirtualMachines', {}, 300],
    ['listVirtualMachines', { projectid: '-1' }, 300],
    ['listZones', {}, 900],
    ['listServiceOfferings', {}, 1800],
    ['listOsTypes', {}, 1800],
    ['listRouters', {}, 900],
  ];
  for (const [tool, args, seconds] of asked) {
    await cloud.call(tool, args);
    const at = cloud.times(tool);
    await cloud.pass(seconds * 1000 - 1000);
    const saved = await cloud.call(tool, args);
    expect([tool, saved.structured['age']]).toEqual([tool, seconds - 1]);
    await cloud.pass(1000);
    expect(await cloud.isKept(tool, args)).toBe(false);
    expect(cloud.times(tool)).toBe(at + 1);
  }
  await cloud.close();
});
