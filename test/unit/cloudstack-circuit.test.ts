import { expect, test } from 'vitest';
import { createCircuit, type CircuitOptions } from '../../src/cloudstack/circuit.ts';
import { NotSent } from '../../src/cloudstack/not-sent.ts';
import { CallError } from '../../src/errors.ts';

const down = () => Promise.reject(new CallError('timeout', 'down', ''));
const up = () => Promise.resolve();
const timeoutMs = (signal = new AbortController().signal) => ({ command: 'listZones', signal, deadline: Infinity });

const start = (options: Partial<CircuitOptions> = {}) => {
  const time = { now: 0 };
  const states: string[] = [];
  const circuit = createCircuit({
    host: 'cloud.test',
    breakerFailures: 3,
    breakerPause: 1000,
    maxWaiting: 2,
    onState: (state) => states.push(state),
    now: () => time.now,
    ...options,
  });
  const fail = (times: number, late = false): void => {
    for (let n = 0; n < times; n++) circuit.failed(circuit.begin(), late);
  };
  const refused = (run: Promise<unknown>): Promise<unknown> =>
    run.then(
      () => undefined,
      (error: unknown) => error,
    );
  return { circuit, time, states, fail, refused };
};

test('the pause doubles with each probe that fails, to six times, and begins anew after an answer', async () => {
  const { circuit, time, fail, refused, states } = start();
  fail(3);
  for (const pause of [1000, 2000, 4000, 6000, 6000]) {
    time.now += pause - 1;
    await expect(circuit.pass(timeoutMs(), up)).rejects.toThrow('nothing was sent');
    time.now += 1;
    expect(await refused(circuit.pass(timeoutMs(), down))).toBeInstanceOf(NotSent);
  }
  time.now += 6000;
  await circuit.pass(timeoutMs(), up);
  expect(circuit.isOpen()).toBe(false);
  fail(3);
  time.now += 1000;
  await circuit.pass(timeoutMs(), up);
  expect(states.slice(-6)).toEqual(['open', 'half-open', 'closed', 'open', 'half-open', 'closed']);
});

test('an early look that fails changes nothing about when it is due', async () => {
  const { circuit, time, fail, refused } = start();
  fail(3);
  for (let n = 0; n < 10; n++) await refused(circuit.pass(timeoutMs(), down, true));
  time.now += 1000;
  await circuit.pass(timeoutMs(), up);
  expect(circuit.isOpen()).toBe(false);
});

test('only so many wait for a probe; the rest hears at once that it is still open', async () => {
  const { circuit, time, fail, refused } = start();
  fail(3);
  time.now += 1000;
  let release: (() => void) | undefined;
  let probes = 0;
  const probe = () => {
    probes++;
    return new Promise<void>((resolve) => (release = resolve));
  };
  const waiting = [circuit.pass(timeoutMs(), probe), circuit.pass(timeoutMs(), probe)];
  expect(await refused(circuit.pass(timeoutMs(), probe))).toBeInstanceOf(NotSent);
  release?.();
  await Promise.all(waiting);
  expect(probes).toBe(1);
});

test('who waits for a probe leaves places to others', async () => {
  const { circuit, time, fail, refused } = start({ maxWaiting: 4 });
  fail(3);
  time.now += 1000;
  let release: (() => void) | undefined;
  const probe = () => new Promise<void>((resolve) => (release = resolve));
  const pass = (principal: string) => circuit.pass({ ...timeoutMs(), principal }, probe);
  const waiting = [pass('mallory'), pass('mallory')];
  expect(await refused(pass('mallory'))).toBeInstanceOf(NotSent);
  waiting.push(pass('alice'));
  release?.();
  await Promise.all(waiting);
  expect(circuit.isOpen()).toBe(false);
});

test('where nobody may wait, the one that begins the probe still closes it', async () => {
  const { circuit, time, fail, refused } = start({ maxWaiting: 0 });
  fail(3);
  time.now += 1000;
  let release: (() => void) | undefined;
  const first = circuit.pass(timeoutMs(), () => new Promise<void>((resolve) => (release = resolve)));
  expect(await refused(circuit.pass(timeoutMs(), up))).toBeInstanceOf(NotSent);
  release?.();
  await first;
  expect(circuit.isOpen()).toBe(false);
});

test('a late failure of a request that others overtook with an answer says nothing', () => {
  const { circuit } = start();
  const begun = [circuit.begin(), circuit.begin(), circuit.begin()];
  circuit.answered();
  for (const one of begun) circuit.failed(one, true);
  expect(circuit.isOpen()).toBe(false);
});

test('requests that were late together count each, broken connections once', () => {
  for (const [late, isOpen] of [
    [true, true],
    [false, false],
  ] as const) {
    const { circuit } = start();
    const begun = [circuit.begin(), circuit.begin(), circuit.begin()];
    for (const one of begun) circuit.failed(one, late);
    expect(circuit.isOpen()).toBe(isOpen);
  }
});

test('an answer that arrives after it has opened does not close it: only a probe does', () => {
  const { circuit, fail } = start();
  fail(3);
  circuit.answered();
  expect(circuit.isOpen()).toBe(true);
});

test('it can be switched off', () => {
  const { circuit, fail } = start({ breakerFailures: 0 });
  fail(1000);
  expect(circuit.isOpen()).toBe(false);
});

test('a bug in the probe looks like one', async () => {
  const { circuit, time, fail } = start();
  fail(3);
  time.now += 1000;
  await expect(circuit.pass(timeoutMs(), () => Promise.reject(new TypeError('bug')))).rejects.toThrow(TypeError);
  expect(circuit.isOpen()).toBe(true);
});

test('who has given up already waits for nothing', async () => {
  const { circuit, time, fail } = start();
  fail(3);
  time.now += 1000;
  await expect(circuit.pass(timeoutMs(AbortSignal.abort()), down)).rejects.toThrow('cancelled before it was sent');
});
