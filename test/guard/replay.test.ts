import { afterEach, expect, test, vi } from 'vitest';
import { createMemoryStore } from '../../src/store/memory.ts';
import { openApp, uuid, type Answers } from './counting.ts';
import { openRaw, type Raw, type RawAnswer } from './raw.ts';

const destroy = { tool: 'destroyVirtualMachine', arguments: { id: uuid(1) } };
const yes = { inputResponses: { confirm: { action: 'accept', content: { confirm: true } } } };
const left = 'destroyVirtualMachine';

const open: { close: () => Promise<unknown> | undefined | void }[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const one of open.splice(0).reverse()) await one.close();
});
const start = async (options: Parameters<typeof openApp>[1] = {}, sections = {}) => {
  const opened = await openApp(sections, options);
  open.push(opened);
  return opened;
};
const connect = async (...args: Parameters<typeof openRaw>) => {
  const raw = await openRaw(...args);
  open.push(raw);
  return raw;
};
const questionOf = ({ result }: RawAnswer) => {
  expect(result?.resultType).toBe('input_required');
  return result!.requestState!;
};
const kindOf = ({ result, error }: RawAnswer): string =>
  error ? 'protocol error' : result?.isError ? String(result.structuredContent?.['error'].kind) : 'done';
const answer = (raw: Raw, requestState: string, args: Record<string, unknown> = destroy, response: object = yes) =>
  raw.call('destroy', args, { ...response, requestState });

test('a yes is good once: sent twice, it leaves once', async () => {
  const { app, times } = await start();
  const raw = await connect(app);
  const state = questionOf(await raw.call('destroy', destroy));
  const answers = await Promise.all([answer(raw, state), answer(raw, state), answer(raw, state)]);
  expect(answers.map(kindOf).sort()).toEqual(['done', 'unconfirmed', 'unconfirmed']);
  expect(kindOf(await answer(raw, state))).toBe('unconfirmed');
  expect(times(left)).toBe(1);
});

test('a yes to one call is none to another', async () => {
  const { app, times } = await start();
  const raw = await connect(app);
  const state = questionOf(await raw.call('destroy', destroy));
  for (const other of [
    { tool: 'destroyVirtualMachine', arguments: { id: uuid(2) } },
    { tool: 'destroyVirtualMachine', arguments: { id: uuid(1), volumeids: [uuid(3)] } },
    { tool: 'destroyVirtualMachine', arguments: { id: uuid(1), expunge: true } },
    { tool: 'stopVirtualMachine', arguments: { id: uuid(1) } },
    { tool: 'deleteVolume', arguments: { id: uuid(1) } },
  ]) {
    expect(kindOf(await answer(raw, state, other)), JSON.stringify(other)).toBe('unconfirmed');
    expect(times(other.tool)).toBe(0);
  }
});

