/**
 * A day in the life with CloudMonkey, driven as its wiki shows: `set`, `sync`, then `verb noun key=value`. Written for both
 * lines of it, cmk 6 (Go) and cloudmonkey 5 (Python): where they print differently, the step takes either.
 *
 * test/system/interop/main.ts starts the simulator and runs this with the connection as JSON, an empty home folder, and the client's
 * command line. Each step prints one line: `pass<TAB>step` or `fail<TAB>step<TAB>why`.
 */
import { execFile } from 'node:child_process';
import { deepStrictEqual, match, ok } from 'node:assert/strict';
import { stripVTControlCharacters } from 'node:util';

interface Run {
  status: number;
  /** What it printed, without the colours. */
  out: string;
  /** The same, and what it said beside it. */
  text: string;
}

// Answers of many commands: what a step expects of one is said by its assertions.
type Answer = Record<string, any>;

const unknown = '00000000-0000-4000-8000-000000000000';

const [json = '', home = '', ...client] = process.argv.slice(2);
const connection = JSON.parse(json) as Record<
  'url' | 'apiKey' | 'secretKey' | 'username' | 'password' | 'domain',
  string
>;

// CloudMonkey keeps its settings in the home folder, and the person's own are none of our business.
const before = [`HOME=${home}`, ...client];

const step = async (name: string, run: () => Promise<void>): Promise<void> => {
  try {
    await run();
    console.log(`pass\t${name}`);
  } catch (error) {
    console.log(`fail\t${name}\t${String(error).replace(/\s+/g, ' ')}`);
  }
};

const run = (...args: string[]): Promise<Run> =>
  new Promise((resolve) => {
    const child = execFile(
      'env',
      [...before, ...args],
      { cwd: home, timeout: 120_000, maxBuffer: 64 << 20 },
      (error, stdout, stderr) => {
        const [out, said] = [stdout, stderr].map((text) => stripVTControlCharacters(text));
        resolve({ status: error ? Number(error.code ?? 1) : 0, out: out ?? '', text: `${out}${said}` });
      },
    );
    child.stdin?.end();
  });

const done = async (...args: string[]): Promise<string> => {
  const { status, out, text } = await run(...args);
  deepStrictEqual([status, status === 0 ? '' : text], [0, '']);
  return out;
};

/** What a command answers; of a job, what it made. Version 5 prints the whole job, 6 its result. */
const answer = async (...args: string[]): Promise<Answer> => {
  const text = await done(...args);
  const start = text.indexOf('{');
  const parsed = start < 0 ? {} : (JSON.parse(text.slice(start)) as Answer);
  return parsed['jobresult'] ?? parsed;
};

const refused = async (pattern: RegExp, ...args: string[]): Promise<void> => {
  const { status, text } = await run(...args);
  deepStrictEqual([status, status === 1 ? '' : text], [1, '']);
  match(text, pattern);
};

const names = (rows: Answer[]): string[] => rows.map((row) => row['name'] as string);

const setAll = async (settings: Record<string, string>): Promise<void> => {
  for (const [key, value] of Object.entries(settings)) await done('set', key, value);
};

await step('set profile, url, username, password, domain', async () => {
  await done('set', 'profile', 'session');
  const { url, username, password, domain } = connection;
  await setAll({ url, username, password, domain, display: 'json' });
});

await step('sync with username and password: listApis', async () => {
  const found = Number(/(\d+) APIs/.exec(await done('sync'))?.[1]);
  ok(found > 800, `${found} APIs`);
});

await step('list zones with username and password', async () => {
  ok((await answer('list', 'zones'))['count'] >= 1);
});

await step('wrong password', async () => {
  await done('set', 'password', 'wrong');
  await refused(/authenticat/i, 'list', 'zones');
  await done('set', 'password', connection.password);
});

await step('set profile, apikey, secretkey; sync', async () => {
  await done('set', 'profile', 'keys');
  const { url, apiKey: apikey, secretKey: secretkey } = connection;
  await setAll({ url, apikey, secretkey });
  match(await done('sync'), /\d+ APIs/);
  ok((await answer('list', 'zones'))['count'] >= 1);
});

await step('-p: one command with another profile', async () => {
  ok((await answer('-p', 'session', 'list', 'users'))['count'] >= 1);
  await done('set', 'profile', 'keys');
});

await step('a command that the cloud does not know', async () => {
  const { text } = await run('list', 'nothings');
  match(text, /invalid list api|unknown command or API/);
});

