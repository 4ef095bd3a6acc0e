import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { acceptAll, openHost, runCommand, startCloud, type Cloud, type Host } from '../support/harness.ts';

const code = `/**
 * Counts the machines of a zone.
 * @input {string} zone Name of the zone
 * @input {number} [least] Only if there are so many
 */
const machines = await cloudstack.listVirtualMachines({ zoneid: inputs.zone });
return { count: machines.length, least: inputs.least };
`;

let folder: string;
let cloud: Cloud;
let host: Host;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'scripts-'));
  writeFileSync(join(folder, 'count-machines.js'), code);
  writeFileSync(join(folder, 'notes.txt'), 'no script');
  cloud = await startCloud();
  host = await openHost({ env: { ...cloud.env, CLOUDSTACK_MCP_SCRIPT_FOLDER: folder }, human: acceptAll });
});

afterAll(async () => {
  await host.close();
  await cloud.close();
  rmSync(folder, { recursive: true });
});

test('a stored script is run by its name, with inputs in their types', async () => {
  const answer = await host.call('run-script', { name: 'count-machines', inputs: { zone: 'Frankfurt', least: '3' } });
  expect(answer.structured['result']).toMatchObject({ least: 3 });
  const wrong = await host.call('run-script', { name: 'count-machines', inputs: { least: 'few', zones: 'x' } });
  expect(wrong.text).toMatch(/there is no input zones; zone is missing; least must be a number/);
  expect((await host.call('run-script', { name: 'other' })).text).toContain('Available: count-machines.');
  expect((await host.call('run-script', { name: '../count-machines' })).isError).toBe(true);
});

test('stored scripts are found, and are prompts', async () => {
  const found = await host.call('find-tools', { query: 'count machines of a zone' });
  expect(found.text).toContain('Stored script count-machines: Counts the machines of a zone.');
  const { prompts } = await host.client.listPrompts();
  const prompt = prompts.find(({ name }) => name === 'script-count-machines');
  expect(prompt?.arguments?.map(({ name, required }) => [name, required])).toEqual([
    ['zone', true],
    ['least', false],
  ]);
  const { messages } = await host.client.getPrompt({ name: 'script-count-machines', arguments: { zone: 'Frankfurt' } });
  expect((messages[0]!.content as { text: string }).text).toContain('"zone": "Frankfurt"');
});

test('what a script takes at most is told before it runs, and nothing is sent for it', async () => {
  cloud.calls.length = 0;
  const dry = await host.call('run-script', {
    code: 'await cloudstack.listZones(); await cloudstack.createNetwork({}); await cloudstack["frob"]()',
    mode: 'dry-run',
  });
  expect(dry.text).toMatch(/^It takes at most 500 calls, 4 at once, in 300 s/);
  expect(dry.text).toContain('It names: listZones, createNetwork (change).');
  expect(dry.text).toContain('Unknown: frob.');
  expect(cloud.calls).toEqual([]);
});

test('at a terminal, stored scripts are listed, shown and run', async () => {
  const run = (...args: string[]) =>
    runCommand(['script', ...args], { env: { ...cloud.env, CLOUDSTACK_MCP_SCRIPT_FOLDER: folder } });
  expect((await run('list')).stdout).toMatch(/^count-machines [0-9a-f]{12} Counts the machines of a zone\.\n$/);
  expect((await run('show', 'count-machines')).stdout).toContain(
    'least: number (optional) - Only if there are so many',
  );
  expect((await run('run', 'count-machines', 'zone=Frankfurt')).stdout).toContain('Result: {"count":');
  const dry = await run('run', 'count-machines', 'zone=Frankfurt', '--dry-run');
  expect(dry.stdout).toContain('It names: listVirtualMachines.');
});

test('what is secret in a saved plan is on no disk in clear, and the plan is applied all the same', async () => {
  const secret = 'canary-4711-very-secret';
  const calls = [
    {
      tool: 'create-user',
      arguments: {
        account: 'admin',
        username: 'encrypted',
        firstname: 'a',
        lastname: 'b',
        email: 'a@b.example',
        password: secret,
      },
    },
  ];
  const made = await host.call('change', { calls, mode: 'plan' });
  const plan = made.structured['plan'] as Record<string, unknown>;
  const plans = join(host.folder, 'state', 'plans');
  const texts = readdirSync(plans).map((name) => readFileSync(join(plans, name), 'utf8'));
  expect(texts.length).toBeGreaterThan(0);
  expect(texts.join('')).not.toContain(secret);
  const applied = await host.call('change', { plan: plan['id'] });
  expect(applied.text).toContain('1 of 1 steps are done');
});
