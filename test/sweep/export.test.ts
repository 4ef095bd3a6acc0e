import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { loadData } from '../../src/data.ts';
import { createSimulator, type Simulator } from '../../src/simulator/index.ts';
import { finish, rows } from '../simulator/sign.ts';
import { acceptAll, openHost, startCloud, type Cloud, type Host } from '../support/harness.ts';
import { modules, problemsOf, resources } from './export-schemas.ts';

let cloud: Cloud;
let host: Host;
let planId = '';
let script = '';
const sources: [string, () => string][] = [
  ['a plan', () => `plan=${planId}`],
  ['what a script made', () => `script=${script}`],
  ['what is there', () => 'vpc=shop affinity-group=shop'],
];

beforeAll(async () => {
  cloud = await startCloud();
  host = await openHost({ env: cloud.env, human: acceptAll, flags: ['--budget', '20000'] });
  const code = readFileSync(new URL('../script/build.js', import.meta.url), 'utf8');
  const planned = await host.call('run-script', { code, mode: 'plan' });
  planId = String((planned.structured['plan'] as Record<string, unknown>)['id']);
  const made = await host.call('run-script', { code });
  script = String(made.structured['script']);
});

afterAll(async () => {
  await host.close();
  await cloud.close();
});

const write = async (as: string, what: string, where?: string): Promise<string> => {
  const args = { as, what, ...(where === undefined ? {} : { where }) };
  const { text, structured } = await host.call('read', { tool: 'export', arguments: args });
  expect(structured['error']).toBeUndefined();
  return text;
};

/** The world as its tenants see it, by names: without ids, dates, and what the cloud chose itself. */
const worldOf = async (simulator: Simulator): Promise<Record<string, string[]>> => {
  const lists: Record<string, Record<string, string>> = {
    listVPCs: {},
    listNetworkACLLists: {},
    listNetworkACLs: {},
    listNetworks: {},
    listVirtualMachines: {},
    listVolumes: {},
    listPublicIpAddresses: {},
    listPortForwardingRules: {},
    listLoadBalancerRules: {},
    listAffinityGroups: {},
    listTags: {},
  };
  const world: Record<string, string[]> = {};
  const ownToCloud =
    /^(?:created|jobid|.*(?:ip|address|port|mac|mac|vlan|uri|path|hash|instancename|hostname|resourceid|uuid).*|.*id)$/i;
  const compared = new Set(['publicport', 'privateport', 'startport', 'endport', 'networkdomain']);
  for (const [list, params] of Object.entries(lists))
    world[list] = (await rows(simulator, list, { listall: 'true', pagesize: '500', page: '1', ...params }))
      .map((row) =>
        JSON.stringify(
          Object.fromEntries(
            Object.entries(row)
              .filter(([name, value]) => typeof value !== 'object' && (compared.has(name) || !ownToCloud.test(name)))
              .filter(([, value]) => !/^\d{4}-\d\d-\d\dT|^ROOT-\d+$|^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(String(value)))
              .sort(([a], [b]) => a.localeCompare(b)),
          ),
        ),
      )
      .sort();
  return world;
};

/** Runs a cmk script with a `cmk` that sends what it is given to a simulator, as CloudMonkey would. */
const replay = async (text: string, simulator: Simulator): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'export-'));
  const names = new Map(
    loadCatalog().tools.map(({ command: { name } }) => {
      const verb = /^[a-z]+/.exec(name)?.[0] ?? name;
      return [`${verb} ${name.slice(verb.length).toLowerCase()}`, name] as const;
    }),
  );
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const [, , verb, noun, ...words] = body.split('\0').slice(0, -1);
      const params = Object.fromEntries(words.map((word) => word.split(/=(.*)/s).slice(0, 2) as [string, string]));
      void finish(simulator, names.get(`${verb} ${noun}`) ?? `${verb} ${noun}`, params).then(
        ({ status, body: answer }) => {
          const { jobstatus, jobresult } = answer;
          response.statusCode = status === 200 && jobstatus !== 2 ? 200 : 431;
          response.end(JSON.stringify(jobresult ?? answer));
        },
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  writeFileSync(
    join(folder, 'cmk'),
    `#!/bin/sh\nprintf '%s\\0' "$@" | curl -sS --fail-with-body --data-binary @- http://127.0.0.1:${port}/\n`,
    { mode: 0o755 },
  );
  writeFileSync(join(folder, 'script.sh'), text);
  try {
    await promisify(execFile)('bash', [join(folder, 'script.sh')], {
      env: { PATH: `${folder}:/usr/local/bin:/usr/bin:/bin` },
    });
  } finally {
    server.close();
    rmSync(folder, { recursive: true });
  }
};