let zone: Answer = {};
await step('list zones name=, keyword=, and none', async () => {
  zone = (await answer('listZones'))['zone'][0];
  deepStrictEqual(names((await answer('list', 'zones', `name=${zone['name']}`))['zone']), [zone['name']]);
  const part = String(zone['name']).slice(1, 5).toUpperCase();
  ok(names((await answer('list', 'zones', `keyword=${part}`))['zone']).includes(String(zone['name'])));
  deepStrictEqual(await answer('list', 'zones', 'name=nowhere'), {});
});

await step('filter=id,name', async () => {
  const [row] = (await answer('list', 'zones', 'filter=id,name'))['zone'];
  deepStrictEqual(Object.keys(row).sort(), ['id', 'name']);
});

await step('list virtualmachines page=2 pagesize=7', async () => {
  const page = await answer('list', 'virtualmachines', 'listall=true', 'page=2', 'pagesize=7');
  deepStrictEqual(page['virtualmachine'].length, 7);
  ok(page['count'] > 7);
  await refused(/page.* parameter is required/, 'list', 'virtualmachines', 'pagesize=7');
});

await step('set display table, csv', async () => {
  await done('set', 'display', 'table');
  match(await done('list', 'zones', 'filter=name,networktype'), new RegExp(`\\| *${zone['name']} *\\|`));
  await done('set', 'display', 'csv');
  match(await done('list', 'zones', 'filter=name,id'), new RegExp(String(zone['id'])));
  await done('set', 'display', 'json');
});

let template = '';
let offering = '';
let disk = '';
let networking = '';
await step('list templates, serviceofferings, diskofferings, networkofferings', async () => {
  const source = 'DefaultIsolatedNetworkOfferingWithSourceNatService';
  const id = async (key: string, ...args: string[]): Promise<string> => (await answer('list', ...args))[key][0].id;
  template = await id('template', 'templates', 'templatefilter=featured', `zoneid=${zone['id']}`);
  offering = await id('serviceoffering', 'serviceofferings', 'name=Small Instance');
  disk = await id('diskoffering', 'diskofferings', 'name=Small');
  networking = await id('networkoffering', 'networkofferings', `name=${source}`);
});

await step('a required parameter that is missing is named', async () => {
  match(await done('deploy', 'virtualmachine', `zoneid=${zone['id']}`), /Missing.*serviceofferingid/);
});

let network: Answer = {};
await step('create network', async () => {
  const made = await answer(
    'create',
    'network',
    `zoneid=${zone['id']}`,
    'name=cmk-day',
    'displaytext=a day',
    `networkofferingid=${networking}`,
  );
  network = made['network'];
  deepStrictEqual([network['state'], network['displaytext']], ['Allocated', 'a day']);
});

const machine = (): string[] => [`zoneid=${zone['id']}`, `serviceofferingid=${offering}`, `templateid=${template}`];
let web: Answer = {};
await step('deploy virtualmachine: waits for the job', async () => {
  const options = ['name=cmk1', 'displayname=web & more ~ (*)', `networkids=${network['id']}`];
  web = (await answer('deploy', 'virtualmachine', ...machine(), ...options))['virtualmachine'];
  deepStrictEqual([web['state'], web['name'], web['displayname']], ['Running', 'cmk1', 'web & more ~ (*)']);
});

await step('set asyncblock false: the stub, then query asyncjobresult', async () => {
  await done('set', 'asyncblock', 'false');
  const stub = await answer('stop', 'virtualmachine', `id=${web['id']}`);
  deepStrictEqual(Object.keys(stub), ['jobid']);
  await done('set', 'asyncblock', 'true');
  let job: Answer = {};
  for (let tries = 0; tries < 60 && !job['virtualmachine']; tries++) {
    job = await answer('query', 'asyncjobresult', `jobid=${stub['jobid']}`);
  }
  deepStrictEqual(job['virtualmachine'].state, 'Stopped');
  const started = await answer('start', 'virtualmachine', `id=${web['id']}`);
  deepStrictEqual(started['virtualmachine'].state, 'Running');
});

await step('create tags; list virtualmachines by tag', async () => {
  const tags = ['tags[0].key=role', 'tags[0].value=cmk', 'tags[1].key=day', 'tags[1].value=one two'];
  deepStrictEqual(
    (await answer('create', 'tags', `resourceids=${web['id']}`, 'resourcetype=UserVm', ...tags))['success'],
    true,
  );
  const found = await answer('list', 'virtualmachines', 'tags[0].key=day', 'tags[0].value=one two');
  deepStrictEqual(names(found['virtualmachine']), ['cmk1']);
  deepStrictEqual(await answer('list', 'virtualmachines', 'tags[0].key=role', 'tags[0].value=db'), {});
});

