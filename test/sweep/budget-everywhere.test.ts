import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { loadPlans } from '../../src/diagnose/plans.ts';
import { acceptAll, openHost, profileOf, runCommand, startFake, type Host } from '../support/harness.ts';

// Every output that a model can be given, over a cloud whose every text is as long as its tenants like, with a small budget.

const budget = 2000;
const long = 'the quick brown fox '.repeat(150);
const id = '11111111-2222-4333-8444-555555555555';
const row = {
  id,
  name: `web-1 ${long}`,
  displayname: `web-1 ${long}`,
  displaytext: long,
  state: 'Running',
  account: `a${long}`,
  domain: `d${long}`,
  domainpath: 'ROOT',
  accounttype: 1,
  rolename: long,
  zonename: long,
  zoneid: id,
  networkid: id,
  associatednetworkid: id,
  virtualmachineid: id,
  ipaddress: '203.0.113.9',
  description: long,
  details: { long, deeper: { long } },
  tags: Array.from({ length: 100 }, (_, at) => ({ key: `key${at}`, value: long.slice(0, 60) })),
  nic: Array.from({ length: 20 }, () => ({
    id,
    ipaddress: '10.1.1.9',
    networkname: long.slice(0, 400),
    isdefault: true,
  })),
  cloudstackversion: '4.22.0.0',
};

const folder = mkdtempSync(join(tmpdir(), 'cloudstack-mcp-budget-'));
let fake: Awaited<ReturnType<typeof startFake>>;
let isFailing = false;
const hosts: Host[] = [];
/** A host that shows MCP Apps. */
let viewing: Host;

const configOf = (name: string, sections: object): string => {
  const path = join(folder, `${name}.json`);
  writeFileSync(path, JSON.stringify({ budget, discover: false, ...sections }), { mode: 0o600 });
  return path;
};

/** What the cloud answers to a command; a list is a megabyte, and is written and encoded once. */
const bodies = new Map<string, Buffer>();
const bodyOf = (command: string): Buffer => {
  const found = loadCatalog().find(command)?.command;
  const { wrapper = `${command.toLowerCase()}response`, key, result } = found ?? {};
  const [name = 'item'] = [key ?? 'item'].flat();
  const inner = isFailing
    ? { errorcode: 431, cserrorcode: 4350, errortext: long }
    : command === 'queryAsyncJobResult'
      ? { jobid: id, jobstatus: 1, jobresult: { virtualmachine: row } }
      : found?.async
        ? { jobid: id, id }
        : result === 'list'
          ? {
              count: 40,
              [name]: Array.from({ length: 20 }, (_, at) => ({ ...row, id: id.slice(0, -2) + String(10 + at) })),
            }
          : { [name]: row };
  return Buffer.from(JSON.stringify({ [wrapper]: inner }));
};

beforeAll(async () => {
  fake = await startFake((command, response) => {
    response.statusCode = isFailing && command !== 'listAccounts' ? 431 : 200;
    const known = `${command} ${isFailing}`;
    const body = bodies.get(known) ?? bodyOf(command);
    bodies.set(known, body);
    response.end(body);
  });
  for (const at of [0, 1]) {
    const profiles = Object.fromEntries(
      Array.from({ length: at ? 8 : 1 }, (_, of) => [of ? `cloud-${of}` : 'default', profileOf(fake)]),
    );
    hosts.push(
      await openHost({
        flags: ['--config', configOf(`of-${at}`, { profiles, scriptFolder: folder })],
        protocol: at ? 'old' : 'new',
        human: acceptAll,
      }),
    );
  }
  viewing = await openHost({
    flags: ['--config', configOf('of-0', { profiles: { default: profileOf(fake) }, scriptFolder: folder })],
    extensions: { 'io.modelcontextprotocol/ui': { mimeTypes: ['text/html;profile=mcp-app'] } },
  });
  writeFileSync(join(folder, 'count.js'), `/** ${long.slice(0, 300)} */\nreturn 1`);
});
afterAll(async () => {
  for (const host of [...hosts, viewing]) await host.close();
  await fake.close();
  rmSync(folder, { recursive: true, force: true });
});

