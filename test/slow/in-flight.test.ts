import { expect, test, vi } from 'vitest';
import type { Transport } from '../../src/cloudstack/transport.ts';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { openApp, requestOf, usual, uuid, type Answers, yes } from '../guard/counting.ts';
import { eventually } from '../support/eventually.ts';

/** A cloud whose answers wait until they are let go, one by one or all. */
const openGated = async (answers: Answers = () => undefined) => {
  const sent: string[] = [];
  const held: { command: string; go: () => void }[] = [];
  let gated: (command: string) => boolean = () => false;
  let broken: string | undefined;
  const transport: Transport = {
    send: async ({ url, body }, stop) => {
      const params = Object.fromEntries(new URLSearchParams(body ?? url.split('?')[1]));
      const name = params['command']!;
      sent.push(name);
      const command = loadCatalog().find(name)?.command;
      // What the cloud says is settled when it is asked, not when the answer arrives.
      const inner = answers(name, params) ?? usual(command, params);
      if (command && broken === name) throw Object.assign(new Error('reset'), { code: 'ECONNRESET' });
      if (gated(name))
        await new Promise<void>((resolve, reject) => {
          held.push({ command: name, go: resolve });
          stop
            .signal()
            .addEventListener('abort', () => reject(Object.assign(new Error('aborted'), { name: 'AbortError' })));
        });
      const status = 'errorcode' in inner ? Number(inner['errorcode']) : 200;
      return { status, headers: {}, body: JSON.stringify({ [command?.wrapper ?? 'response']: inner }) };
    },
    close: () => Promise.resolve(),
  };
  const opened = await openApp({ policy: { protect: false } }, { cache: true, transport });
  const times = (command: string): number => sent.filter((one) => one === command).length;
  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) await new Promise(setImmediate);
  };
  return {
    ...opened,
    times,
    until,
    held,
    gate: (which: (command: string) => boolean) => void (gated = which),
    /** The connection breaks after this command was sent. */
    breakAt: (command: string) => void (broken = command),
    release: () => held.splice(0).forEach(({ go }) => go()),
    call: (tool: string, args: Record<string, unknown> = {}, signal = new AbortController().signal) =>
      opened.app.call(requestOf(tool, args, { consent: yes, view: { fields: ['*'] }, signal })),
  };
};

const isZones = (command: string): boolean => command === 'listZones';

test('a hundred equal reads at once are one request', async () => {
  const cloud = await openGated();
  cloud.gate(isZones);
  const calls = Array.from({ length: 100 }, () => cloud.call('listZones'));
  await cloud.until(() => cloud.held.length > 0);
  cloud.release();
  const outcomes = await Promise.all(calls);
  expect(cloud.times('listZones')).toBe(1);
  expect(new Set(outcomes.map(({ structured }) => JSON.stringify(structured))).size).toBe(1);
  await cloud.close();
});

test('one that gives up leaves the others their answer; when all do, the request ends', async () => {
  const cloud = await openGated();
  cloud.gate(isZones);
  const [first, second, third] = [new AbortController(), new AbortController(), new AbortController()];
  const calls = [first, second, third].map(({ signal }) => cloud.call('listZones', {}, signal));
  await cloud.until(() => cloud.held.length > 0);
  first.abort();
  await expect(calls[0]).rejects.toMatchObject({ kind: 'cancelled' });
  cloud.release();
  await expect(calls[1]).resolves.toBeDefined();
  await expect(calls[2]).resolves.toBeDefined();
  expect(cloud.times('listZones')).toBe(1);

  const both = [new AbortController(), new AbortController()];
  const given = both.map(({ signal }) => cloud.call('listPods', {}, signal));
  cloud.gate((command) => command === 'listClusters');
  await Promise.all(given);
  const stopped = both.map(({ signal }) => cloud.call('listClusters', {}, signal));
  await cloud.until(() => cloud.held.length > 0);
  for (const one of both) one.abort();
  for (const one of stopped) await expect(one).rejects.toMatchObject({ kind: 'cancelled' });
  cloud.gate(() => false);
  // Nothing of the request that was given up is left for the next.
  await expect(cloud.call('listClusters')).resolves.toBeDefined();
  expect(cloud.times('listClusters')).toBe(2);
  await cloud.close();
});

test('one whose time is up leaves those that have more of it their answer', async () => {
  const cloud = await openGated();
  cloud.gate(isZones);
  const zones = (milliseconds: number) =>
    cloud.app.call(requestOf('listZones', {}, { deadline: Date.now() + milliseconds }));
  // What is loaded with the first call takes of its time.
  await cloud.call('listPods');
  const first = zones(2000);
  await cloud.until(() => cloud.held.length > 0);
  const second = zones(60_000);
  await expect(first).rejects.toMatchObject({ kind: 'timeout' });
  await cloud.until(() => cloud.held.length > 1);
  cloud.release();
  await expect(second).resolves.toBeDefined();
  expect(cloud.times('listZones')).toBe(2);
  await cloud.close();
});