let volume: Answer = {};
await step('create volume, attach volume', async () => {
  const made = await answer('create', 'volume', 'name=cmk-data', `zoneid=${zone['id']}`, `diskofferingid=${disk}`);
  deepStrictEqual(made['volume'].state, 'Allocated');
  volume = (await answer('attach', 'volume', `id=${made['volume'].id}`, `virtualmachineid=${web['id']}`))['volume'];
  deepStrictEqual([volume['state'], volume['virtualmachineid']], ['Ready', web['id']]);
});

let snapshot: Answer = {};
await step('create snapshot', async () => {
  snapshot = (await answer('create', 'snapshot', `volumeid=${volume['id']}`, 'name=cmk-evening'))['snapshot'];
  deepStrictEqual(snapshot['state'], 'BackedUp');
});

let address: Answer = {};
let opened: Answer = {};
let forwarded: Answer = {};
await step('associate ipaddress, create firewallrule, create portforwardingrule', async () => {
  address = (await answer('associate', 'ipaddress', `networkid=${network['id']}`))['ipaddress'];
  const ip = `ipaddressid=${address['id']}`;
  const range = ['protocol=tcp', 'startport=443', 'endport=443', 'cidrlist=0.0.0.0/0'];
  opened = (await answer('create', 'firewallrule', ip, ...range))['firewallrule'];
  deepStrictEqual([opened['state'], opened['startport']], ['Active', 443]);
  const ports = ['protocol=tcp', 'publicport=443', 'privateport=8443', `virtualmachineid=${web['id']}`];
  forwarded = (await answer('create', 'portforwardingrule', ip, ...ports, 'openfirewall=false'))['portforwardingrule'];
  deepStrictEqual([forwarded['publicport'], forwarded['privateport']], ['443', '8443']);
});

await step('error: an id that does not exist', async () => {
  await refused(/431\D.*Invalid parameter id value=/s, 'list', 'virtualmachines', `id=${unknown}`);
});

await step('error: a job that fails', async () => {
  await refused(/431\D.*is already running/s, 'start', 'virtualmachine', `id=${web['id']}`);
});

await step('error: a limit', async () => {
  const person = ['email=amy@example.com', 'firstname=Amy', 'lastname=A', 'username=amy', 'password=s3cret'];
  const { account } = await answer('create', 'account', 'accounttype=0', ...person);
  const owner = ['account=amy', `domainid=${account.domainid}`];
  await answer('update', 'resourcelimit', ...owner, 'resourcetype=0', 'max=0');
  await refused(/535\D.*Maximum amount of resources/s, 'deploy', 'virtualmachine', ...machine(), ...owner);
  deepStrictEqual((await answer('delete', 'account', `id=${account.id}`))['success'], true);
});

await step('error: a wrong key', async () => {
  await done('set', 'secretkey', 'wrong');
  await refused(/401|authenticat|verify user credentials/i, 'list', 'zones');
  await done('set', 'secretkey', connection.secretKey);
});

await step('the rules go, the address, the snapshot and the volume', async () => {
  const gone = async (...args: string[]): Promise<void> =>
    deepStrictEqual((await answer(...args))['success'], true, args.join(' '));
  await gone('delete', 'portforwardingrule', `id=${forwarded['id']}`);
  await gone('delete', 'firewallrule', `id=${opened['id']}`);
  await gone('disassociate', 'ipaddress', `id=${address['id']}`);
  await answer('detach', 'volume', `id=${volume['id']}`);
  await gone('delete', 'snapshot', `id=${snapshot['id']}`);
  await gone('delete', 'volume', `id=${volume['id']}`);
});

await step('stop, destroy, recover, destroy, expunge virtualmachine', async () => {
  const id = `id=${web['id']}`;
  deepStrictEqual((await answer('stop', 'virtualmachine', id))['virtualmachine'].state, 'Stopped');
  deepStrictEqual((await answer('destroy', 'virtualmachine', id))['virtualmachine'].state, 'Destroyed');
  deepStrictEqual((await answer('recover', 'virtualmachine', id))['virtualmachine'].state, 'Stopped');
  await answer('destroy', 'virtualmachine', id);
  deepStrictEqual((await answer('expunge', 'virtualmachine', id))['success'], true);
  deepStrictEqual(await answer('list', 'virtualmachines', id), {});
});

await step('delete network: nothing is left of the day', async () => {
  deepStrictEqual((await answer('delete', 'network', `id=${network['id']}`))['success'], true);
  deepStrictEqual(await answer('list', 'networks', `id=${network['id']}`), {});
});
