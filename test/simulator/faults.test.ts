import { appendFileSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createSimulator } from '../support/seeded-worlds.ts';
import { serveSimulator } from '../../src/simulator/server.ts';
import { createTestClock } from './clock.ts';
import { keeps } from './promise.ts';
import { finish, rows, send, signedRequest } from './sign.ts';
import { recordsOf, textOf } from '../../src/simulator/world/state.ts';

keeps('faults', async () => {
  const clock = createTestClock();
  const simulator = createSimulator({ clock, jobMillis: 0 });
  const { credentials } = simulator;
  const ask = (command = 'listZones') => simulator.fetch(signedRequest(credentials, command));
  const plan = (rules: object[]) =>
    simulator.fetch(
      new Request('http://simulator/simulator/faults', { method: 'PUT', body: JSON.stringify({ seed: 7, rules }) }),
    );
  await plan([{ kind: 'status', status: 503, command: 'list*', times: 1 }]);
  expect((await ask()).status).toBe(503);
  expect((await ask()).status).toBe(200);
  await plan([{ kind: 'html' }]);
  expect((await ask()).headers.get('content-type')).toBe('text/html');
  await plan([{ kind: 'truncate' }]);
  await expect((await ask()).json()).rejects.toThrow(SyntaxError);
  await plan([{ kind: 'reset' }]);
  await expect(ask()).rejects.toThrow('fetch failed');
  await plan([{ kind: 'latency', ms: 500 }]);
  const before = clock.now();
  await ask();
  expect(clock.now() - before).toBe(500);
  await plan([{ kind: 'status', status: 500, probability: 0.5 }]);
  const statuses = [];
  for (let i = 0; i < 40; i += 1) statuses.push((await ask()).status);
  expect(new Set(statuses)).toEqual(new Set([200, 500]));
  await plan([{ kind: 'clock-skew', ms: 3_600_000 }]);
  expect(
    (await send(simulator, 'listZones', { signatureversion: '3', expires: '2026-02-01T12:15:00+0000' })).status,
  ).toBe(401);
  expect((await plan([{ kind: 'gremlins' }])).status).toBe(400);
  await simulator.fetch(new Request('http://simulator/simulator/faults', { method: 'DELETE' }));
  expect((await ask()).status).toBe(200);
});

keeps('job-faults', async () => {
  const simulator = createSimulator({
    jobMillis: 0,
    faults: {
      rules: [
        { kind: 'job-fail', command: 'stop*' },
        { kind: 'job-hang', command: 'reboot*' },
      ],
    },
  });
  const [vm] = await rows(simulator, 'listVirtualMachines', { name: 'jump-host' });
  const id = String(vm?.['id']);
  expect((await finish(simulator, 'stopVirtualMachine', { id })).body).toMatchObject({
    jobstatus: 2,
    jobresultcode: 530,
  });
  expect((await finish(simulator, 'rebootVirtualMachine', { id })).body).toMatchObject({ jobstatus: 0 });
});

keeps('hang', async () => {
  const simulator = createSimulator({ faults: { rules: [{ kind: 'hang' }] } });
  const stop = new AbortController();
  const asked = simulator.fetch(
    new Request(signedRequest(simulator.credentials, 'listZones'), { signal: stop.signal }),
  );
  stop.abort();
  await expect(asked).rejects.toThrow(/abort/i);
});

keeps('served', async () => {
  const simulator = createSimulator();
  const server = await serveSimulator(simulator);
  const { pathname, search } = new URL(signedRequest(simulator.credentials, 'listZones').url);
  const url = new URL(pathname + search, server.url);
  expect(await (await fetch(url)).json()).toMatchObject({ listzonesresponse: { count: 2 } });
  const posted = await signedRequest(simulator.credentials, 'listZones', { name: 'Frankfurt' }, 'POST').text();
  const type = { 'content-type': 'application/x-www-form-urlencoded' };
  const answer = await fetch(server.url, { method: 'POST', body: posted, headers: type });
  expect(await answer.json()).toMatchObject({ listzonesresponse: { count: 1 } });
  expect((await fetch(new URL('/elsewhere', url))).status).toBe(404);
  await fetch(new URL('/simulator/faults', url), { method: 'PUT', body: '{"rules":[{"kind":"reset"}]}' });
  await expect(fetch(url)).rejects.toThrow('fetch failed');
  await server.close();
});