const tokensOf = (text: string): number => (text.length > 60_000 ? text.length : encode(text).length);

const names = (count: number): string[] =>
  loadCatalog()
    .tools.toSorted((a, b) => b.command.params.length - a.command.params.length)
    .slice(0, count)
    .map(({ name }) => name);
const [largest = ''] = names(1);
const step = { tool: 'update-virtual-machine', arguments: { id, displayname: long.slice(0, 200) } };
const steps = Array.from({ length: 30 }, () => step);
const script = (code: string) => ['run-script', { code }] as const;

/** Every form of answer: what it is, the tool and its arguments. */
const outputs: Record<string, readonly [tool: string, args: Record<string, unknown>]> = {
  'find: most': ['find-tools', { query: 'list virtual machine network', limit: 50 }],
  'find: nothing': ['find-tools', { query: 'zzzz' }],
  describe: ['describe-tools', { tools: [largest] }],
  'describe: many': ['describe-tools', { tools: names(20) }],
  'describe: all parameters': ['describe-tools', { tools: [largest], parameters: ['*'] }],
  'describe: all parameters of many': ['describe-tools', { tools: names(20), parameters: ['*'] }],
  'describe: as a script': ['describe-tools', { tools: names(20), script: true, parameters: ['*'] }],
  'describe: unknown': ['describe-tools', { tools: names(20).map((name) => `${name}x`) }],
  list: ['read', { tool: 'list-virtual-machines' }],
  'list: all fields': ['read', { tool: 'list-virtual-machines', fields: ['*'] }],
  'list: every page': ['read', { tool: 'list-virtual-machines', all: true }],
  'list: where': ['read', { tool: 'list-virtual-machines', where: 'state = Running', fields: ['*'] }],
  'list: sorted': [
    'read',
    { tool: 'list-virtual-machines', sort: '-displayname', fields: ['name', 'displayname', 'tags'] },
  ],
  'list: groups': ['read', { tool: 'list-virtual-machines', group: 'displayname, count()' }],
  'list: a row': ['read', { tool: 'list-virtual-machines', arguments: { id } }],
  'list: an unknown field': ['read', { tool: 'list-virtual-machines', fields: ['nmae', long.slice(0, 90)] }],
  'list: an unknown name': ['read', { tool: 'list-virtual-machines', arguments: { zoneid: 'no such' } }],
  'list: a typing error': ['read', { tool: 'list-virtual-machines', arguments: { state: 'Runing' } }],
  'list: an expression': ['read', { tool: 'list-virtual-machines', where: `${long.slice(0, 900)} =` }],
  object: ['read', { tool: 'get-cloud-identifier', arguments: { userid: id } }],
  export: ['read', { tool: 'export', arguments: { as: 'terraform', what: 'virtual-machines' } }],
  change: ['change', step],
  'change: all fields': ['change', { ...step, fields: ['*'] }],
  'change: a job': ['change', { tool: 'start-virtual-machine', arguments: { id } }],
  'change: a job that goes on': ['change', { tool: 'start-virtual-machine', arguments: { id }, wait: 0 }],
  'change: unknown parameters': [
    'change',
    { ...step, arguments: Object.fromEntries(Array.from({ length: 90 }, (_, at) => [`x${at}`, long.slice(0, 90)])) },
  ],
  destroy: ['destroy', { tool: 'stop-virtual-machine', arguments: { id } }],
  'plan: made': ['change', { calls: steps, mode: 'plan' }],
  'plan: one call': ['change', { ...step, mode: 'plan' }],
  'plan: run': ['change', { calls: steps.slice(0, 20) }],
  'plan: unknown': ['change', { plan: 'no-such' }],
  undo: ['change', { undo: 'last' }],
  'wait-for-job': ['wait-for-job', { job: id }],
  whoami: ['whoami', {}],
  'diagnose: unknown': ['diagnose', { kind: long.slice(0, 200), id }],
  ...Object.fromEntries(
    loadPlans().map(({ kind }) => [`diagnose: ${kind}`, ['diagnose', { kind, id, question: 'why' }] as const]),
  ),
  'script: a long result': script(
    `return { a: 'word '.repeat(50000), b: Array.from({ length: 5000 }, (_, i) => ({ i })) }`,
  ),
  'script: prints': script(`for (let i = 0; i < 3000; i++) print('line ' + i); return 'x'.repeat(30000)`),
  'script: changes': script(
    `for (let i = 0; i < 90; i++) await cloudstack.updateVirtualMachine({ id: '${id}', displayname: 'name '.repeat(9) + i })`,
  ),
  'script: fails after changes': script(
    `for (let i = 0; i < 90; i++) await cloudstack.updateVirtualMachine({ id: '${id}', displayname: 'name '.repeat(9) + i }); throw new Error('word '.repeat(9000))`,
  ),
  'script: as a plan': [
    'run-script',
    {
      code: `for (let i = 0; i < 30; i++) await cloudstack.updateVirtualMachine({ id: '${id}', displayname: 'x' + i })`,
      mode: 'plan',
    },
  ],
  'script: its bounds': ['run-script', { code: `${'await cloudstack.listZones();\n'.repeat(500)}`, mode: 'dry-run' }],
  'script: no JavaScript': script(`return ${'('.repeat(5000)}`),
  'an unknown tool': ['read', { tool: long.slice(0, 200) }],
};

