import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { expect, test } from 'vitest';
import { readBudget } from '../../scripts/bench/rows.ts';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { commands } from '../../src/cli/commands.ts';
import { envNameOf, settings } from '../../src/config/settings.ts';
import { openHost, runCommand, startCloud } from '../support/harness.ts';

// What users and models rely on, in files that a reviewer sees. `npx vitest run test/surface -u` writes them anew.

const withHost = async <T>(flags: string[], use: (host: Awaited<ReturnType<typeof openHost>>) => Promise<T>) => {
  const cloud = await startCloud();
  const host = await openHost({
    env: cloud.env,
    flags,
    human: () => ({ action: 'accept', content: { confirm: true } }),
  });
  try {
    return await use(host);
  } finally {
    await host.close();
    await cloud.close();
  }
};

test('N12: the default tools: few, small, always the same', async () => {
  const { tools, again } = await withHost([], async ({ client }) => ({
    tools: (await client.listTools()).tools,
    again: (await client.listTools()).tools,
  }));
  expect(again).toEqual(tools);
  const size = encode(JSON.stringify(tools)).length;
  const budget = readBudget();
  expect(size).toBeLessThanOrEqual(budget['compact list, tokens']!.maximum!);
  expect(tools.length).toBeLessThanOrEqual(budget['compact list, tools']!.maximum!);
  // Some hosts refuse a list with an object without properties.
  for (const { inputSchema } of tools)
    for (const schema of Object.values(inputSchema.properties ?? {}) as { type?: string; properties?: object }[])
      if (schema.type === 'object') expect(Object.keys(schema.properties ?? {})).not.toEqual([]);
  for (const name of [
    'find-tools',
    'describe-tools',
    'read',
    'change',
    'destroy',
    'wait-for-job',
    'whoami',
    'diagnose',
    'run-script',
  ])
    expect(tools.map((tool) => tool.name)).toContain(name);
  await expect(
    `${tools.length} tools, ${size} tokens (o200k)\n\n${JSON.stringify(tools, null, 2)}\n`,
  ).toMatchFileSnapshot('pinned/compact-tools.txt');
});

test('the default tools are annotated as what they are', async () => {
  const { tools } = await withHost([], ({ client }) => client.listTools());
  const hints = Object.fromEntries(
    tools.map(({ name, annotations }) => [name, [annotations?.readOnlyHint, annotations?.destructiveHint]]),
  );
  expect(hints).toMatchObject({
    'find-tools': [true, false],
    'describe-tools': [true, false],
    read: [true, false],
    change: [false, false],
    destroy: [false, true],
    'wait-for-job': [true, false],
  });
});

test('the help of every command', async () => {
  const sections: string[] = [];
  for (const words of [
    [],
    ...Object.keys(commands).map((name) => [name]),
    ['tools', 'list'],
    ['tools', 'find'],
    ['tools', 'show'],
    ['catalog', 'sync'],
    ['catalog', 'diff'],
  ])
    sections.push(
      `$ cloudstack-mcp-server ${[...words, '--help'].join(' ')}\n${(await runCommand([...words, '--help'])).stdout}`,
    );
  await expect(sections.join('\n')).toMatchFileSnapshot('pinned/help.txt');
});

test('the settings: names, variables, defaults', async () => {
  const lines = Object.entries(settings.shape).map(
    ([name, schema]) => `${name}  ${envNameOf(name)}  ${JSON.stringify(schema.parse(undefined))}`,
  );
  await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot('pinned/settings.txt');
});

test('an audit entry', async () => {
  const entry = await withHost([], async (host) => {
    const vms = await host.call('read', { tool: 'listVirtualMachines', arguments: { listall: true }, pagesize: 1 });
    const [vm] = vms.structured['items'] as { name: string }[];
    await host.call('destroy', { tool: 'stop-virtual-machine', arguments: { id: vm!.name, forced: false } });
    return host.audit().at(-1)!;
  });
  const pinned = JSON.stringify(entry, null, 2)
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22,}/g, 'UUID')
    .replace(/\b[0-9a-f]{64}\b/g, 'SHA256')
    .replace(/127\.0\.0\.1:\d+/g, 'HOST')
    .replace(/\d{4}-\d{2}-\d{2}T[\d:.]+Z/g, 'TIME')
    .replace(/"duration": \d+/, '"duration": 0')
    .replace(/"seq": \d+/, '"seq": 0');
  expect(entry.result).toBe('done');
  await expect(`${pinned}\n`).toMatchFileSnapshot('pinned/audit-entry.json');
});

// every command as a tool of its own

interface Schema {
  type?: unknown;
  items?: Schema;
  properties?: Record<string, Schema>;
  additionalProperties?: boolean | Schema;
  description?: string;
}

const schemasIn = (schema: Schema): Schema[] => [
  schema,
  ...Object.values(schema.properties ?? {}).flatMap(schemasIn),
  ...(schema.items ? schemasIn(schema.items) : []),
  ...(typeof schema.additionalProperties === 'object' ? schemasIn(schema.additionalProperties) : []),
];

test('with --tools all every command is a tool, with its own schema and true annotations', async () => {
  // What a cloud lacks is left out, and is not asked here: test/path/listed-tools.test.ts.
  const { tools } = await withHost(['--tools', 'all', '--discover', 'false'], ({ client }) => client.listTools());
  const names = tools.map(({ name }) => name);
  const own = ['change', 'destroy', 'wait-for-job', 'whoami', 'diagnose', 'run-script'];
  expect(names.slice(-own.length)).toEqual(own);
  expect(new Set(names).size).toBe(names.length);
  // The names themselves stand in docs/tools.md, which is written from the catalog.
  expect(names.slice(0, -own.length).sort()).toEqual(
    loadCatalog()
      .tools.map(({ name }) => name)
      .sort(),
  );
  for (const { name, inputSchema, annotations, description } of tools) {
    expect(name.length, name).toBeLessThanOrEqual(64);
    for (const schema of schemasIn(inputSchema as Schema)) {
      expect(typeof schema.type, `${name}: ${JSON.stringify(schema)}`).toBe('string');
      if (schema.type === 'array') expect(schema.items, name).toBeDefined();
    }
    const risk = loadCatalog().find(name)?.risk.risk;
    if (own.includes(name)) continue;
    expect(description, name).toBeTruthy();
    expect(annotations?.readOnlyHint, name).toBe(risk === 'read');
    expect(annotations?.destructiveHint, name).toBe(risk === 'destroy');
  }
});

test('a list of toolsets lists their commands beside the default tools', async () => {
  const { tools } = await withHost(['--tools', 'vpc, affinity-group'], ({ client }) => client.listTools());
  const names = tools.map(({ name }) => name);
  expect(names).toContain('find-tools');
  expect(names).toContain('create-vpc');
  expect(names).toContain('create-affinity-group');
  expect(names).not.toContain('deploy-virtual-machine');
});
