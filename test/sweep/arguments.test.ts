import { afterAll, beforeAll, expect, test } from 'vitest';
import type { App } from '../../src/app/app.ts';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { fieldsOfResponse } from '../../src/catalog/response-fields.ts';
import type { Tool } from '../../src/catalog/tool.ts';
import type { Parameter } from '../../src/catalog/types.ts';
import { findValues } from '../../src/catalog/values.ts';
import { CallError } from '../../src/errors.ts';
import { toolForRisk } from '../../src/guard/permit.ts';
import { compactTools } from '../../src/mcp/compact.ts';
import { openApp, requestOf, requiredOf, valueFor } from '../guard/counting.ts';
import { openRaw, type Raw } from '../guard/raw.ts';

let opened: Awaited<ReturnType<typeof openApp>>;
let app: App;
let raw: Raw;
beforeAll(async () => {
  opened = await openApp();
  ({ app } = opened);
  raw = await openRaw(app, { elicits: false });
});
afterAll(async () => {
  await raw.close();
  await opened.close();
});

const { tools } = loadCatalog();

/** The request that a call becomes, or why it is refused. */
const requestFor = async (tool: Tool, args: Record<string, unknown>): Promise<unknown> => {
  try {
    const { params } = await app.preview(requestOf(tool.name, args));
    return params;
  } catch (error) {
    if (error instanceof CallError) return `${error.kind}: ${error.message}`;
    throw error;
  }
};

test('a field that no answer of a command can have is refused by every tool, and nothing is sent', async () => {
  const wrong: string[] = [];
  const missing = 'nmaequux';
  for (const { name, command, risk } of tools) {
    const isKnown = fieldsOfResponse(command.response) !== undefined;
    const door = toolForRisk(risk.risk);
    const args = requiredOf(command);
    for (const given of [
      { tool: name, arguments: args, fields: [missing] },
      { tool: name, arguments: args, fields: `id,${missing}` },
      { tool: name, arguments: { ...args, filter: missing } },
      { tool: name, arguments: { ...args, fields: JSON.stringify([missing]) } },
    ]) {
      opened.sent.length = 0;
      const { result } = await raw.call(door, given);
      const error = result?.structuredContent?.['error'] as { kind: string; message: string } | undefined;
      const isRefused = error?.kind === 'invalid' && error.message.includes(`shows no field "${missing}"`);
      if (isKnown && (!isRefused || opened.sent.length))
        wrong.push(`${name} ${JSON.stringify(given)}: ${result?.content?.[0]?.text.slice(0, 200)}`);
    }
  }
  expect(wrong).toEqual([]);
  process.stdout.write(`an unknown field of ${tools.length} tools, in four forms: each refused, 0 sent\n`);
});

/** An entry of a map parameter whose key and value CloudStack takes. */
const entryOf = (tool: Tool, parameter: Parameter): [string, string] => {
  const keys = parameter.map?.form === 'rows' ? (parameter.map.keys ?? ['k']) : ['environment'];
  const [key = 'k'] = keys;
  return [key, String(findValues(tool.command.name, parameter.name, key)?.values[0] ?? 'prod')];
};

const spellings = ({ name, map }: Parameter, [key, value]: [string, string]): Record<string, unknown>[] => {
  const object = { [key]: value };
  const common = [
    { [name]: object },
    { [name]: JSON.stringify(object) },
    { [name]: [object] },
    { [`${name}.${key}`]: value },
  ];
  return map?.form === 'rows'
    ? [
        ...common,
        { [name]: JSON.stringify([object]) },
        { [`${name}[0].${key}`]: value },
        { [name]: [JSON.stringify(object)] },
      ]
    : [
        ...common,
        { [name]: { key, value } },
        { [name]: [{ key, value }] },
        { [name]: `${key}=${value}` },
        { [name]: [`${key}=${value}`] },
        { [`${name}[0].key`]: key, [`${name}[0].value`]: value },
        { [`${name}[0].${key}`]: value },
        { [name]: JSON.stringify([{ key, value }]) },
      ];
};

test('every map parameter: all spellings of it give the same request', async () => {
  const wrong: string[] = [];
  let maps = 0;
  for (const tool of tools) {
    for (const parameter of tool.command.params.filter(({ type }) => type === 'map')) {
      maps++;
      const { [parameter.name]: _own, ...rest } = requiredOf(tool.command, { [parameter.name]: { key: 'value' } });
      const all = spellings(parameter, entryOf(tool, parameter));
      const [first, ...others] = await Promise.all(all.map((args) => requestFor(tool, { ...rest, ...args })));
      if (typeof first === 'string') wrong.push(`${tool.name} ${parameter.name}: ${first}`);
      for (const [at, other] of others.entries())
        if (JSON.stringify(other) !== JSON.stringify(first))
          wrong.push(`${tool.name} ${JSON.stringify(all[at + 1])}: ${JSON.stringify(other)}`);
    }
  }
  expect(wrong).toEqual([]);
  expect(maps).toBeGreaterThan(0);
  process.stdout.write(`${maps} map parameters, each in seven spellings or more: one request\n`);
});

