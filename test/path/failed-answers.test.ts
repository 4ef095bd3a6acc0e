import { expect, test } from 'vitest';
import { CallError } from '../../src/errors.ts';
import { openApp, requestOf, uuid, yes } from '../guard/counting.ts';

const consent = { consent: yes };
const failureOf = (promise: Promise<unknown>): Promise<Partial<CallError>> =>
  promise.then(
    () => ({ message: 'done' }),
    (error: unknown) => (error instanceof CallError ? error : { message: String(error) }),
  );

test('R4: what answers success: false has failed, where it stands under a key, as text, and without a reason; a row that was made says so itself', async () => {
  const vm = { virtualmachineid: uuid(7) };
  const tries: [command: string, args: Record<string, unknown>, body: Record<string, unknown>, expected: RegExp][] = [
    ['createConsoleEndpoint', vm, { consoleendpoint: { success: false, details: 'VM is stopped' } }, /VM is stopped/],
    ['archiveEvents', { ids: [uuid(7)] }, { success: 'false' }, /without a reason/],
    ['archiveEvents', { ids: [uuid(7)] }, { success: 'true' }, /^done$/],
    [
      'executeWebhookDelivery',
      { id: uuid(7) },
      { webhookdelivery: { id: uuid(3), success: false, response: '404' } },
      /^done$/,
    ],
  ];
  for (const [command, args, body, expected] of tries) {
    const { app, close } = await openApp(
      {},
      {
        answers: (name, { jobid }) =>
          name === 'queryAsyncJobResult'
            ? { jobid, jobstatus: 1, jobresult: body }
            : name === command
              ? body
              : undefined,
      },
    );
    expect((await failureOf(app.call(requestOf(command, args, consent)))).message, command).toMatch(expected);
    await close();
  }
});

test('the state of another job than was asked for is not taken', async () => {
  const { app, times, close } = await openApp(
    {},
    {
      answers: (command) =>
        command === 'queryAsyncJobResult' ? { jobid: uuid(3), jobstatus: 1, jobresult: { success: true } } : undefined,
    },
  );
  const start = await failureOf(app.call(requestOf('startVirtualMachine', { id: uuid(7) }, consent)));
  expect(start).toMatchObject({ kind: 'unknown-outcome', job: uuid(2) });
  expect(times('startVirtualMachine')).toBe(1);
  const look = requestOf('queryAsyncJobResult', { jobid: uuid(2) });
  expect(await failureOf(app.call(look))).toMatchObject({ kind: 'protocol' });
  expect((await failureOf(app.call({ ...look, follow: true }))).kind).toBe('unknown-outcome');
  // Its own is taken, in any letters.
  expect((await failureOf(app.call(requestOf('queryAsyncJobResult', { jobid: uuid(3).toUpperCase() })))).message).toBe(
    'done',
  );
  await close();
});
