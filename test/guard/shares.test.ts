import { afterEach, expect, test } from 'vitest';
import { createSharedApprovals } from '../../src/guard/shared-approvals.ts';
import { createSharedPlans, type SavedPlan } from '../../src/plan/plans.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { createCounting, openApp, requestOf, uuid, type Answers } from './counting.ts';
import { openRaw, type Raw, type RawAnswer } from './raw.ts';
import { eventually } from '../support/eventually.ts';

const open: { close: () => Promise<unknown> | undefined | void }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});
const start = async (answers?: Answers) => {
  const opened = await openApp({}, { answers });
  open.push(opened);
  const connect = async (principal: string, elicits = true): Promise<Raw> => {
    const raw = await openRaw(opened.app, { principal, elicits });
    open.push(raw);
    return raw;
  };
  return { ...opened, connect };
};
const stop = (n: number) => ({ tool: 'stopVirtualMachine', arguments: { id: uuid(n) } });
const isAsked = ({ result }: RawAnswer): boolean => result?.resultType === 'input_required';
const errorOf = ({ result }: RawAnswer) => result?.structuredContent?.['error'] as { kind: string; message: string };
const codeIn = ({ result }: RawAnswer) => /Approval code: (\S+)\./.exec(result?.content?.[0]?.text ?? '')?.[1];
const upTo = (length: number): number[] => Array.from({ length }, (_, at) => at + 1);

test('of many calls at once one principal has three dialogs open; another is asked all the same', async () => {
  const { connect, times } = await start();
  const mallory = await connect('mallory');
  const answers = await Promise.all(upTo(12).map((n) => mallory.call('destroy', stop(n))));
  expect(answers.filter(isAsked)).toHaveLength(3);
  for (const answer of answers.filter((one) => !isAsked(one)))
    expect(errorOf(answer)).toMatchObject({
      kind: 'unconfirmed',
      message: expect.stringContaining('3 questions') as string,
    });
  expect(isAsked(await (await connect('alice')).call('destroy', stop(1)))).toBe(true);
  // An answer gives the place back.
  const { requestState } = answers.find(isAsked)!.result!;
  const at = answers.findIndex(isAsked) + 1;
  const yes = { inputResponses: { confirm: { action: 'accept', content: { confirm: true } } }, requestState };
  expect((await mallory.call('destroy', stop(at), yes)).result!.isError).toBeUndefined();
  expect(isAsked(await mallory.call('destroy', stop(13)))).toBe(true);
  expect(times('stopVirtualMachine')).toBe(1);
});

test('who declined three times is not asked for a while; others are', async () => {
  const { connect, times } = await start();
  const mallory = await connect('mallory');
  for (const n of upTo(3)) {
    const { requestState } = (await mallory.call('destroy', stop(n))).result!;
    const no = { inputResponses: { confirm: { action: 'decline' } }, requestState };
    expect(errorOf(await mallory.call('destroy', stop(n), no)).kind).toBe('unconfirmed');
  }
  expect(errorOf(await mallory.call('destroy', stop(4))).message).toContain('3 questions were declined within 60 s');
  expect(isAsked(await (await connect('alice')).call('destroy', stop(4)))).toBe(true);
  expect(times('stopVirtualMachine')).toBe(0);
});

test.each([{ confirm: {} }, { confirm: { action: 'maybe' } }, { confirm: 'yes' }, {}])(
  'an answer that is none (%j) is no yes, and the same call is asked again',
  async (inputResponses) => {
    const { connect, times } = await start();
    const raw = await connect('alice');
    const { requestState } = (await raw.call('destroy', stop(1))).result!;
    const answer = await raw.call('destroy', stop(1), { inputResponses, requestState });
    expect(isAsked(answer)).toBe(false);
    expect(isAsked(await raw.call('destroy', stop(1)))).toBe(true);
    expect(times('stopVirtualMachine')).toBe(0);
  },
);

test('ids that nobody finds take no place from what waits for an approval', async () => {
  const { connect, times } = await start((command) => (command.startsWith('list') ? {} : undefined));
  const mallory = await connect('mallory', false);
  for (const n of upTo(15)) expect(errorOf(await mallory.call('destroy', stop(n))).kind).toBe('not-found');
  expect(times('stopVirtualMachine')).toBe(0);
});