test('answers without a state, with a forged one, without an answer, or to no question: nothing leaves', async () => {
  const { app, times } = await start();
  const raw = await connect(app);
  expect((await raw.call('destroy', destroy, yes)).result?.resultType).toBe('input_required');
  const { app: fresh, times: freshTimes } = await start();
  const second = await connect(fresh);
  const state = questionOf(await second.call('destroy', destroy));
  const forged = `${state.slice(0, -4)}AAAA`;
  expect((await answer(second, forged)).error).toBeDefined();
  expect((await answer(second, 'v1.e30.AAAA')).error).toBeDefined();
  const tampered = state.split('.').map((part, at) =>
    at === 1
      ? Buffer.from(
          Buffer.from(part, 'base64url')
            .toString()
            .replace(/"digest":"./, '"digest":"0'),
        ).toString('base64url')
      : part,
  );
  expect((await answer(second, tampered.join('.'))).error).toBeDefined();
  for (const response of [
    {},
    { inputResponses: {} },
    { inputResponses: { confirm: { action: 'accept' } } },
    { inputResponses: { confirm: { action: 'accept', content: {} } } },
    { inputResponses: { confirm: { action: 'accept', content: { confirm: 'true' } } } },
    { inputResponses: { confirm: { action: 'accept', content: { confirm: 1 } } } },
    { inputResponses: { confirm: { action: 'decline', content: { confirm: true } } } },
    { inputResponses: { other: { action: 'accept', content: { confirm: true } } } },
  ]) {
    const result = await answer(second, state, destroy, response);
    expect(result.result?.isError ?? result.error ?? result.result?.resultType === 'input_required').toBeTruthy();
  }
  expect(times(left) + freshTimes(left)).toBe(0);
});

test('an expired state is refused', async () => {
  vi.useFakeTimers({ toFake: ['Date', 'performance'] });
  const { app, times } = await start({ env: { CLOUDSTACK_MCP_QUESTION_TIMEOUT: '1' } });
  const raw = await connect(app);
  const state = questionOf(await raw.call('destroy', destroy));
  vi.advanceTimersByTime(2100);
  expect((await answer(raw, state)).error).toBeDefined();
  expect(times(left)).toBe(0);
  // And the same call can be asked about anew.
  questionOf(await raw.call('destroy', destroy));
});

test('the state of another principal is refused, over one app', async () => {
  const { app, times } = await start();
  const alice = await connect(app, { principal: 'alice' });
  const eve = await connect(app, { principal: 'eve' });
  const state = questionOf(await alice.call('destroy', destroy));
  expect((await answer(eve, state)).error).toBeDefined();
  expect(times(left)).toBe(0);
  expect(kindOf(await answer(alice, state))).toBe('done');
});

test('the state of another replica is refused, unless they share a store; then it is good once for both', async () => {
  const one = await start();
  const two = await start();
  const state = questionOf(await (await connect(one.app)).call('destroy', destroy));
  expect((await answer(await connect(two.app), state)).error).toBeDefined();
  expect(two.times(left)).toBe(0);

  const store = createMemoryStore();
  const a = await start({ store });
  const b = await start({ store });
  const [first, second] = [await connect(a.app), await connect(b.app)];
  const shared = questionOf(await first.call('destroy', destroy));
  const kinds = await Promise.all([answer(second, shared), answer(first, shared)]);
  expect(kinds.map(kindOf).sort()).toEqual(['done', 'unconfirmed']);
  expect(a.times(left) + b.times(left)).toBe(1);
});

test('who never answers is asked once; the same call then gets an approval code, until it was answered', async () => {
  const { app, times } = await start();
  const raw = await connect(app);
  const state = questionOf(await raw.call('destroy', destroy));
  const again = await raw.call('destroy', destroy);
  expect(again.result?.isError).toBe(true);
  expect(again.result?.content?.[0]?.text).toMatch(/Approval code: [A-Z0-9]{4}-[A-Z0-9]{4}/);
  // Another call is another question.
  questionOf(await raw.call('destroy', { ...destroy, arguments: { id: uuid(2) } }));
  // The first question can still be answered; after that it is asked again.
  expect(kindOf(await answer(raw, state, destroy, { inputResponses: { confirm: { action: 'decline' } } }))).toBe(
    'unconfirmed',
  );
  questionOf(await raw.call('destroy', destroy));
  expect(times(left)).toBe(0);
});

test('an unanswered question is forgotten when it can be answered no more', async () => {
  vi.useFakeTimers({ toFake: ['Date', 'performance'] });
  const { app } = await start({ env: { CLOUDSTACK_MCP_QUESTION_TIMEOUT: '1' } });
  const raw = await connect(app);
  questionOf(await raw.call('destroy', destroy));
  expect(kindOf(await raw.call('destroy', destroy))).toBe('unconfirmed');
  vi.advanceTimersByTime(1100);
  questionOf(await raw.call('destroy', destroy));
});

test('what changed between question and yes stops the call; what hangs on it is read again after a minute', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  for (const [change, seconds] of [
    [{ state: 'Stopped' }, 1],
    [{ name: 'other' }, 1],
    [{ account: 'other' }, 1],
    [{ tags: [{ key: 'protected', value: 'true' }] }, 1],
    [{ nic: [{ id: uuid(21), ipaddress: '10.0.0.2' }] }, 1],
    [{ state: 'Stopped' }, 61],
    ['dependents', 61],
  ] as const) {
    let now: Record<string, unknown> = { id: uuid(1), name: 'web', state: 'Running', tags: [] };
    let volumes = [uuid(11)];
    const answers: Answers = (command) => {
      if (command === 'listVirtualMachines') return { count: 1, virtualmachine: [now] };
      if (command === 'listVolumes') return { count: volumes.length, volume: volumes.map((id) => ({ id, name: 'v' })) };
      return command.startsWith('list') ? {} : undefined;
    };
    const { app, times } = await start({ answers });
    const raw = await connect(app);
    const first = await raw.call('destroy', destroy);
    const state = questionOf(first);
    expect(first.result!.inputRequests!['confirm']!.params.message).toContain('1 volume (‹v›)');
    if (change === 'dependents') volumes = [uuid(11), uuid(12)];
    else now = { ...now, ...change };
    vi.setSystemTime(Date.now() + seconds * 1000);
    expect(kindOf(await answer(raw, state))).toBe('tags' in Object(change) ? 'refused' : 'unconfirmed');
    expect(times(left)).toBe(0);
  }
});
