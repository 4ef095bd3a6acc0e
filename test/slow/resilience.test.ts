import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { openHost, startCloud, startFake } from '../support/harness.ts';
import { hang, id, openApp, reply, reset, settle, zones, type TestApp } from '../path/resilience-app.ts';
import { eventually } from '../support/eventually.ts';

let open: TestApp | undefined;
/** What a cloud answers to what runs as a job, and of it. */
/** In the envelope that CloudStack has for a command. */
const inEnvelope = (command: string, body: object): unknown => ({ [`${command.toLowerCase()}response`]: body });
const ofJob = (command: string): unknown =>
  inEnvelope(
    command,
    command === 'queryAsyncJobResult' ? { jobid: 'j', jobstatus: 1, jobresult: {} } : { jobid: 'j', id },
  );

const start = async (...args: Parameters<typeof openApp>): Promise<TestApp> => (open = await openApp(...args));

// Only the clock and the time-outs stand still: files and promises go on.
beforeEach(() => void vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'] }));
afterEach(async () => {
  vi.useRealTimers();
  await open?.app.close();
  open = undefined;
});

/** Lets time pass until the promise has settled; gives the milliseconds it took. */
const pass = async (promise: Promise<unknown>, step = 500): Promise<number> => {
  const begun = Date.now();
  let done = false;
  promise.then(
    () => (done = true),
    () => (done = true),
  );
  await settle();
  while (!done) {
    await vi.advanceTimersByTimeAsync(step);
    await settle();
  }
  return Date.now() - begun;
};

const breaker = { breakerFailures: 5, breakerPause: 10_000 };
/** Opens the circuit of profile `one`. */
const breakIt = async (app: TestApp): Promise<void> => {
  for (let n = 0; n < 5; n++) await app.failing(app.read());
  app.sent.length = 0;
};

describe('circuit', () => {
  test.each([
    ['a broken connection', reset],
    ['a bad gateway', () => reply('<h1>Bad Gateway</h1>', 502)],
    ['a page that is no CloudStack', () => reply('<html>Welcome</html>')],
    ['no server', () => Promise.reject(Object.assign(new Error('x'), { code: 'ECONNREFUSED' }))],
  ])('%s: after so many in a row nothing leaves, neither reads nor changes', async (_what, answer) => {
    const app = await start(answer, breaker);
    await breakIt(app);
    const errors = await Promise.all([
      ...Array.from({ length: 50 }, () => app.failing(app.read())),
      ...Array.from({ length: 50 }, () => app.failing(app.deploy())),
    ]);
    expect(app.sent).toEqual([]);
    for (const { kind, message, hint } of errors) {
      expect(kind).toBe('unavailable');
      expect(message).toMatch(/one\.test has not answered 5 times in a row; nothing was sent$/);
      expect(hint).toContain('next probe is in 10 s');
    }
    expect(app.seen.filter(({ type: what }) => what === 'circuit')).toEqual([
      { type: 'circuit', profile: 'one', state: 'closed' },
      { type: 'circuit', profile: 'one', state: 'open' },
    ]);
  });

  test('time-outs open it too, also those of changes', async () => {
    const app = await start((_command, stop) => hang(stop), breaker);
    const waiting = Promise.allSettled(Array.from({ length: 5 }, () => app.deploy()));
    await pass(waiting);
    expect((await app.failing(app.read())).message).toContain('nothing was sent');
    expect(app.sent).toEqual(Array.from({ length: 5 }, () => 'one deployVirtualMachine'));
  });

  test.each([431, 530, 531, 533, 535, 401, 503])('error %d of CloudStack itself never opens it', async (code) => {
    const app = await start(
      () => reply({ errorresponse: { errorcode: code, cserrorcode: 9999, errortext: 'no' } }, code),
      breaker,
    );
    for (let n = 0; n < 30; n++) await app.failing(n % 2 ? app.read() : app.deploy());
    expect(app.sent).toHaveLength(30);
  });

  test.each([401, 403, 413, 429])('what a proxy refuses with %d is not for the endpoint to answer', async (status) => {
    const app = await start(() => reply('<html>no</html>', status), breaker);
    for (let n = 0; n < 30; n++) await app.failing(app.read());
    expect(app.sent).toHaveLength(30);
  });

  test.each([
    ['an answer', reply(zones)],
    ['an error of CloudStack', reply({ errorresponse: { errorcode: 431, cserrorcode: 4350, errortext: 'no' } }, 431)],
  ])('%s between failures begins the count anew', async (_what, answer) => {
    let n = 0;
    const app = await start(() => (++n % 5 === 0 ? answer : reset()), breaker);
    for (let turn = 0; turn < 40; turn++) await app.read().catch(() => undefined);
    expect(app.sent).toHaveLength(40);
  });

  test('who cancels does not count', async () => {
    const app = await start((_command, stop) => hang(stop), breaker);
    for (let n = 0; n < 20; n++) {
      const stop = new AbortController();
      const reading = app.failing(app.read({ signal: stop.signal }));
      await settle();
      stop.abort();
      expect((await reading).kind).toBe('cancelled');
    }
    app.answer(() => reply(zones));
    await app.read();
    expect(app.sent).toHaveLength(21);
  });

  test('connections that break together are one failure', async () => {
    let waiting: (() => void)[] = [];
    const app = await start(
      () =>
        new Promise((_resolve, reject) => waiting.push(() => reject(Object.assign(new Error(), { code: 'EPIPE' })))),
      breaker,
    );
    const reading = Promise.allSettled(Array.from({ length: 20 }, () => app.read()));
    await settle();
    expect(waiting).toHaveLength(20);
    for (const end of waiting) end();
    await reading;
    waiting = [];
    app.answer(() => reply(zones));
    await app.read();
  });

  test('it is one for all credentials of an endpoint, and none of another endpoint', async () => {
    const app = await start((_command, _stop, { url }) => (url.includes('one.test') ? reset() : reply(zones)), breaker);
    await breakIt(app);
    await app.failing(app.read({ profile: 'same' }));
    await app.read({ profile: 'other' });
    expect(app.sent).toEqual(['other listZones']);
  });

  test('after the pause exactly one probe leaves, however many wait, and an answer lets all through', async () => {
    const app = await start(reset, breaker);
    await breakIt(app);
    vi.setSystemTime(Date.now() + 10_000);
    let release: (() => void) | undefined;
    app.answer((command) =>
      command === 'listCapabilities'
        ? new Promise((resolve) => (release = () => resolve(reply({ r: { capability: {} } }))))
        : reply(command === 'listZones' ? zones : ofJob(command)),
    );
    const reads = Promise.all(Array.from({ length: 100 }, () => app.read()));
    const change = app.deploy();
    await settle();
    expect(app.sent).toEqual(['one listCapabilities']);
    release?.();
    await Promise.all([reads, change]);
    expect(app.sent.filter((what) => what === 'one listZones')).toHaveLength(100);
    expect(app.sent.filter((what) => what === 'one deployVirtualMachine')).toHaveLength(1);
    expect(app.sent).toHaveLength(103);
    const states = app.seen.flatMap((one) => (one.type === 'circuit' ? [one.state] : []));
    expect(states).toEqual(['closed', 'open', 'half-open', 'closed']);
  });

  test('a change waits for a read to find out, and leaves once; while that fails, it does not leave', async () => {
    const app = await start(reset, breaker);
    await breakIt(app);
    vi.setSystemTime(Date.now() + 10_000);
    expect((await app.failing(app.deploy())).message).toContain('nothing was sent');
    expect(app.sent).toEqual(['one listCapabilities']);
    // The pause has doubled.
    vi.setSystemTime(Date.now() + 19_000);
    await app.failing(app.deploy());
    expect(app.sent).toEqual(['one listCapabilities']);
    vi.setSystemTime(Date.now() + 1000);
    app.answer((command) => reply(ofJob(command)));
    await app.deploy();
    const [, ...later] = app.sent;
    expect(later).toEqual(['one listCapabilities', 'one deployVirtualMachine', 'one queryAsyncJobResult']);
  });

  test('an error of CloudStack answers the probe too', async () => {
    const app = await start(reset, breaker);
    await breakIt(app);
    vi.setSystemTime(Date.now() + 10_000);
    app.answer((command) =>
      command === 'listZones'
        ? reply(zones)
        : reply({ errorresponse: { errorcode: 401, errortext: 'unable to verify' } }, 401),
    );
    await app.read();
  });

  test('who waits for a probe may give up; the probe goes on for the others', async () => {
    const app = await start(reset, breaker);
    await breakIt(app);
    vi.setSystemTime(Date.now() + 10_000);
    let release: (() => void) | undefined;
    app.answer((command) =>
      command === 'listCapabilities' ? new Promise((resolve) => (release = () => resolve(reply(zones)))) : reply(zones),
    );
    const stop = new AbortController();
    const first = app.failing(app.read({ signal: stop.signal }));
    const second = app.read();
    await settle();
    stop.abort();
    expect((await first).message).toContain('cancelled before it was sent');
    release?.();
    await second;
    expect(app.sent).toEqual(['one listCapabilities', 'one listZones']);
  });

  test('a look at the health finds out before the pause is over', async () => {
    const app = await start(reset, breaker);
    await breakIt(app);
    expect((await app.app.health())['cloudstack']).toMatchObject({ problems: ['unavailable'] });
    app.answer(() => reply(zones));
    expect((await app.app.health())['cloudstack']).toMatchObject({ status: 'ok' });
    app.sent.length = 0;
    await app.read();
    expect(app.sent).toEqual(['one listZones']);
  });

  test('retries stop when it opens, with what went wrong', async () => {
    const app = await start(reset, { ...breaker, breakerFailures: 3, retries: 10 });
    const reading = app.failing(app.read());
    await pass(reading, 10);
    expect(app.sent).toHaveLength(3);
    expect((await reading).message).toContain('ECONNRESET');
    expect(app.seen.filter(({ type: what }) => what === 'retry')).toHaveLength(2);
  });

  test('a job is still followed when it closes again', async () => {
    let polls = 0;
    const app = await start(
      (command) => {
        if (command === 'deployVirtualMachine') return reply(inEnvelope(command, { jobid: 'j', id }));
        if (command === 'listCapabilities') return reply({ r: {} });
        if (command === 'listZones') return reset();
        return reply({
          queryasyncjobresultresponse:
            ++polls < 3 ? { jobstatus: 0 } : { jobstatus: 1, jobresult: { virtualmachine: { id } } },
        });
      },
      { breakerFailures: 2, breakerPause: 1000, pollInterval: 400 },
    );
    const deploying = app.deploy({ wait: 40_000 });
    await settle();
    for (let n = 0; n < 2; n++) await app.failing(app.read());
    expect((await app.failing(app.read())).message).toContain('nothing was sent');
    await pass(deploying);
    expect((await deploying).structured).toMatchObject({ job: { status: 'succeeded' } });
    expect(app.seen.filter(({ type }) => type === 'job' || type === 'job-started')).toMatchObject([
      { type: 'job-started', command: 'deployVirtualMachine' },
      { type: 'job', command: 'deployVirtualMachine', ending: 'ok' },
    ]);
  });
});

describe('deadline', () => {
  test('a read that hangs and is tried again ends before the time is up', async () => {
    const app = await start((_command, stop) => hang(stop), { retries: 3 });
    const reading = app.failing(app.read());
    expect(await pass(reading)).toBeLessThanOrEqual(55_000);
    expect(app.sent).toHaveLength(2);
    expect(await reading).toMatchObject({ kind: 'timeout' });
    expect((await reading).message).toContain('all that was left for the call');
    expect(app.seen.filter(({ type: what }) => what === 'retry')).toHaveLength(1);
  });

  test('no retry begins when there is not a time for its answer', async () => {
    const app = await start((_command, stop) => hang(stop), { retries: 3, callTimeout: 30_500 });
    const reading = app.failing(app.read());
    expect(await pass(reading)).toBeLessThanOrEqual(30_500);
    expect(app.sent).toHaveLength(1);
  });

  test('a change whose time ran out while it waited for a connection was not sent, and never is', async () => {
    const app = await start((_command, stop) => hang(stop), {
      connections: 1,
      timeout: 100_000,
      callTimeout: 20_000,
    });
    const reading = app.failing(app.read({ deadline: Date.now() + 90_000 }));
    await settle();
    const changing = app.failing(app.deploy());
    expect(await pass(changing)).toBeLessThanOrEqual(20_000);
    expect(await changing).toMatchObject({ kind: 'timeout' });
    expect((await changing).message).toContain('nothing was sent');
    await pass(reading);
    expect(app.sent).toEqual(['one listZones']);
  });

  test('a door may set its own deadline, and a late one is not sent', async () => {
    const app = await start(() => reply({ r: { id } }));
    expect((await app.failing(app.deploy({ deadline: Date.now() + 10 }))).message).toContain('nothing was sent');
    expect(app.sent).toEqual([]);
  });

  test('the time that a human takes does not count', async () => {
    const app = await start((command) =>
      reply(
        command === 'listVirtualMachines' ? { r: { count: 1, virtualmachine: [{ id, name: 'web' }] } } : ofJob(command),
      ),
    );
    const destroying = app.call('stop-virtual-machine', {
      args: { id, forced: true },
      consent: (question) => {
        vi.setSystemTime(Date.now() + 240_000);
        const { digest, phrase } = question;
        return Promise.resolve({ action: 'accept', confirm: true, phrase, digest, nonce: 'n', by: 'elicitation' });
      },
    });
    await destroying;
    expect(app.sent).toContain('one stopVirtualMachine');
  });

  test('a job is handed out as pending in time, however long its caller would wait', async () => {
    const app = await start((command) =>
      reply(inEnvelope(command, command === 'queryAsyncJobResult' ? { jobstatus: 0 } : { jobid: 'j', id })),
    );
    const deploying = app.deploy({ wait: 3_600_000 });
    // With time left for the way back.
    expect(await pass(deploying)).toBeLessThanOrEqual(54_000);
    expect((await deploying).structured).toMatchObject({ job: { id: 'j', status: 'pending' } });
  });
});

describe('too much at once', () => {
  test('1,000 reads of one principal over two connections: seven are answered, the others refused at once', async () => {
    let running = 0;
    let maximum = 0;
    let release: (() => void)[] = [];
    const app = await start(
      async () => {
        maximum = Math.max(maximum, ++running);
        await new Promise<void>((resolve) => release.push(resolve));
        running--;
        return reply(zones);
      },
      { connections: 2, maxWaiting: 10, retries: 3 },
    );
    const refused: unknown[] = [];
    const reads = Array.from({ length: 1000 }, (_, n) =>
      app.read({ profile: n % 2 ? 'one' : 'same' }).catch((error: unknown) => {
        refused.push(error);
      }),
    );
    await settle();
    // No time has passed, and nothing was answered yet.
    expect(refused).toHaveLength(993);
    for (const error of refused)
      expect(error).toMatchObject({
        kind: 'unavailable',
        message:
          'listZones: too many requests are waiting for this CloudStack (2 running, 5 waiting); nothing was sent',
      });
    while (release.length) {
      const now = release;
      release = [];
      for (const end of now) end();
      await settle();
    }
    const answered = await Promise.all(reads);
    expect(answered.filter(Boolean)).toHaveLength(7);
    expect(app.sent).toHaveLength(7);
    expect(maximum).toBe(2);
    const pools = app.seen.filter(({ type: what }) => what === 'pool');
    expect(pools.every((one) => one.type !== 'pool' || (one.running <= 2 && one.waiting <= 5))).toBe(true);
    expect(pools.at(-1)).toEqual({ type: 'pool', profile: 'same', running: 0, waiting: 0 });
  });

  test('what is cancelled while it waits is never sent, and leaves its place to others', async () => {
    let release: (() => void) | undefined;
    const app = await start(
      (command) =>
        command === 'listZones' && !release
          ? new Promise((resolve) => (release = () => resolve(reply(zones))))
          : reply({ r: { id } }),
      { connections: 1, maxWaiting: 1 },
    );
    const reading = app.read();
    await settle();
    const stop = new AbortController();
    const changing = app.failing(app.deploy({ signal: stop.signal }));
    await settle();
    expect((await app.failing(app.deploy())).message).toContain('too many requests');
    stop.abort();
    expect(await changing).toMatchObject({ kind: 'cancelled' });
    const next = app.call('list-hosts');
    await settle();
    release?.();
    await Promise.all([reading, next]);
    expect(app.sent).toEqual(['one listZones', 'one listHosts']);
  });

  test('what waited while the circuit opened is not sent', async () => {
    let waiting: (() => void)[] = [];
    const app = await start(
      () =>
        new Promise((_resolve, reject) => waiting.push(() => reject(Object.assign(new Error(), { code: 'EPIPE' })))),
      { breakerFailures: 1, connections: 1 },
    );
    const reads = Array.from({ length: 20 }, () => app.failing(app.deploy()));
    await settle();
    for (const end of waiting) end();
    waiting = [];
    const [first, ...others] = await Promise.all(reads);
    expect(first!.kind).toBe('unknown-outcome');
    expect(others.every(({ message }) => message.includes('nothing was sent'))).toBe(true);
    expect(app.sent).toEqual(['one deployVirtualMachine']);
  });

  test.each([
    [
      'CloudStack’s own limit',
      () =>
        reply(
          { errorresponse: { errorcode: 429, cserrorcode: 9999, errortext: 'please retry after [3000] ms.' } },
          429,
        ),
    ],
    ['a proxy that is busy', () => reply('busy', 429, { 'retry-after': '3' })],
  ])('%s: a read waits as long as it asks, a change is told', async (_what, busy) => {
    const app = await start(busy, { retries: 2 });
    expect(await app.failing(app.deploy())).toMatchObject({
      kind: 'rate-limit',
      hint: 'It asks to wait 3 s before trying again.',
    });
    app.answer(() => {
      app.answer(() => reply(zones));
      return busy();
    });
    const reading = app.read();
    expect(await pass(reading)).toBeGreaterThanOrEqual(3000);
    await reading;
    expect(app.sent).toEqual(['one deployVirtualMachine', 'one listZones', 'one listZones']);
  });

  test('where that is later than the deadline, the read ends at once', async () => {
    const app = await start(() => reply('busy', 503, { 'retry-after': '600' }), { retries: 2 });
    const reading = app.failing(app.read());
    expect(await pass(reading)).toBe(0);
    expect(await reading).toMatchObject({ kind: 'unavailable', retryAfter: 600_000 });
    expect(app.sent).toHaveLength(1);
  });
});

describe('with a real host', () => {
  beforeEach(() => void vi.useRealTimers());

  test('a cloud that is down is left alone, and the audit says that nothing was sent', async () => {
    const fake = await startFake((_command, response) => response.socket?.resetAndDestroy());
    const host = await openHost({
      env: {
        ...fake.env,
        CLOUDSTACK_MCP_BREAKER_FAILURES: '4',
        CLOUDSTACK_MCP_DISCOVER: 'false',
        CLOUDSTACK_MCP_RETRIES: '0',
        CLOUDSTACK_MCP_CACHE: 'false',
      },
    });
    for (let n = 0; n < 10; n++) {
      const { structured } = await host.call('read', { tool: 'list-zones' });
      expect(structured['error']).toMatchObject({ kind: 'unavailable' });
    }
    const change = await host.call('change', {
      tool: 'deploy-virtual-machine',
      arguments: { zoneid: id, serviceofferingid: id, templateid: id },
    });
    expect(change.text).toContain('nothing was sent');
    expect(Object.fromEntries(fake.counts)).toEqual({ listZones: 4 });
    const last = host.audit().at(-1)!;
    expect(last).toMatchObject({ command: 'deployVirtualMachine', result: 'failed' });
    expect(last.requests).toBeUndefined();
    await host.close();
    await fake.close();
  });

  test('the simulator breaks and heals: calls fail at once, then work again by themselves', async () => {
    const cloud = await startCloud();
    const plan = (rules: object[]) =>
      cloud.simulator.fetch(
        new Request(new URL('/simulator/faults', cloud.url), { method: 'PUT', body: JSON.stringify({ rules }) }),
      );
    const host = await openHost({
      env: {
        ...cloud.env,
        CLOUDSTACK_MCP_CACHE: 'false',
        // What is read beside a first call would be counted too.
        CLOUDSTACK_MCP_DISCOVER: 'false',
        CLOUDSTACK_MCP_BREAKER_FAILURES: '3',
        CLOUDSTACK_MCP_BREAKER_PAUSE: '30',
        CLOUDSTACK_MCP_RETRIES: '0',
      },
    });
    const read = () => host.call('read', { tool: 'list-zones' });
    expect((await read()).isError).toBeUndefined();
    await plan([{ kind: 'html', status: 504 }]);
    for (let n = 0; n < 3; n++) expect((await read()).isError).toBe(true);
    const before = cloud.calls.length;
    expect((await read()).text).toContain('nothing was sent');
    expect(cloud.calls).toHaveLength(before);
    await plan([]);
    await eventually(async () => expect((await read()).isError).toBeUndefined());
    expect(cloud.calls.slice(before).map(({ command }) => command)).toEqual(['listCapabilities', 'listZones']);
    await host.close();
    await cloud.close();
  });
});
