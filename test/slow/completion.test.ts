import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { readBashLine, toBashReply } from '../../src/cli/bash-words.ts';
import { openHost, runCommand, startCloud, startFake, type Cloud } from '../support/harness.ts';
import { promptMs } from '../support/eventually.ts';

let cloud: Cloud;
beforeAll(async () => {
  cloud = await startCloud();
  // Loading the path for the first time takes longer here than someone who types would wait.
  await runCommand(['call', 'list-zones'], { env: cloud.env });
});
beforeEach(() => void (cloud.calls.length = 0));
afterAll(() => cloud.close());

/** What is proposed for the last of some words, without what is said of each. */
const complete = async (words: string[], env: Record<string, string> = cloud.env): Promise<string[]> => {
  const { status, stdout, stderr } = await runCommand(['completion', 'fish', '--', ...words], { env });
  expect([status, stderr], words.join(' ')).toEqual([0, '']);
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => line.split('\t')[0]!);
};

const proposed: [words: string[], some: string[], not: string[]][] = [
  [['ca'], ['call', 'catalog'], ['serve']],
  [['call', 'list-zon'], ['list-zones', 'list-zones-metrics'], []],
  [['call', 'listZon'], ['listZones', 'listZonesMetrics'], []],
  [['call', 'list-volumes', 'st'], ['state=', 'storageid='], ['id=']],
  [['call', 'list-volumes', 'state=Ready', 'st'], ['storageid='], ['state=']],
  [['call', 'list-virtual-machines', 'state=s'], ['state=Stopped', 'state=Starting'], ['state=Running']],
  [['call', 'list-templates', 'templatefilter='], ['templatefilter=self', 'templatefilter=all'], []],
  [['call', 'list-virtual-machines', 'listall='], ['listall=true', 'listall=false'], []],
  [['call', 'list-virtual-machines', 'details=nics,s'], ['details=nics,stats'], ['details=nics,nics']],
  [['call', 'list-zones', '--fields', 'id,na'], ['id,name'], []],
  [['call', 'list-zones', '-o', ''], ['table', 'json', 'yaml', 'csv'], []],
  [['call', 'list-zones', '--output=j'], ['--output=json'], []],
  [['call', 'list-zones', '--sc'], ['--scope'], []],
  [['call', 'list-zones', '--'], ['--fields', '--dry-run', '--help'], ['--simulator']],
  [['tools', ''], ['list', 'find', 'show'], []],
  [['tools', 'find', '--toolset', 'vo'], ['volume'], []],
  [['tools', 'show', 'attach-v'], ['attach-volume'], []],
  [['serve', '--transport', ''], ['stdio', 'http'], []],
  [['--tools', 'compute,net'], ['compute,network'], []],
  [['completion', ''], ['bash', 'zsh', 'fish', 'powershell'], []],
  [['help', 'ap'], ['approve'], []],
  [['call', 'no-such-tool', 'a'], [], ['all']],
  [['no-such-command', ''], [], ['stdio']],
];

test.each(proposed)('of %j: %j', async (words, some, not) => {
  const found = await complete(words);
  expect(found).toEqual(expect.arrayContaining(some));
  for (const other of not) expect(found).not.toContain(other);
  if (!some.length) expect(found).toEqual([]);
  // What data/ knows needs no cloud.
  expect(cloud.calls).toEqual([]);
});

test('names come from the cloud, of the kind that the parameter takes, and one request shows them', async () => {
  const names: [words: string[], some: string[]][] = [
    [['call', 'list-virtual-machines', 'zoneid=f'], ['zoneid=Frankfurt']],
    [['call', 'deploy-virtual-machine', 'serviceofferingid=Small'], ['serviceofferingid=Small Instance']],
    [['call', 'deploy-virtual-machine', 'templateid='], ['templateid=Ubuntu 24.04 LTS']],
    [['call', 'create-tags', 'resourcetype=UserVm', 'resourceids=web-1,web'], ['resourceids=web-1,web-2']],
    [['keys', 'show', 'al'], ['alice']],
  ];
  for (const [words, some] of names) {
    cloud.calls.length = 0;
    expect(await complete(words), words.join(' ')).toEqual(expect.arrayContaining(some));
    expect(new Set(cloud.calls.map(({ command }) => command)).size, words.join(' ')).toBe(1);
  }
  // Of what has no type beside it, nothing is known.
  expect(await complete(['call', 'create-tags', 'resourceids='])).toEqual([]);
});