test.each(sources)('as cmk script, %s makes the same world anew', async (_name, what) => {
  const fresh = createSimulator({ jobMillis: 0 });
  await replay(await write('cmk', what()), fresh);
  expect(await worldOf(fresh)).toEqual(await worldOf(cloud.simulator));
});

/** Resources of HCL as this program writes it. */
const readHcl = (
  text: string,
): { type: string; label: string; options: Record<string, unknown>; blocks: [string, Record<string, unknown>][] }[] => {
  const valueOf = (words: string): unknown => {
    if (words.startsWith('[')) return words.slice(1, -1).split(', ').filter(Boolean).map(valueOf);
    if (words.startsWith('cloudstack_') || words.startsWith('var.')) return words;
    return JSON.parse(words) as unknown;
  };
  return [...text.matchAll(/^resource "(\w+)" "(\w+)" \{\n([\s\S]*?)^\}$/gm)].map(
    ([, type = '', label = '', body = '']) => {
      const blocks: [string, Record<string, unknown>][] = [];
      const rest = body.replace(
        /^ {2}(\w+)( =)? \{\n([\s\S]*?)^ {2}\}$/gm,
        (_all, name: string, sign: string | undefined, inner: string) => {
          const pairs = [...inner.matchAll(/^ {4}(\w+|"(?:[^"\\]|\\.)*") += (.*)$/gm)].map(
            ([, key = '', value = '']) => [key.startsWith('"') ? String(valueOf(key)) : key, valueOf(value)] as const,
          );
          if (sign) return `  ${name} = ${JSON.stringify(Object.fromEntries(pairs))}\n`;
          blocks.push([name, Object.fromEntries(pairs)]);
          return '';
        },
      );
      const options = [...rest.matchAll(/^ {2}(\w+) += (.*)$/gm)].map(
        ([, key = '', value = '']) => [key, valueOf(value)] as const,
      );
      return { type, label, options: Object.fromEntries(options), blocks };
    },
  );
};