const everywhere = async (): Promise<string[]> => {
  const wrong: string[] = [];
  for (const [at, host] of hosts.entries())
    for (const [what, [tool, args]] of Object.entries(outputs)) {
      const profiles =
        at && 'tool' in args === false ? [undefined, '*'] : at ? [undefined, 'cloud-3', '*'] : [undefined];
      for (const profile of profiles) {
        const { text, structured, isError } = await host.call(tool, { ...args, ...(profile ? { profile } : {}) });
        const size = tokensOf(text) + tokensOf(JSON.stringify(structured));
        if (size > budget || !text)
          wrong.push(
            `${what}${profile ? ` of ${profile}` : ''}: ${size}${isError ? ' (error)' : ''}: ${text.slice(0, 300)}`,
          );
      }
    }
  return wrong;
};

test('no answer of any tool, form or profile is longer than the budget', async () => {
  expect(await everywhere()).toEqual([]);
});

test('nor is any error, of whatever the cloud says', async () => {
  isFailing = true;
  expect(await everywhere()).toEqual([]);
  isFailing = false;
});

test('no prompt, resource or question is longer than that, either', async () => {
  const wrong: string[] = [];
  const judge = (what: string, text: string, maximum = budget): void => {
    if (tokensOf(text) > maximum || !text) wrong.push(`${what}: ${tokensOf(text)}`);
  };
  for (const { client, asked } of hosts) {
    const { prompts } = await client.listPrompts();
    for (const { name, arguments: args = [] } of prompts) {
      const given = Object.fromEntries(args.map((one) => [one.name, long]));
      judge(name, JSON.stringify((await client.getPrompt({ name, arguments: given })).messages));
    }
    for (const path of ['virtual-machine', 'network', 'volume'].flatMap((kind) => [kind, `${kind}/full`])) {
      const [kind, full] = path.split('/');
      const uri = `cloudstack://default/${kind}/${id.slice(0, -2)}10${full ? `/${full}` : ''}`;
      judge(uri, JSON.stringify((await client.readResource({ uri })).contents));
    }
    // They are for a person, and no shorter where a model's answers are.
    expect(asked.length).toBeGreaterThan(0);
    for (const { message } of asked) judge('question', message, 8000);
  }
  expect(wrong).toEqual([]);
});

