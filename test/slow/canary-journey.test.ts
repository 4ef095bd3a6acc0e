import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { acceptAll, openHost, runCommand, startCloud, type Cloud } from '../support/harness.ts';

// C: one secret of each shape goes on a journey through what keeps or repeats a call: a plan and its file, approvals, the log, exports
// in each language, receipts, the way back. It reaches the cloud, and is read nowhere else.

const mark = 'Wanderfalke';
const secrets = {
  password: `${mark}-password &"ö/1aB`,
  userdata: Buffer.from(`#!/bin/sh\necho ${mark}-userdata > /root/x\n`.repeat(3)).toString('base64'),
  secretkey: `${mark}-secretkey-0123456789`,
};

let cloud: Cloud;
let folder: string;
let env: Record<string, string>;
beforeAll(async () => {
  cloud = await startCloud();
  folder = mkdtempSync(join(tmpdir(), 'cloudstack-journey-'));
  env = { ...cloud.env, CLOUDSTACK_MCP_STATE: folder, CLOUDSTACK_MCP_AUDIT: join(folder, 'audit.jsonl') };
});
afterAll(async () => {
  await cloud.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Ways in which the mark may stand somewhere. */
const forms = [
  mark,
  mark.toLowerCase(),
  Buffer.from(mark).toString('hex'),
  ...[0, 1, 2].map((pad) =>
    Buffer.from(`${'x'.repeat(pad)}${mark}`)
      .toString('base64')
      .slice(pad ? 4 : 0, -4),
  ),
];

const leaksIn = (what: string, text: string): string[] =>
  forms
    .filter((form) => text.includes(form))
    .map((form) => `${what}: …${text.slice(text.indexOf(form) - 60, text.indexOf(form) + 40)}`);

const filesIn = (path: string): string[] =>
  readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

const calls = [
  { tool: 'updateUser', arguments: { id: 'admin', password: secrets.password, currentpassword: secrets.password } },
  { tool: 'addVpnUser', arguments: { username: 'eve', password: secrets.password } },
  { tool: 'registerUserData', arguments: { name: 'journey', userdata: secrets.userdata } },
  { tool: 'createWebhook', arguments: { name: 'w', payloadurl: 'http://127.0.0.1:9/x', secretkey: secrets.secretkey } },
  { tool: 'updateVirtualMachine', arguments: { id: 'web-2', details: { 'x.password': secrets.password } } },
];

test('a secret goes to the cloud, and to no plan, file, approval, log, export, receipt or way back', async () => {
  const leaks: string[] = [];
  const see = (what: string, value: unknown): void => {
    leaks.push(...leaksIn(what, typeof value === 'string' ? value : JSON.stringify(value)));
  };
  const ids: string[] = [];
  for (const [how, human] of [
    ['asked in the host', acceptAll],
    ['approved at a terminal', undefined],
  ] as const) {
    const host = await openHost({ env, ...(human ? { human } : {}) });
    for (const call of calls) {
      const what = `${call.tool}, ${how}`;
      see(
        `${what}, dry run`,
        await runCommand(
          [
            'call',
            call.tool,
            ...Object.entries(call.arguments).map(
              ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
            ),
            '--dry-run',
          ],
          { env },
        ),
      );
      const first = await host.call('change', call);
      see(what, first);
      const code = /Approval code: ([A-Z0-9-]+)/.exec(first.text)?.[1];
      if (code === undefined) continue;
      see(`${what}, approve`, await runCommand(['approve'], { env }));
      see(`${what}, approve`, await runCommand(['approve', code], { env, answers: ['yes'] }));
      see(`${what}, again`, await host.call('change', call));
      see(`${what}, receipt`, await runCommand(['receipt', 'show', code], { env }));
    }
    const planned = await host.call('change', { calls, mode: 'plan' });
    see(`plan, ${how}`, planned);
    const id = (planned.structured['plan'] as { id?: string } | undefined)?.id;
    if (id !== undefined) ids.push(id);
    see(`plans, ${how}`, await runCommand(['plan', 'show'], { env }));
    await host.close();
  }
  expect(ids.length).toBeGreaterThan(0);
  for (const as of ['cmk', 'terraform', 'ansible', 'mermaid'])
    for (const id of ids)
      see(`export of a plan as ${as}`, await runCommand(['export', `plan=${id}`, '--as', as], { env }));
  const entries = readFileSync(env['CLOUDSTACK_MCP_AUDIT']!, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as { call?: string; result?: string });
  for (const { call } of entries.filter(({ result }) => result === 'done').slice(0, 8))
    for (const as of ['cmk', 'terraform', 'ansible'])
      if (call !== undefined)
        see(`export of a call as ${as}`, await runCommand(['export', `call=${call}`, '--as', as], { env }));
  for (const argv of [
    ['audit', 'tail'],
    ['audit', 'tail', '--json'],
    ['plan', 'show', ids[0]!],
  ])
    see(argv.join(' '), await runCommand(argv, { env }));
  for (const { call } of entries.filter(({ result }) => result === 'done').slice(0, 8))
    if (call !== undefined) see('undo', await runCommand(['undo', call], { env }));
  for (const file of filesIn(folder)) see(file.slice(folder.length), readFileSync(file, 'latin1'));
  expect(leaks).toEqual([]);
  // It arrived, and more than once.
  const arrived = cloud.calls.filter(({ params }) => JSON.stringify(params).includes(mark));
  expect(arrived.length).toBeGreaterThan(3);
});