keeps('state', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'simulator-')), 'world.json');
  const first = createSimulator({ state: file, jobMillis: 0 });
  const [vm] = await rows(first, 'listVirtualMachines', { name: 'jump-host' });
  const id = String(vm?.['id']);
  const stub = await send(first, 'stopVirtualMachine', { id });
  first.close();
  const second = createSimulator({ state: file, jobMillis: 0 });
  expect(await rows(second, 'listVirtualMachines', { id })).toMatchObject([{ name: 'jump-host', state: 'Stopped' }]);
  expect((await send(second, 'queryAsyncJobResult', { jobid: stub.body['jobid'] })).body).toMatchObject({
    jobstatus: 2,
    jobresult: { errortext: 'job cancelled because of management server restart or shutdown' },
  });
  const made = await send(second, 'createSSHKeyPair', { name: 'fresh' });
  expect(second.world.get(made.body['keypair'].id)?.kind).toBe('SSHKeyPair');
  expect(readFileSync(file, 'utf8')).not.toContain(first.credentials.password);
  second.close();
  // What was cut off in the middle of a write is passed over, and said; what was there before stays.
  appendFileSync(file, '{"counters":[],"random":1,"rows":[{"kind":"SSHKe');
  const warnings: string[] = [];
  const third = createSimulator({ state: file, jobMillis: 0, onWarning: (text) => warnings.push(text) });
  expect(warnings).toEqual([`The simulator skips the last change in ${file}: only a part of it was written.`]);
  expect(third.world.get(made.body['keypair'].id)?.kind).toBe('SSHKeyPair');
  await send(third, 'deleteSSHKeyPair', { name: 'fresh' });
  third.close();
  const fourth = createSimulator({ state: file, jobMillis: 0, onWarning: (text) => warnings.push(text) });
  expect(warnings).toHaveLength(1);
  expect(fourth.world.get(made.body['keypair'].id)).toBeUndefined();
  expect(fourth.world.get(id)?.fields['state']).toBe('Stopped');
  // A file of the format before: one line that has all.
  const [, ...lines] = textOf(fourth.world).trimEnd().split('\n');
  const all = lines.flatMap((line) => (JSON.parse(line) as { rows: unknown[] }).rows);
  const counters = [...fourth.world.counters];
  writeFileSync(file, JSON.stringify({ format: 1, counters, random: fourth.world.random.state(), rows: all }));
  const fifth = createSimulator({ state: file, jobMillis: 0 });
  expect(textOf(fifth.world)).toBe(textOf(fourth.world));
  fifth.close();
  expect(readFileSync(file, 'utf8')).toMatch(/^\{"format":2,/);
  writeFileSync(file, '{"rows":');
  expect(() => createSimulator({ state: file })).toThrow(/is not a saved simulator/);
});

keeps('repeatable', async () => {
  const clock = createTestClock();
  const [one, two] = [createSimulator({ clock }), createSimulator({ clock })];
  const ask = async (simulator: typeof one) => (await send(simulator, 'listVirtualMachines', { listall: 'true' })).body;
  expect(await ask(one)).toEqual(await ask(two));
  expect(await ask(createSimulator({ clock, random: 5 }))).not.toEqual(await ask(one));
});

/** Changes all that can be changed in place. */
const spoil = (value: unknown): void => {
  if (typeof value !== 'object' || value === null) return;
  for (const each of Object.values(value)) spoil(each);
  Object.assign(value, { spoilt: true });
};

test('worlds that are filled from the same records share nothing that can change', () => {
  const first = createSimulator();
  const records = recordsOf(first.world);
  const second = createSimulator({ world: records });
  expect(textOf(second.world)).toBe(textOf(first.world));
  for (const table of second.world.tables.values()) for (const row of table.live()) spoil(row);
  expect(textOf(createSimulator({ world: records }).world)).toBe(textOf(first.world));
});

keeps('calls-seen', async () => {
  const calls: string[] = [];
  const simulator = createSimulator({
    onCall: ({ command, method, user, params }) => calls.push(`${method} ${command} ${user} ${params['name']}`),
  });
  await send(simulator, 'listZones', { name: 'x' });
  await send(simulator, 'listZones', {}, { apiKey: 'nobody', secretKey: 'x' });
  expect(calls).toEqual(['GET listZones admin x']);
});