test('one principal has ten places for approvals, another still gets one', async () => {
  const { connect, times } = await start();
  const mallory = await connect('mallory', false);
  const codes = await Promise.all(upTo(15).map((n) => mallory.call('destroy', stop(n))));
  expect(codes.filter(codeIn)).toHaveLength(10);
  expect(codeIn(await (await connect('alice', false)).call('destroy', stop(1)))).toBeTruthy();
  expect(times('stopVirtualMachine')).toBe(0);
});

test('more targets than a dialog shows go to the terminal, with all of them', async () => {
  const { connect, times } = await start();
  const raw = await connect('alice');
  const call = (count: number) => ({
    tool: 'destroyVirtualMachine',
    arguments: { id: uuid(1), volumeids: upTo(count).map((n) => uuid(100 + n)) },
  });
  const { message } = (await raw.call('destroy', call(6))).result!.inputRequests!['confirm']!.params;
  for (const id of call(6).arguments.volumeids) expect(message).toContain(id);
  const long = await raw.call('destroy', call(8));
  expect(errorOf(long).kind).toMatch(/unconfirmed/);
  expect(errorOf(long).message).toContain('more than a dialog shows');
  expect(codeIn(long)).toBeTruthy();
  expect(times('destroyVirtualMachine')).toBe(0);
});

test('however many take their share, whoever comes next finds a place', async () => {
  const plans = createSharedPlans(createMemoryStore());
  const approvals = createSharedApprovals(createMemoryStore());
  const save = (n: number, principal: string) =>
    plans.save({ id: `${principal}-${n}`, principal, state: 'open', made: Date.now() } as SavedPlan);
  const ask = (n: number, principal: string) =>
    approvals.open({ digest: `${principal}-${n}`, message: 'Do it?' }, { principal, host: 'h', profile: 'default' });
  for (const who of upTo(5))
    for (const n of upTo(60)) await Promise.allSettled([save(n, `mallory-${who}`), ask(n, `mallory-${who}`)]);
  await save(1, 'alice');
  await ask(1, 'alice');
  expect((await plans.list()).filter(({ principal }) => principal === 'alice')).toHaveLength(1);
  expect((await approvals.waiting()).filter(({ caller }) => caller.principal === 'alice')).toHaveLength(1);
});

test('one principal that fills the queue to the cloud keeps no other from it', async () => {
  const counting = createCounting();
  const held: (() => void)[] = [];
  const { app, close } = await openApp(
    {},
    {
      env: { CLOUDSTACK_MCP_CONNECTIONS: '1', CLOUDSTACK_MCP_MAX_WAITING: '8' },
      transport: {
        ...counting.transport,
        send: async (request, stop) => {
          await new Promise<void>((resolve) => held.push(resolve));
          return counting.transport.send(request, stop);
        },
      },
    },
  );
  open.push({ close });
  const read = (principal: string): Promise<string> =>
    app.call(requestOf('listZones', {}, { caller: { principal, host: 'test', profile: 'default' } })).then(
      () => 'done',
      (error: unknown) => (/too many requests are waiting/.test(String(error)) ? 'refused' : String(error)),
    );
  const floods = upTo(20).map(() => read('mallory'));
  await eventually(() => expect(held).toHaveLength(1));
  const others = ['alice', 'bob'].map(read);
  let over = false;
  const all = Promise.all([Promise.all(floods), Promise.all(others)]).finally(() => (over = true));
  while (!over) {
    held.shift()?.();
    await new Promise(setImmediate);
  }
  const [flood, rest] = await all;
  // One on the connection, four that wait.
  expect(flood.filter((end) => end === 'done')).toHaveLength(5);
  expect(flood.filter((end) => end === 'refused')).toHaveLength(15);
  expect(rest).toEqual(['done', 'done']);
  expect(counting.times('listZones')).toBe(7);
});

test('places in a shared store are shared out, too, however many ask at once', async () => {
  const approvals = createSharedApprovals(createMemoryStore());
  const ask = (n: number, principal: string) =>
    approvals.open({ digest: `${principal}-${n}`, message: 'Do it?' }, { principal, host: 'h', profile: 'default' });
  const done = await Promise.allSettled(upTo(40).map((n) => ask(n, 'mallory')));
  expect(done.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
  expect(await approvals.waiting()).toHaveLength(10);
  expect(await ask(1, 'alice')).toMatch(/-/);
});
