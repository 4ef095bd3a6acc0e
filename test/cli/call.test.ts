import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { parse } from 'yaml';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { widthOf } from '../../src/cli/width.ts';
import { runCommand, startCloud, startCommand, startFake, type Cloud } from '../support/harness.ts';
import { eventually } from '../support/eventually.ts';
import { send } from '../simulator/sign.ts';

let cloud: Cloud;
let folder: string;
beforeAll(async () => {
  cloud = await startCloud();
  folder = mkdtempSync(join(tmpdir(), 'cloudstack-call-'));
});
afterAll(async () => {
  await cloud.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => cloud.renew());
afterEach(() => cloud.calls.splice(0));

const run = (argv: string[], options: { env?: Record<string, string>; answers?: string[] } = {}) =>
  runCommand(['call', ...argv], { ...options, env: { ...cloud.env, ...options.env } });
const json = async (argv: string[]): Promise<Record<string, any>> => {
  const { stdout, stderr, status } = await run([...argv, '--output', 'json']);
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return JSON.parse(stdout) as Record<string, any>;
};
const sent = (command: string) => cloud.calls.filter((call) => call.command === command);
const firstVm = async (): Promise<{ id: string; name: string }> => {
  const { body } = await send(cloud.simulator, 'listVirtualMachines', { listall: 'true', page: '1', pagesize: '1' });
  return (body['virtualmachine'] as { id: string; name: string }[])[0]!;
};

// formats

test('a table for people: aligned, with how many of how many', async () => {
  const { status, stdout, stderr } = await run(['list-zones']);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const lines = stdout.trimEnd().split('\n');
  expect(lines[0]).toMatch(/^NAME +ID +ALLOCATION STATE +NETWORK TYPE/);
  expect(lines.at(-1)).toMatch(/^(\d+) of \1$/);
  expect(stdout).toContain('Frankfurt');
});

test('D12: names in wide characters keep the columns of a table below each other', async () => {
  const { id } = await firstVm();
  await json(['updateVirtualMachine', `id=${id}`, 'displayname=東京ウェブ サーバー 🙂']);
  const { stdout } = await run(['list-virtual-machines', 'listall=true', '--fields', 'displayname,state']);
  const [heads = '', ...lines] = stdout.trimEnd().split('\n');
  expect(stdout).toContain('東京ウェブ サーバー 🙂  ');
  for (const line of lines.slice(0, -1)) {
    const [, before = ''] = /^(.* {2})\S+$/.exec(line) ?? [];
    expect(widthOf(before), line).toBe(heads.indexOf('STATE'));
  }
});

const atTerminal = async (argv: string[], columns: number, env: Record<string, string> = {}): Promise<string> => {
  const { ended, out } = startCommand(['call', ...argv], { env: { ...cloud.env, ...env }, terminal: true, columns });
  expect(await ended).toBe(0);
  return out.stdout;
};

test('at a terminal ids are short where the next command takes them so; a pipe, wide and JSON have them whole', async () => {
  const { id, name } = await firstVm();
  const short = id.slice(0, 8);
  const table = await atTerminal(['list-virtual-machines'], 40);
  expect(table).toMatch(new RegExp(`^${name} +${short} +\\w+$`, 'm'));
  for (const line of table.split('\n')) expect(widthOf(line)).toBeLessThanOrEqual(40);
  expect(await atTerminal(['list-virtual-machines', '-o', 'wide'], 40)).toContain(id);
  expect((await run(['list-virtual-machines'])).stdout).toContain(id);
  const found = await json(['list-virtual-machines', `id=${short}`]);
  expect(found['items']).toMatchObject([{ id }]);
  // In a project, too: the table shows those.
  const { items } = (await json(['list-virtual-machines', '--where', 'project=webshop'])) as {
    items: { id: string }[];
  };
  const ofProject = items[0]!.id;
  const reboot = await run(['rebootVirtualMachine', `id=${ofProject.slice(0, 8)}`, '--dry-run']);
  expect(reboot.stdout).toContain(ofProject);
  // What its commands do not take by the beginning of an id is shown with the whole of it.
  expect(await atTerminal(['list-templates', 'templatefilter=all'], 100)).toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-/);
  const none = await run(['startVirtualMachine', 'id=00000000']);
  expect(none.stderr).toContain('there is no virtual machine "00000000"');
});

