import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { commands } from '../../src/cli/commands.ts';
import { runCommand, startCloud, type Cloud } from '../support/harness.ts';

const folder = mkdtempSync(join(tmpdir(), 'cloudstack-given-'));
let cloud: Cloud;
beforeAll(async () => {
  cloud = await startCloud();
});
afterAll(async () => {
  await cloud.close();
  rmSync(folder, { recursive: true });
});

const file = (name: string, content: string | Buffer): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const run = (argv: string[], input?: string | Buffer) =>
  runCommand(argv, { env: cloud.env, ...(input === undefined ? {} : { input }) });

const where = file('where', "name = 'Frankfurt'\r\n");
const names = file('names', '\ufeffname\n');
const args = file('args.json', '{"name": "Frankfurt"}\n');

test.each<[what: string, argv: string[], input: string | undefined, output: string]>([
  [
    'an expression, without the line end',
    ['call', 'list-zones', '--where', `@${where}`, '--fields', 'name', '-o', 'csv'],
    undefined,
    'name\nFrankfurt\n',
  ],
  [
    'with an equals sign',
    ['call', 'list-zones', `--where=@${where}`, '--fields', 'name', '-o', 'csv'],
    undefined,
    'name\nFrankfurt\n',
  ],
  [
    'fields, after a byte order mark',
    ['call', 'list-zones', 'name=Frankfurt', '--fields', `@${names}`, '-o', 'csv'],
    undefined,
    'name\nFrankfurt\n',
  ],
  [
    'all parameters',
    ['call', 'list-zones', '--json', `@${args}`, '--fields', 'name', '-o', 'csv'],
    undefined,
    'name\nFrankfurt\n',
  ],
  [
    'all parameters from standard input',
    ['call', 'list-zones', '--json', '@-', '--fields', 'name', '-o', 'csv'],
    '{"name":"Frankfurt"}',
    'name\nFrankfurt\n',
  ],
  [
    'one parameter from standard input',
    ['call', 'list-zones', 'name=@-', '--fields', 'name', '-o', 'csv'],
    'Frankfurt',
    'name\nFrankfurt\n',
  ],
  [
    'a flag with choices',
    ['call', 'list-zones', 'name=Frankfurt', '--fields', 'name', '-o', '@-'],
    'csv\n',
    'name\nFrankfurt\n',
  ],
  [
    'a setting',
    ['call', 'list-zones', 'name=Frankfurt', '--fields', 'name', '-o', 'csv', '--retries', '@-'],
    '0',
    'name\nFrankfurt\n',
  ],
  ['words of a search', ['tools', 'find', '@-', '--json'], 'resize a disk', 'resizeVolume'],
  ['a tool', ['tools', 'show', '@-'], 'resize-volume\n', 'resizeVolume'],
  ['a script by standard input', ['script', 'run', '-'], 'return 6 * 7;', '42'],
  [
    'a plan by standard input',
    ['plan', 'make', '-'],
    '[{"tool":"create-affinity-group","arguments":{"name":"a","type":"host anti-affinity"}}]',
    'createAffinityGroup',
  ],
  ['two @ are one', ['call', 'list-zones', '--where', '@@x = 1'], undefined, ''],
])('%s', async (_what, argv, input, output) => {
  const { status, stdout, stderr } = await run(argv, input);
  if (output) expect(`${stdout}${status ? stderr : ''}`).toContain(output);
  else expect(stderr).toContain('"@x = 1" cannot be read');
});

mkdirSync(join(folder, 'sub'));
const large = file('large', Buffer.alloc(16 * 2 ** 20 + 1, 'a'));
const wrong: [what: string, value: string, input: string | Buffer | undefined, message: RegExp][] = [
  [
    'a missing file',
    `@${folder}/none`,
    undefined,
    /none cannot be read: there is no such file\.\nA text that begins with an @ is written with two/,
  ],
  ['a folder', `@${folder}/sub`, undefined, /that is a folder/],
  ['a large file', `@${large}`, undefined, /larger than 16 MiB/],
  ['large input', '@-', Buffer.alloc(16 * 2 ** 20 + 1, 'a'), /Standard input is larger than 16 MiB/],
  [
    'binary',
    `@${file('icon.png', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0xff]))}`,
    undefined,
    /icon\.png is not text\.\nGive it in base64/,
  ],
  ['zeros', `@${file('zeros', Buffer.from('a\0b'))}`, undefined, /is not text/],
  ['binary input', '@-', Buffer.from([0x1f, 0x8b, 0x08]), /Standard input is not text/],
  ['UTF-16', `@${file('wide', Buffer.from('\ufeffa', 'utf16le'))}`, undefined, /UTF-16, as PowerShell's > writes it/],
];
const doors: [name: string, argv: (value: string) => string[]][] = [
  ['a parameter', (value) => ['call', 'list-zones', `name=${value}`]],
  ['--json', (value) => ['call', 'list-zones', '--json', value]],
  ['a flag', (value) => ['call', 'list-zones', '--where', value]],
  ['an argument', (value) => ['tools', 'find', value]],
  ['an input of a script', (value) => ['script', 'run', file('s.js', 'return 1;'), `a=${value}`]],
];

for (const [at, [what, value, input, message]] of wrong.entries())
  // What is wrong comes through every door in turn; a missing file through each.
  test.each(at === 0 ? doors : [doors[at % doors.length]!])(
    `${what} for %s is refused before anything is sent`,
    async (_door, argv) => {
      cloud.calls.splice(0);
      const { status, stderr } = await run(argv(value), input);
      expect(status).toBe(2);
      expect(stderr).toMatch(message);
      expect(cloud.calls).toEqual([]);
    },
  );

test('with -o json the error is JSON', async () => {
  const { stderr } = await run(['call', 'list-zones', '-o', 'json', '--where', `@${folder}/none`]);
  expect(JSON.parse(stderr)).toMatchObject({ error: { kind: 'invalid' } });
});

test('what is completed is not read', async () => {
  expect(Object.keys(commands)).toContain('completion');
  const { status, stderr } = await run(['completion', 'bash', '--', 'call', 'list-zones', `@${folder}/none`]);
  expect([status, stderr]).toEqual([0, '']);
});