const machines = { tool: 'list-virtual-machines', args: {} };
/** What the tools of MCP Apps are asked, as a view or a model asks it. */
const views: Record<string, readonly [tool: string, args: Record<string, unknown>]> = {
  overview: ['cloud-overview', {}],
  'map of a network': ['network-map', { network: id }],
  'map of a VPC': ['network-map', { vpc: id }],
  'map of nothing': ['network-map', {}],
  'map of an unknown network': ['network-map', { network: long.slice(0, 200) }],
  'view: overview': ['view', { question: 'overview' }],
  'view: map': ['view', { question: 'network-map', body: { network: id } }],
  'view: kinds': ['view', { question: 'kinds' }],
  'view: related': ['view', { question: 'related', body: { kind: 'virtual-machine' } }],
  'view: describe': ['view', { question: 'describe', body: { tool: largest } }],
  'view: list': ['view', { question: 'call', body: machines }],
  'view: all fields': ['view', { question: 'call', body: { ...machines, fields: ['*'], pagesize: 500 } }],
  'view: groups': ['view', { question: 'call', body: { ...machines, group: 'displayname, count()' } }],
  'view: dry run': [
    'view',
    { question: 'call', body: { tool: step.tool, args: { ...step.arguments, details: { long } }, dryRun: true } },
  ],
  'view: a change': ['view', { question: 'call', body: { tool: step.tool, args: step.arguments } }],
  'view: an unknown question': ['view', { question: 'word '.repeat(19) }],
  'view: an unknown part': ['view', { question: 'call', body: { ...machines, ['x'.repeat(200)]: long } }],
};

test.each([false, true])('nor is what the tools of MCP Apps answer (the cloud fails: %s)', async (fails) => {
  isFailing = fails;
  const wrong: string[] = [];
  for (const [what, [tool, args]] of Object.entries(views)) {
    const { text, structured } = await viewing.call(tool, args);
    const size = tokensOf(text) + tokensOf(JSON.stringify(structured ?? {}));
    if (size > budget) wrong.push(`${what}: ${size}: ${text.slice(0, 200)}`);
  }
  isFailing = false;
  expect(wrong).toEqual([]);
});

const config = (): string[] => ['--config', join(folder, 'of-0.json')];
/** What is printed at the terminal where no one asked for all of it. */
const printed: Record<string, readonly string[]> = {
  'dry run of a change': ['call', step.tool, `id=${id}`, 'displayname=web', '--dry-run'],
  'dry run by a name': ['call', 'start-virtual-machine', `id=${row.name}`, '--dry-run'],
  'dry run of an unknown name': ['call', 'start-virtual-machine', 'id=no-such', '--dry-run'],
  'dry run of a list': ['call', 'list-virtual-machines', 'state=Running', '--dry-run'],
  'dry run of an unknown parameter': [
    'call',
    step.tool,
    ...Array.from({ length: 90 }, (_, at) => `x${at}=1`),
    '--dry-run',
  ],
  'tools find: most': ['tools', 'find', 'list virtual machine network'],
  'tools find: one': ['tools', 'find', 'reboot a machine'],
  'tools find: nothing': ['tools', 'find', 'zzzz'],
  'tools find: a long wish': ['tools', 'find', long.slice(0, 900)],
};

test.each([false, true])('nor are a dry run and a search at the terminal (the cloud fails: %s)', async (fails) => {
  isFailing = fails;
  const wrong: string[] = [];
  for (const [what, [command = '', ...words]] of Object.entries(printed)) {
    const { stdout, stderr } = await runCommand([command, ...words, ...config()], {});
    const size = tokensOf(stdout) + tokensOf(stderr);
    if (size > budget || !size) wrong.push(`${what}: ${size}: ${(stdout || stderr).slice(0, 200)}`);
  }
  isFailing = false;
  expect(wrong).toEqual([]);
});