test('null for an optional argument is as if it were not given, whatever the tool', async () => {
  const wrong: string[] = [];
  for (const tool of tools) {
    const required = requiredOf(tool.command);
    const plain = await requestFor(tool, required);
    const nulls = Object.fromEntries(
      tool.command.params.filter(({ name }) => !(name in required)).map(({ name }) => [name, null]),
    );
    const got = await requestFor(tool, { ...required, ...nulls });
    if (JSON.stringify(got) !== JSON.stringify(plain)) wrong.push(`${tool.name}: ${JSON.stringify(got)}`);
  }
  expect(wrong).toEqual([]);
  process.stdout.write(`null for every optional argument of ${tools.length} tools: as if not given\n`);
});

test('an empty text for an optional argument of a read is left out and said, or refused; it is never looked for', async () => {
  const wrong: string[] = [];
  for (const tool of tools.filter(({ risk }) => risk.risk === 'read')) {
    const required = requiredOf(tool.command);
    const plain = await requestFor(tool, required);
    for (const { name, type, of } of tool.command.params.filter((one) => !(one.name in required))) {
      const got = await requestFor(tool, { ...required, [name]: '' });
      const isRefused = typeof got === 'string' && got.startsWith('invalid: ') && got.includes(name);
      const isId = type === 'uuid' || of === 'uuid';
      if (isId ? !isRefused : JSON.stringify(got) !== JSON.stringify(plain))
        wrong.push(`${tool.name} ${name}: ${JSON.stringify(got)}`);
    }
  }
  expect(wrong).toEqual([]);
});

test('an empty text in a change is refused or sent, never left out', async () => {
  const wrong: string[] = [];
  for (const tool of tools.filter(({ risk }) => risk.risk !== 'read')) {
    const required = requiredOf(tool.command);
    for (const { name } of tool.command.params.filter((one) => !one.required)) {
      const got = await requestFor(tool, { ...required, [name]: '' });
      const isRefused = typeof got === 'string' && /^(invalid|not-found)/.test(got);
      if (!isRefused && (got as Record<string, string>)[name] !== '')
        wrong.push(`${tool.name} ${name}: ${JSON.stringify(got)}`);
    }
  }
  expect(wrong).toEqual([]);
});

test('numbers beyond 2^53 keep their digits in every parameter that takes them', async () => {
  const wrong: string[] = [];
  for (const tool of tools) {
    for (const { name } of tool.command.params.filter(({ type }) => type === 'long')) {
      if (name === 'pagesize' || name === 'page') continue;
      const required = requiredOf(tool.command, { [name]: 1 });
      const got = await requestFor(tool, { ...required, [name]: '9223372036854775807' });
      const asNumber = await requestFor(tool, { ...required, [name]: 2 ** 63 });
      const isExact = typeof got === 'object' && (got as Record<string, string>)[name] === '9223372036854775807';
      if (!isExact && findValues(tool.command.name, name) === undefined)
        wrong.push(`${tool.name} ${name}: ${JSON.stringify(got)}`);
      if (typeof asNumber !== 'string' || !asNumber.includes(name)) wrong.push(`${tool.name} ${name} as a number`);
    }
  }
  expect(wrong).toEqual([]);
});

/** A call of each tool of the default list that gives only what it needs. */
const own: Record<string, Record<string, unknown>> = {
  'find-tools': { query: 'zones' },
  'describe-tools': { tools: ['list-zones'] },
  read: { tool: 'list-zones' },
  change: { tool: 'create-affinity-group', arguments: { name: 'a', type: 'host affinity' } },
  destroy: { tool: 'delete-affinity-group', arguments: { name: 'a' } },
  'wait-for-job': { job: valueFor({ name: 'jobid', type: 'uuid' }) },
  whoami: {},
  diagnose: { kind: 'zone', id: valueFor({ name: 'id', type: 'uuid' }) },
  'run-script': { code: 'return 1' },
};

test.each(compactTools.map(({ name, inputSchema }) => [name, Object.keys(inputSchema.properties ?? {})] as const))(
  '%s: null and empty for an argument of its own count as not given',
  async (name, properties) => {
    const args = own[name]!;
    const optional = properties.filter((one) => !(one in args));
    const ask = async (given: Record<string, unknown>) => {
      opened.sent.length = 0;
      const { result } = await raw.call(name, given);
      return {
        text: result?.content?.[0]?.text.replace(/code: \S+/, ''),
        sent: opened.sent.map(({ command }) => command),
      };
    };
    // Whose credential it is, is asked once and known from then on.
    await ask(args);
    const plain = await ask(args);
    for (const one of optional)
      for (const value of [null, '', ' '])
        expect(await ask({ ...args, [one]: value }), `${one}=${value}`).toEqual(plain);
    for (const one of Object.keys(args)) {
      const { [one]: _left, ...others } = args;
      expect((await ask({ ...args, [one]: null })).text, one).toBe((await ask(others)).text);
    }
  },
);