test('an error reaches all that wait, and is not kept', async () => {
  let isBroken = true;
  const cloud = await openGated((command) =>
    command === 'listZones' && isBroken ? { errorcode: 431, errortext: 'no' } : undefined,
  );
  cloud.gate(isZones);
  const calls = [cloud.call('listZones'), cloud.call('listZones')];
  await cloud.until(() => cloud.held.length > 0);
  cloud.release();
  for (const one of calls) await expect(one).rejects.toMatchObject({ kind: 'invalid' });
  isBroken = false;
  cloud.gate(() => false);
  await expect(cloud.call('listZones')).resolves.toBeDefined();
  expect(cloud.times('listZones')).toBe(2);
  await cloud.close();
});

test('an answer that was on its way while something changed is given, and not kept', async () => {
  let state = 'before';
  const cloud = await openGated((command) =>
    command === 'listZones' ? { count: 1, zone: [{ id: uuid(1), name: state }] } : undefined,
  );
  cloud.gate(isZones);
  const slow = cloud.call('listZones');
  await cloud.until(() => cloud.held.length > 0);
  state = 'after';
  cloud.gate(() => false);
  await cloud.call('updateZone', { id: uuid(1), name: 'after' });
  cloud.gate(isZones);
  // Who asks after the change does not wait for the answer from before it.
  const next = cloud.call('listZones');
  await cloud.until(() => cloud.held.length > 1);
  cloud.release();
  expect((await slow).text).toContain('before');
  expect((await next).text).toContain('after');
  cloud.gate(() => false);
  const reads = cloud.times('listZones');
  const last = await cloud.call('listZones');
  expect(last.text).toContain('after');
  expect(last.structured['age']).toBe(0);
  expect(cloud.times('listZones')).toBe(reads);
  await cloud.close();
});

test('while a change is on its way, and after one whose outcome is unknown, nothing that it touches is kept', async () => {
  const cloud = await openGated();
  cloud.gate((command) => command === 'updateZone');
  const change = cloud.call('updateZone', { id: uuid(1), name: 'x' });
  await cloud.until(() => cloud.held.length > 0);
  for (let turn = 0; turn < 3; turn++)
    expect((await cloud.call('listZones', { id: uuid(1) })).structured['age']).toBeUndefined();
  const reads = cloud.times('listZones');
  cloud.release();
  await change;
  await cloud.call('listZones', { id: uuid(1) });
  expect((await cloud.call('listZones', { id: uuid(1) })).structured['age']).toBe(0);
  expect(cloud.times('listZones')).toBe(reads + 1);

  cloud.breakAt('updateZone');
  await expect(cloud.call('updateZone', { id: uuid(1), name: 'y' })).rejects.toMatchObject({ kind: 'unknown-outcome' });
  for (let turn = 0; turn < 3; turn++)
    expect((await cloud.call('listZones', { id: uuid(1) })).structured['age']).toBeUndefined();
  await cloud.close();
});

test('a job that was handed out: until its end was seen, nothing that it touches is kept', async () => {
  let status = 0;
  const cloud = await openGated((command, params) =>
    command === 'queryAsyncJobResult'
      ? { jobid: params['jobid'], jobstatus: status, jobresult: { success: true } }
      : undefined,
  );
  const list = () => cloud.call('listVirtualMachines', { listall: true });
  await list();
  const pending = await cloud.app.call(requestOf('startVirtualMachine', { id: uuid(7) }, { consent: yes, wait: 0 }));
  const { id } = pending.structured['job'] as { id: string };
  for (let turn = 0; turn < 2; turn++) expect((await list()).structured['age']).toBeUndefined();
  await cloud.call('queryAsyncJobResult', { jobid: id });
  expect((await list()).structured['age']).toBeUndefined();
  status = 1;
  await cloud.call('queryAsyncJobResult', { jobid: id });
  expect((await list()).structured['age']).toBeUndefined();
  expect((await list()).structured['age']).toBe(0);
  // Offerings had nothing to do with it all the time; a job that nobody here knows may have changed anything.
  await cloud.call('listServiceOfferings');
  await cloud.call('queryAsyncJobResult', { jobid: id });
  expect((await cloud.call('listServiceOfferings')).structured['age']).toBe(0);
  await cloud.call('queryAsyncJobResult', { jobid: uuid(99) });
  expect((await cloud.call('listServiceOfferings')).structured['age']).toBeUndefined();
  await cloud.close();
});

test('a slow answer: events are looked at until it comes and from then on', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  let rows = [{ id: 'a', type: 'VM.START' }];
  const cloud = await openGated((command) =>
    command === 'listEvents' ? { count: rows.length, event: rows } : undefined,
  );
  try {
    cloud.gate(isZones);
    const slow = cloud.call('listZones');
    await cloud.until(() => cloud.held.length > 0);
    // Nothing is kept yet.
    vi.advanceTimersByTime(15_000);
    await new Promise((resolve) => setImmediate(resolve));
    cloud.release();
    await slow;
    cloud.gate(() => false);
    expect((await cloud.call('listZones')).structured['age']).toBe(0);
    rows = [{ id: 'b', type: 'ZONE.EDIT' }, ...rows];
    vi.advanceTimersByTime(15_000);
    const reads = cloud.times('listZones');
    await eventually(async () => {
      await cloud.call('listZones');
      expect(cloud.times('listZones')).toBeGreaterThan(reads);
    });
  } finally {
    vi.useRealTimers();
    await cloud.close();
  }
});
