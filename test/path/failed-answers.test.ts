import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { AuditEntry } from '../../src/audit/entry.ts';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { CallError } from '../../src/errors.ts';
import { openApp, requestOf, requiredOf, uuid, type Answers } from '../guard/counting.ts';

const consent: Parameters<typeof requestOf>[2] = {
  consent: ({ digest, phrase }) =>
    Promise.resolve({ action: 'accept', confirm: true, phrase, digest, nonce: crypto.randomUUID(), by: 'terminal' }),
};
const failureOf = (promise: Promise<unknown>): Promise<Partial<CallError>> =>
  promise.then(
    () => ({ message: 'done' }),
    (error: unknown) => (error instanceof CallError ? error : { message: String(error) }),
  );

test('over the catalog: what answers success: false has failed, in its own words and in the audit log', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'cloudstack-failed-'));
  const audit = join(folder, 'audit.jsonl');
  const no = { success: false, displaytext: 'Backup of the host is under way' };
  const commands = loadCatalog().tools.filter(({ command: { result, params } }) => {
    const takesJob = params.some(({ name }) => name === 'jobid');
    return result === 'success' && !takesJob;
  });
  const named = new Set(commands.map(({ command }) => command.name));
  const answers: Answers = (command, { jobid }) => {
    if (command === 'queryAsyncJobResult') return { jobid, jobstatus: 1, jobresult: no };
    return named.has(command) && !loadCatalog().find(command)!.command.async ? no : undefined;
  };
  const { app, times, close } = await openApp({}, { answers, env: { CLOUDSTACK_MCP_AUDIT: audit } });
  for (const { command } of commands) {
    const { kind, message } = await failureOf(app.call(requestOf(command.name, requiredOf(command), consent)));
    expect(kind, `${command.name}: ${message}`).toBe('failed');
    expect(message, command.name).toContain(no.displaytext);
    expect(times(command.name), command.name).toBe(1);
  }
  await close();
  const entries = readFileSync(audit, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as AuditEntry);
  const results = new Map(entries.map(({ command, result }) => [command, result]));
  for (const { command, risk } of commands)
    if (risk.risk !== 'read') expect(results.get(command.name), command.name).toBe('failed');
  rmSync(folder, { recursive: true });
});

test('the same where it stands under a key, as text, and without a reason; a row that was made says so itself', async () => {
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