test('--watch repeats a read and tells what changed, also in JSON; a change is not watched', async () => {
  const { id, name } = await firstVm();
  const start = (...flags: string[]) =>
    startCommand(
      ['call', 'list-virtual-machines', '--fields', 'id,name,displayname', '--watch', '--every', '1', ...flags],
      {
        env: { ...cloud.env, NO_COLOR: '1' },
        terminal: true,
      },
    );
  const [watched, asJson] = [start(), start('-o', 'json')];
  await eventually(() => expect(watched.out.stdout + asJson.out.stdout).toMatch(/ of 14[^]*"items"/));
  await json(['updateVirtualMachine', `id=${id}`, 'displayname=new words']);
  await eventually(() => {
    expect(watched.out.stdout).toMatch(
      new RegExp(`^\\d\\d:\\d\\d:\\d\\d ${name}: display name \\S+ → new words$`, 'm'),
    );
    expect(asJson.out.stdout.trimEnd().split('\n')).toHaveLength(2);
  });
  expect(watched.out.stdout).not.toContain('\u001b');
  for (const { stop, ended } of [watched, asJson]) {
    stop.abort();
    expect(await ended).toBe(0);
  }
  for (const [tool, ...flags] of [['startVirtualMachine'], ['wait-for-job', 'job=x'], ['list-zones', '-o', 'csv']])
    expect((await run([tool!, `id=${id}`, '--watch', ...flags])).status).toBe(2);
  const alone = await run(['list-zones', '--every', '5']);
  expect(alone).toMatchObject({ status: 2, stdout: '' });
  expect(alone.stderr).toContain('Add --watch, or leave --every out.');
});

test('D12: a question fits into 80 columns, and its words stay whole', async () => {
  const { id } = await firstVm();
  const { stderr } = await run(['destroyVirtualMachine', `id=${id}`], { answers: ['no'] });
  const lines = stderr.split('\n').slice(
    0,
    stderr.split('\n').findIndex((line) => line.includes('[yes/no]')),
  );
  expect(lines.length).toBeGreaterThan(4);
  for (const line of lines) expect(widthOf(line), line).toBeLessThanOrEqual(80);
  const text = stderr.replace(/\s+/g, ' ');
  expect(text).toContain(`${loadCatalog().find('destroyVirtualMachine')!.summary}`);
});

test('JSON, YAML and CSV say the same', async () => {
  const value = await json(['list-zones']);
  expect(value['items']).toHaveLength(value['count'] as number);
  const yaml = await run(['list-zones', '-o', 'yaml']);
  expect(parse(yaml.stdout)).toEqual(value);
  const csv = (await run(['list-zones', '-o', 'csv'])).stdout.trimEnd().split('\n');
  expect(csv).toHaveLength((value['count'] as number) + 1);
  expect(csv[0]).toContain('id,name');
});

test.each(['json', 'yaml', 'csv', 'table'])('an empty list is an empty list in %s', async (format) => {
  const { status, stdout } = await run(['list-virtual-machines', 'name=nothing', '-o', format]);
  expect(status).toBe(0);
  if (format === 'table') expect(stdout).toMatch(/^0 of 0, all accounts and projects\nNone has that name: .*\n$/);
  if (format === 'json') expect(JSON.parse(stdout)).toMatchObject({ items: [], count: 0 });
  if (format === 'csv') expect(stdout.trim()).toMatch(/^id,/);
});