test('a cloud that is not there, or that keeps one waiting, is silence; so is a configuration that is wrong', async () => {
  const words = ['call', 'list-virtual-machines', 'zoneid='];
  expect(await complete(words, {})).toEqual([]);
  expect(await complete(words, { ...cloud.env, CLOUDSTACK_API_URL: 'http://127.0.0.1:9/client/api' })).toEqual([]);
  expect(await complete(words, { ...cloud.env, CLOUDSTACK_MCP_TRANSPORT: 'pigeon' })).toEqual([]);
  const slow = await startFake(() => undefined);
  const began = Date.now();
  expect(await complete(words, slow.env)).toEqual([]);
  expect(Date.now() - began).toBeLessThan(promptMs);
  await slow.close();
});

test('profiles are completed by their names', async () => {
  const env = { ...cloud.env, CLOUDSTACK_MCP_SIMULATOR: 'true' };
  expect(await complete(['call', 'list-zones', '--profile', ''], env)).toEqual(['simulator']);
});

test('there is a script for each shell, which says where it goes; another shell is named', async () => {
  for (const shell of ['bash', 'zsh', 'fish', 'powershell']) {
    const { stdout, status } = await runCommand(['completion', shell]);
    expect(status).toBe(0);
    expect(stdout.split('\n')[0]).toMatch(/^# .*completion/);
    expect(stdout).toContain(`completion ${shell} -- `);
  }
  execFileSync('bash', ['-n'], { input: (await runCommand(['completion', 'bash'])).stdout });
  const { status, stderr } = await runCommand(['completion', 'tcsh']);
  expect(status).toBe(2);
  expect(stderr).toContain('bash, zsh, fish, powershell');
});

test('a line of bash is read as bash reads it, and what is put into it is text, whatever it holds', () => {
  const lines: [line: string, before: string[], typed: string, fixed: number][] = [
    ['prog call li', ['prog', 'call'], 'li', 0],
    ['prog call ', ['prog', 'call'], '', 0],
    ['prog call x zoneid=Fra', ['prog', 'call', 'x'], 'zoneid=Fra', 7],
    ['prog call x a=Small\\ In', ['prog', 'call', 'x'], 'a=Small In', 2],
    ["prog 'a b' c=\"d e", ['prog', 'a b'], 'c=d e', 2],
    ['prog a=b:c', ['prog'], 'a=b:c', 4],
  ];
  for (const [line, before, typed, fixed] of lines)
    expect(readBashLine(line), line).toMatchObject({ before, typed, fixed });
  const hostile = [
    '$(touch x)',
    '`id`',
    'a;b',
    'a "b" c',
    "it's",
    'a\\b',
    '*',
    '~root',
    'a&b|c',
    '#x',
    '東京 1',
    '!!',
    '{a,b}',
  ];
  for (const name of hostile)
    for (const start of ['prog call x name=', 'prog call x "name=', "prog call x 'name="]) {
      const at = readBashLine(start);
      const reply = toBashReply(`name=${name}`, at);
      if (reply === undefined) continue;
      const typed = at.quote ? `${at.quote}${reply}${at.quote}` : `name=${reply}`;
      const seen = execFileSync('bash', ['-c', `printf %s ${typed}`], { encoding: 'utf8' });
      expect(seen, typed).toBe(`name=${name}`);
    }
});

test('a host completes the same by completion/complete: tools, toolsets, values, names', async () => {
  const host = await openHost({ env: cloud.env });
  const ask = async (name: string, argument: string, value: string, args?: Record<string, string>) => {
    const { completion } = await host.client.complete({
      ref: { type: 'ref/prompt', name },
      argument: { name: argument, value },
      ...(args ? { context: { arguments: args } } : {}),
    });
    return completion;
  };
  expect((await ask('read', 'tool', 'list-zon')).values).toEqual(['list-zones', 'list-zones-metrics']);
  expect((await ask('destroy', 'tool', 'list-zon')).values).toEqual([]);
  expect((await ask('find-tools', 'toolset', 'vo')).values).toEqual(['volume']);
  expect((await ask('list-virtual-machines', 'state', 'ru')).values).toEqual(['Running']);
  expect((await ask('deploy-virtual-machine', 'zoneid', '')).values).toContain('Frankfurt');
  expect((await ask('list-tags', 'resourceid', 'web-', { resourcetype: 'UserVm' })).values).toContain('web-1');
  expect(await ask('read', 'tool', '')).toMatchObject({ hasMore: true });
  await expect(ask('no such thing', 'x', '')).rejects.toThrow('nothing to complete');
  await host.close();
});