test.each(sources)(
  'as Terraform, %s fits the schemas of the provider, and all it names is there',
  async (name, what) => {
    const text = await write('terraform', what());
    const found = readHcl(text);
    expect(found.length).toBeGreaterThan(15);
    const problems = found.flatMap(({ type, label, options, blocks }) => [
      ...problemsOf(`${type}.${label}`, resources[type], options),
      ...blocks.flatMap(([block, inner]) =>
        problemsOf(`${type}.${label}.${block}`, resources[`${type}.${block}`], inner),
      ),
    ]);
    expect(problems).toEqual([]);
    const labels = found.map(({ type, label }) => `${type}.${label}`);
    expect(new Set(labels).size).toBe(labels.length);
    const named = [...text.matchAll(/= \[?((?:cloudstack_\w+\.\w+\.id(?:, )?)+)/g)].flatMap(([, all = '']) =>
      all.split(', '),
    );
    expect(named.filter((one) => !labels.includes(one.replace(/\.id$/, '')))).toEqual([]);
    const imports = [...text.matchAll(/^import \{\n {2}to = (\S+)\n {2}id = "[0-9a-f-]{36}"\n\}$/gm)].map(
      ([, to]) => to!,
    );
    expect(imports.filter((one) => !labels.includes(one))).toEqual([]);
    // What is only planned cannot be imported.
    expect(imports.length > 0).toBe(name !== 'a plan');
  },
);

test.each(sources)('as Ansible tasks, %s fits the modules of the collection', async (_name, what) => {
  const [play] = parse(await write('ansible', what())) as { tasks: Record<string, unknown>[] }[];
  const problems = play!.tasks.flatMap((task) =>
    Object.entries(task).flatMap(([key, options]) => {
      const module = /^ngine_io\.cloudstack\.(\w+)$/.exec(key)?.[1];
      return module === undefined
        ? []
        : problemsOf(String(task['name']), modules[module], options as Record<string, unknown>);
    }),
  );
  expect(problems).toEqual([]);
  expect(play!.tasks.length).toBeGreaterThan(20);
});

const checkDiagram = (text: string): void => {
  const [head, ...lines] = text.trim().split('\n');
  expect(head).toBe('flowchart TD');
  const node = /^ {2}\w+\["[^"]*"\]$/;
  const edge = /^ {2}\w+ (?:-->|-\. "[^"]*" \.->) \w+$/;
  expect(lines.filter((line) => !node.test(line) && !edge.test(line))).toEqual([]);
  const nodes = new Set(lines.filter((line) => node.test(line)).map((line) => line.trim().split('[')[0]));
  expect(
    lines.filter(
      (line) =>
        edge.test(line) &&
        line
          .trim()
          .split(/ .*> /)
          .some((one) => !nodes.has(one)),
    ),
  ).toEqual([]);
};

test.each(sources)('as a Mermaid diagram, %s has the grammar of a flow chart', async (_name, what) =>
  checkDiagram(await write('mermaid', what())),
);

/** What tenants may call a thing, to be read as code by a shell, Terraform, Jinja or a diagram. */
const hostile = [
  'a\\b", count = 2, x = "',
  '${file("/etc/passwd")} $${x} $$${x} %{ if true }x%{ endif }',
  '{{ 7 * 7 }} {% endraw %}{{ lookup("pipe", "id") }}{% raw %} {# x #}',
  `'; exit 7; '`,
  '$(exit 7) `exit 7` "$PATH" \\',
  '"] --> b; click a href "javascript:alert(1)" %% <b>',
  '!unsafe - a: b # c',
];
const hostileTags = { code: 'file("/etc/passwd")', '{{ 7 * 7 }}': '{{ 7 * 7 }}', '${x}': 'a\\b', plain: 'yes' };

describe('what tenants call things stands as text', () => {
  const machine = 'hostile-tags';
  const written: Record<string, string> = {};
  beforeAll(async () => {
    const make = async (tool: string, args: Record<string, unknown>): Promise<string> => {
      const { structured } = await host.call('change', { tool, arguments: args });
      expect(structured['error']).toBeUndefined();
      return (structured['item'] as { id: string }).id;
    };
    const place = { zoneid: 'Frankfurt', templateid: 'Ubuntu 24.04 LTS', serviceofferingid: 'Small Instance' };
    const id = await make('deployVirtualMachine', { name: machine, ...place });
    const tags = { resourcetype: 'UserVm', resourceids: [id], tags: hostileTags };
    await host.call('change', { tool: 'createTags', arguments: tags });
    for (const [at, description] of hostile.entries())
      await make('createAffinityGroup', { name: `${at} ${description}`, type: 'host anti-affinity', description });
    for (const as of ['cmk', 'terraform', 'ansible', 'mermaid'])
      written[as] = await write(as, `affinity-group virtual-machine=${machine}`, 'account = admin');
  });

  test('in Terraform', () => {
    const found = readHcl(written['terraform']!);
    const texts = found
      .filter(({ type }) => type === 'cloudstack_affinity_group')
      .map(({ options }) => options['description']);
    expect(texts).toEqual(expect.arrayContaining(hostile));
    expect(found.find(({ options }) => options['name'] === machine)?.options['tags']).toEqual(hostileTags);
    // Nothing is evaluated: no template begins anywhere.
    expect(written['terraform']).not.toMatch(/[$%]\{/);
  });

  test('in Ansible', () => {
    const tag = '!unsafe';
    const customTags = [{ tag, resolve: (text: string) => ({ [tag]: text }) }];
    const [play] = parse(written['ansible']!, { customTags }) as { tasks: Record<string, Record<string, unknown>>[] }[];
    const textOf = (value: unknown): unknown => (value as { [tag]?: string })[tag] ?? value;
    const options = play!.tasks.flatMap((task) => Object.values(task).filter((one) => typeof one === 'object'));
    expect(options.map(({ description }) => description && textOf(description))).toEqual(
      expect.arrayContaining(hostile),
    );
    const tags = options.find(({ name }) => name === machine)?.['tags'] as { key: unknown; value: unknown }[];
    expect(Object.fromEntries(tags.map(({ key, value }) => [textOf(key), textOf(value)]))).toEqual(hostileTags);
    // What Jinja would read is a text that is never evaluated, or ours.
    const ours = /^\{\{ \w+(?:\.\w+)? \}\}$/;
    const evaluated = JSON.stringify(play, (_key, value: unknown) =>
      typeof value === 'string' && ours.test(value) ? '' : textOf(value) === value ? value : '',
    );
    expect(evaluated).not.toMatch(/\{[{%#]/);
  });

  test('in a diagram', () => {
    checkDiagram(written['mermaid']!);
    // A label is shown as HTML: nothing in it may begin an element or an entity of its own.
    expect(written['mermaid']).not.toMatch(/[<&]/);
  });

  test('in a shell', async () => {
    const fresh = createSimulator({ jobMillis: 0 });
    await replay(written['cmk']!, fresh);
    const groups = await rows(fresh, 'listAffinityGroups', { listall: 'true' });
    expect(groups.map(({ description }) => description)).toEqual(expect.arrayContaining(hostile));
    const [made] = await rows(fresh, 'listVirtualMachines', { listall: 'true', name: machine });
    const tags = made!['tags'] as { key: string; value: string }[];
    expect(Object.fromEntries(tags.map(({ key, value }) => [key, value]))).toEqual(hostileTags);
  });
});

test('every kind that can be exported is listed, made and said by commands and parameters that there are', () => {
  interface File {
    kinds: {
      name: string;
      list: string;
      within?: Record<string, string>;
      create: string;
      from: string;
      then?: { command: string; from: string }[];
    }[];
    terraform: Record<string, { type?: string; set: string; by?: string; block?: string }>;
    ansible: Record<string, { module?: string; set: string }>;
  }
  const { kinds, terraform, ansible } = loadData<File>('exports.json');
  const { find } = loadCatalog();
  const wrong: string[] = [];
  const check = (command: string, words: string): void => {
    const known = find(command)?.command.params.map(({ name }) => name) ?? [];
    for (const word of words.split(' ')) {
      const name = /^\w+/.exec(word)![0];
      if (!known.includes(name)) wrong.push(`${command} has no ${name}`);
    }
  };
  for (const { list, within = {}, create, from, then = [] } of kinds) {
    for (const parameter of Object.values(within)) check(list, parameter);
    check(create, from);
    for (const { command, from: words } of then) check(command, words);
  }
  for (const [command, { type, set, by, block }] of Object.entries(terraform)) {
    check(command, set);
    if (type && !resources[type]) wrong.push(`${type} is unknown`);
    if (block && !resources[`${type}.${block}`]) wrong.push(`${type} has no ${block}`);
    if (by) check(command, by);
  }
  for (const [command, { module, set }] of Object.entries(ansible)) {
    check(command, set);
    if (module && !modules[module]) wrong.push(`${module} is unknown`);
  }
  expect(wrong).toEqual([]);
});

test('an export says whose the things are, and makes them again for their owners: as far as a format can say it', async () => {
  const notes = /The owners now: bob in ROOT\/engineering \(1\)/;
  const texts = new Map<string, string>();
  for (const as of ['cmk', 'terraform', 'ansible']) texts.set(as, await write(as, 'volume=spare'));
  for (const [as, text] of texts) expect(text, as).toMatch(notes);
  expect(texts.get('cmk')).toContain(
    'domains_root_engineering=$(find_id path ROOT/engineering list domains listall=true',
  );
  expect(texts.get('cmk')).toMatch(/^cmk .*create volume account=bob .*domainid="\$domains_root_engineering"/m);
  expect(texts.get('terraform')).toContain('# The provider has no word for account=bob');
  expect(texts.get('ansible')).toMatch(/account: bob\n\s+domain: ROOT\/engineering\n/);
  // What is the exporting account's own names none.
  for (const as of ['cmk', 'terraform', 'ansible'])
    expect(await write(as, 'vpc=shop'), as).not.toMatch(/\baccount[=:]|\bdomain(?:id)?[=:]/);
});

test('what others own is made again for them by CloudMonkey, and what lies in a project in that project', async () => {
  const owners = async (simulator: Simulator, list: string): Promise<string[]> =>
    (await rows(simulator, list, { listall: 'true', projectid: '-1' })).map(
      ({ name, account, domainpath, project }) =>
        `${String(name)} of ${String(account ?? project)} in ${String(domainpath)}`,
    );
  const made = { name: 'shop-data', diskofferingid: 'Small', zoneid: 'Frankfurt', projectid: 'webshop' };
  await host.call('change', { tool: 'createVolume', arguments: made });
  for (const [list, word, where] of [
    ['listVolumes', 'volume', 'name = spare'],
    ['listVolumes', 'volume', 'name = db-replica-data'],
    ['listVolumes', 'volume', 'project = webshop'],
  ] as const) {
    const fresh = createSimulator({ jobMillis: 0 });
    const before = await owners(fresh, list);
    await replay(await write('cmk', word, where), fresh);
    const after = await owners(fresh, list);
    expect(after, where).toHaveLength(before.length + 1);
    const more = where.endsWith('webshop') ? ['shop-data of webshop in ROOT/engineering'] : [];
    expect(new Set(after), where).toEqual(new Set([...before, ...more]));
  }
});