test.each([
  ['table', /^NAME +ALLOCATION STATE\n/],
  ['json', /"items": \[\n +\{\n +"name": "[^"]+",\n +"allocationstate": "Enabled"\n +\}/],
  ['yaml', /- name: .+\n +allocationstate: Enabled/],
  ['csv', /^name,allocationstate\n/],
])('--fields chooses the columns of %s', async (format, looks) => {
  const { stdout } = await run(['list-zones', '--fields', 'name, allocationstate', '-o', format]);
  expect(stdout).toMatch(looks);
  expect(stdout).not.toContain('networktype');
});

test('--fields "*" shows everything', async () => {
  const [zone] = (await json(['list-zones', '--fields', '*']))['items'] as object[];
  expect(Object.keys(zone!).length).toBeGreaterThan(8);
});

test('D7: a CSV cell is text to a spreadsheet, never a formula; numbers stay numbers', async () => {
  const name = '=HYPERLINK("http://evil.invalid","x")';
  const fake = await startFake((_name, response) =>
    response.end(
      JSON.stringify({
        listzonesresponse: {
          count: 2,
          zone: [
            { name, routerpublicinterfacemaxmtu: -1 },
            { name: '+1+cmd', routerpublicinterfacemaxmtu: 2 },
          ],
        },
      }),
    ),
  );
  const { stdout } = await runCommand(
    ['call', 'list-zones', '--fields', 'name,routerpublicinterfacemaxmtu', '-o', 'csv'],
    {
      env: { ...fake.env, CLOUDSTACK_MCP_DISCOVER: 'false' },
    },
  );
  await fake.close();
  expect(stdout.trimEnd().split('\n').slice(1)).toEqual([
    `"'=HYPERLINK(""http://evil.invalid"",""x"")",-1`,
    "'+1+cmd,2",
  ]);
});

test.each(['table', 'json', 'yaml', 'csv'])('one object in %s', async (format) => {
  const { stdout, status } = await run(['list-capabilities', '-o', format]);
  expect(status).toBe(0);
  expect(stdout).toContain(format === 'table' ? 'cloudstack version' : 'cloudstackversion');
});

test('values with commas, quotes and line breaks survive CSV', async () => {
  await run(['createAffinityGroup', 'name=a,"b"', 'type=host anti-affinity', 'description=one\ntwo']);
  const { stdout } = await run(['listAffinityGroups', 'listall=true', '--fields', 'name,description', '-o', 'csv']);
  expect(stdout).toContain('"a,""b""",one two');
});

// arguments

test('parameters come as words, in maps and rows, or as JSON; words win', async () => {
  const { id } = await firstVm();
  await json(['createTags', `resourceids=${id}`, 'resourcetype=UserVm', 'tags.env=prod', 'tags.app=a=b']);
  expect(sent('createTags')[0]!.params).toMatchObject({
    'tags[0].key': 'env',
    'tags[0].value': 'prod',
    'tags[1].value': 'a=b',
  });
  await json(
    ['deleteTags', `resourceids=${id}`, 'resourcetype=UserVm', 'tags[0].key=env', 'tags[0].value=prod'].concat(),
  ).catch(() => undefined);
  await json(['list-zones', '--json', '{"name":"x","keyword":"y"}', 'name=z']);
  expect(sent('listZones').filter(({ params }) => 'name' in params)).toMatchObject([
    { params: { name: 'z', keyword: 'y' } },
  ]);
  const { stdout } = await run([
    'deployVirtualMachine',
    'zoneid=Frankfurt',
    'serviceofferingid=Small Instance',
    'templateid=Ubuntu 24.04 LTS',
    'iptonetworklist[0].ip=10.1.1.9',
    'iptonetworklist[1].ip=10.1.1.10',
    '--dry-run',
  ]);
  expect((JSON.parse(stdout) as { params: object }).params).toMatchObject({
    'iptonetworklist[0].ip': '10.1.1.9',
    'iptonetworklist[1].ip': '10.1.1.10',
  });
});

test.each([
  ['a word without =', ['list-zones', 'name'], '"name" is not key=value'],
  ['a word without a key', ['list-zones', '=x'], '"=x" is not key=value'],
  ['JSON that is none', ['list-zones', '--json', '{name'], '--json is not JSON'],
  ['JSON that is a list', ['list-zones', '--json', '[1]'], '--json must be an object'],
  ['JSON that is null', ['list-zones', '--json', 'null'], '--json must be an object'],
  ['a wait that is no number', ['list-zones', '--wait', 'long'], '--wait long is not a number of seconds'],
  ['an unknown parameter', ['list-zones', 'nme=x'], 'has no parameter "nme"; did you mean name'],
  ['an unknown tool', ['list-zone'], 'Did you mean list-zones'],
  ['a missing parameter', ['startVirtualMachine'], 'id is missing'],
  ['an unknown profile', ['list-zones', '--profile', 'nowhere'], 'There is no profile "nowhere"'],
])('%s ends with 2 and sends nothing', async (_what, argv, message) => {
  const { status, stderr, stdout } = await run(argv, { env: { CLOUDSTACK_MCP_DISCOVER: 'false' } });
  expect(stderr).toContain(message);
  expect(status).toBe(2);
  expect(stdout).toBe('');
  expect(cloud.calls).toEqual([]);
});

test('a word like __proto__.x=1 changes nothing in the program', async () => {
  const { status } = await run(['list-zones', '__proto__.polluted=yes']);
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  expect(status).toBe(2);
});

// names

test('names stand for ids, and the answer says which', async () => {
  const { name, id } = await firstVm();
  const value = await json(['list-virtual-machines', `id=${name}`, 'zoneid=Frankfurt', 'listall=true']);
  expect(value['resolved']).toContainEqual({ parameter: 'id', name, id });
});

test('two of one name are listed, and nothing is guessed', async () => {
  const zone = 'zoneid=Frankfurt';
  const args = ['displaytext=x', 'name=twin', 'cpunumber=1', 'cpuspeed=500', 'memory=512'];
  const ids = [];
  for (let at = 0; at < 2; at++)
    ids.push(((await json(['createServiceOffering', ...args]))['item'] as { id: string }).id);
  const { status, stderr } = await run([
    'deployVirtualMachine',
    zone,
    'serviceofferingid=twin',
    'templateid=Ubuntu 24.04 LTS',
  ]);
  expect(status).toBe(2);
  expect(stderr).toContain('2 service offerings are called "twin"');
  for (const id of ids) expect(stderr).toContain(id);
  expect(stderr).toContain('Nothing was sent');
  expect(sent('deployVirtualMachine')).toEqual([]);
});

test('a name that nothing has is answered with the names that there are', async () => {
  const { name } = await firstVm();
  const { status, stderr } = await run(['startVirtualMachine', `id=${name}x`]);
  expect(status).toBe(1);
  expect(stderr).toContain(`there is no virtual machine "${name}x"`);
  // The nearest first.
  expect(stderr).toContain(`Available (data from the cloud): ‹${name}›`);
  expect(sent('startVirtualMachine')).toEqual([]);
});

test('in other letters a name is found where there is but one', async () => {
  const { name, id } = await firstVm();
  await json(['listVirtualMachines', `id=${name.toUpperCase()}`, 'listall=true']);
  expect(sent('listVirtualMachines').at(-1)!.params['id']).toBe(id);
});

// dry run

test.each([
  ['list-zones', ['name=Frankfurt'], 'listZones', 'GET'],
  ['destroyVirtualMachine', ['id=VM', 'expunge=true'], 'destroyVirtualMachine', 'POST'],
  ['deleteZone', ['id=Frankfurt'], 'deleteZone', 'POST'],
  ['startVirtualMachine', ['id=VM'], 'startVirtualMachine', 'POST'],
])('--dry-run of %s %j prints the request, unsigned; nothing but reads leaves', async (tool, args, command, method) => {
  const { name } = await firstVm();
  cloud.calls.splice(0);
  const { status, stdout, stderr } = await run([tool, ...args.map((arg) => arg.replace('VM', name)), '--dry-run']);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const shown = JSON.parse(stdout) as { command: string; method: string; params: Record<string, string> };
  expect(shown).toMatchObject({ command, method });
  for (const key of ['apiKey', 'signature', 'expires']) expect(stdout).not.toContain(key);
  expect(stdout).not.toContain(cloud.simulator.credentials.apiKey);
  if (shown.params['id']) expect(shown.params['id']).toMatch(/^[0-9a-f-]{36}$/);
  expect(cloud.calls.filter(({ command }) => !command.startsWith('list'))).toEqual([]);
  expect(sent(command).filter(({ method }) => method === 'POST')).toEqual([]);
});

test('--dry-run masks secrets, and refuses what is wrong or forbidden', async () => {
  const { id } = await firstVm();
  const masked = await run(['updateUser', `id=${id}`, 'password=hunter2', '--dry-run']);
  expect(masked.stdout).toContain('••••••');
  expect(masked.stdout).not.toContain('hunter2');
  expect((await run(['updateUser', '--dry-run'])).status).toBe(2);
  expect((await run(['startVirtualMachine', `id=${id}`, '--dry-run', '--read-only'])).status).toBe(3);
});

// exit statuses and questions

test('what CloudStack refuses ends with 1 and its own words', async () => {
  const { id } = await firstVm();
  const { status, stderr, stdout } = await run(['startVirtualMachine', `id=${id}`]);
  expect(status).toBe(1);
  expect(stderr).toContain('conflict: ');
  expect(stdout).toBe('');
});

test('a cloud that is down ends with 1', async () => {
  const fake = await startFake(() => undefined);
  await fake.close();
  const { status, stderr } = await run(['list-zones', '--retries', '0'], { env: fake.env });
  expect(status).toBe(1);
  expect(stderr).toContain('no connection to');
});

test('read-only ends with 3', async () => {
  const { id } = await firstVm();
  const { status, stderr } = await run(['stopVirtualMachine', `id=${id}`, '--read-only'], { answers: ['yes'] });
  expect(status).toBe(3);
  expect(stderr).toContain('read-only');
  expect(sent('stopVirtualMachine')).toEqual([]);
});

test('without a terminal nothing is destroyed, and the status is 3', async () => {
  const { id } = await firstVm();
  const { status, stderr } = await run(['stopVirtualMachine', `id=${id}`]);
  expect(status).toBe(3);
  expect(stderr).toContain('needs a confirmation by a person');
  expect(sent('stopVirtualMachine')).toEqual([]);
});

test.each([
  ['yes', 0, 1],
  ['y', 0, 1],
  ['YES', 0, 1],
  ['no', 3, 0],
  ['', 3, 0],
  ['yes please', 3, 0],
])('to "%s" at the terminal the status is %d', async (answer, expected, requests) => {
  const { id, name } = await firstVm();
  const { status, stderr } = await run(['stopVirtualMachine', `id=${id}`], { answers: [answer] });
  expect(stderr).toContain(name);
  expect(stderr).toContain('[yes/no]');
  expect(status).toBe(expected);
  expect(sent('stopVirtualMachine')).toHaveLength(requests);
});

test.each([
  ['NAME', 0, 1],
  ['  NAME  ', 0, 1],
  ['yes', 3, 0],
  ['', 3, 0],
])('what cannot be undone wants the name typed: "%s" ends with %d', async (typed, expected, requests) => {
  const { id, name } = await firstVm();
  const answers = [typed.replace('NAME', name)];
  const { status, stderr } = await run(['destroyVirtualMachine', `id=${id}`, 'expunge=true'], { answers });
  expect(stderr).toContain(`Type "${name}" to do it.`);
  expect(status).toBe(expected);
  expect(sent('destroyVirtualMachine')).toHaveLength(requests);
});

const asking = async (end: (running: ReturnType<typeof startCommand>) => void) => {
  const { id } = await firstVm();
  const running = startCommand(['call', 'stopVirtualMachine', `id=${id}`], { env: cloud.env, terminal: true });
  await eventually(() => expect(running.out.stderr).toContain('[yes/no]'));
  end(running);
  return running.ended;
};

test('who closes the terminal at the question has not said yes', async () => {
  expect(await asking(({ stdin }) => stdin.end())).toBe(3);
  expect(sent('stopVirtualMachine')).toEqual([]);
});

test('who stops the program at the question has not said yes', async () => {
  expect(await asking(({ stop }) => stop.abort())).toBe(3);
  expect(sent('stopVirtualMachine')).toEqual([]);
});

// jobs

test('a job is waited for, with a line of progress where a person watches', async () => {
  const slow = await startCloud({ jobMillis: 120 });
  try {
    const deploy = [
      'call',
      'deployVirtualMachine',
      'name=cli-vm',
      'zoneid=Frankfurt',
      'serviceofferingid=Small Instance',
      'templateid=Ubuntu 24.04 LTS',
    ];
    const observed = startCommand(deploy, { env: slow.env, terminal: true });
    expect(await observed.ended).toBe(0);
    expect(observed.out.stdout).toContain('succeeded after');
    expect(observed.out.stdout).toMatch(/state +Running/);
    expect(observed.out.stderr).toContain('deployVirtualMachine: job ');
    expect(observed.out.stderr).toMatch(/━━━─+ \d+ s {2}deployVirtualMachine/);
    expect(observed.out.stderr).toMatch(/\r +\r$/);

    const silent = await runCommand(['call', 'rebootVirtualMachine', 'id=cli-vm'], { env: slow.env, answers: ['yes'] });
    expect(silent.stderr).not.toContain('━');
    expect(silent.status).toBe(0);

    const returnedPending = await runCommand(['call', 'stopVirtualMachine', 'id=cli-vm', '--wait', '0', '-o', 'json'], {
      env: slow.env,
      answers: ['yes'],
    });
    const { job } = JSON.parse(returnedPending.stdout) as { job: { id: string; status: string } };
    expect(job.status).toBe('pending');
    const waited = await runCommand(['call', 'wait-for-job', `job=${job.id}`, '-o', 'json'], { env: slow.env });
    expect(JSON.parse(waited.stdout)).toMatchObject({ job: { status: 'succeeded' }, item: { state: 'Stopped' } });
    expect((await runCommand(['call', 'wait-for-job'], { env: slow.env })).status).toBe(2);
  } finally {
    await slow.close();
  }
});

test.each(['table', 'csv', 'yaml', 'json'])('a job that goes on is told as pending in %s', async (format) => {
  const slow = await startCloud({ jobMillis: 60_000 });
  try {
    const [vm] = (
      JSON.parse(
        (
          await runCommand(['call', 'listVirtualMachines', 'listall=true', 'state=Stopped', '-o', 'json'], {
            env: slow.env,
          })
        ).stdout,
      ) as { items: { id: string }[] }
    ).items;
    const { stdout, status } = await runCommand(
      ['call', 'startVirtualMachine', `id=${vm!.id}`, '--wait', '0', '-o', format],
      {
        env: slow.env,
      },
    );
    expect(status).toBe(0);
    expect(stdout).toMatch(format === 'table' ? /not done yet/ : /pending/);
  } finally {
    await slow.close();
  }
});

// secrets

test('secrets are masked on the screen; --secrets-to writes them to a new file of the owner alone', async () => {
  const shown = await run(['getUserKeys', 'id=admin'], { answers: ['yes'] });
  expect(shown.stdout).toContain('••••••');
  expect(shown.stdout).not.toContain(cloud.simulator.credentials.secretKey);

  const path = join(folder, 'keys.json');
  const { status, stdout, stderr } = await run(['getUserKeys', 'id=admin', '--secrets-to', path], { answers: ['yes'] });
  expect(status).toBe(0);
  expect(stdout).toBe('');
  expect(stderr).toContain(path);
  expect(stderr).not.toContain(cloud.simulator.credentials.secretKey);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readFileSync(path, 'utf8')).toContain(cloud.simulator.credentials.secretKey);
});

test('--secrets-to writes over no file, and asks before anything is called', async () => {
  const path = join(folder, 'kept.txt');
  writeFileSync(path, 'kept');
  const { status, stderr } = await run(['registerUserKeys', 'id=admin', '--secrets-to', path], { answers: ['yes'] });
  expect(status).toBe(1);
  expect(stderr).toContain('was not written');
  expect(readFileSync(path, 'utf8')).toBe('kept');
  // New keys that nobody could be shown would be lost.
  expect(sent('registerUserKeys')).toEqual([]);
});

test('where nothing came of a call, --secrets-to leaves no file behind', async () => {
  const path = join(folder, 'never.json');
  expect((await run(['getUserKeys', 'id=admin', '--secrets-to', path], { answers: ['no'] })).status).toBe(3);
  expect(existsSync(path)).toBe(false);
});

test('where the cloud cannot list a kind, a name is refused with what to give instead', async () => {
  const fake = await startFake((command, response) => {
    const api = [{ name: 'listVolumes', params: [{ name: 'zoneid', type: 'uuid' }] }];
    response.end(command === 'listApis' ? JSON.stringify({ r: { count: 1, api } }) : '{"r":{}}');
  });
  try {
    const { status, stderr } = await runCommand(['call', 'listVolumes', 'zoneid=Frankfurt'], { env: fake.env });
    expect(status).toBe(2);
    expect(stderr).toContain('does not list zones to look the name up');
    expect(fake.counts.get('listVolumes')).toBeUndefined();
  } finally {
    await fake.close();
  }
});

test('C09, D4, R7: a value is read from a file; user data of plain text is sent as base64', async () => {
  const path = join(folder, 'cloud-config');
  writeFileSync(path, '#cloud-config\n');
  expect((await run(['registerUserData', 'name=from-file', `userdata=@${path}`])).stdout).toContain('sent as base64');
  const sent = cloud.calls.find(({ command }) => command === 'registerUserData');
  expect(sent?.params['userdata']).toBe(Buffer.from('#cloud-config\n').toString('base64'));
  const missing = await run(['listZones', `name=@${path}-none`]);
  expect(missing.status).toBe(2);
  expect(missing.stderr).toContain('cannot be read');
  await run(['listZones', 'name=@@there']);
  expect(cloud.calls.find(({ command }) => command === 'listZones')?.params['name']).toBe('@there');
});
