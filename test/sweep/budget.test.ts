import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { expect, test } from 'vitest';
import { loadQuestions } from '../../scripts/search-quality/measure.ts';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { openApp, usual, uuid, type Answers } from '../guard/counting.ts';
import { openRaw, type RawResult } from '../guard/raw.ts';

const words = (count: number): string => 'the quick brown fox '.repeat(Math.ceil(count / 4));
const digits = (count: number): string => '0123456789abcdef'.repeat(Math.ceil(count / 16));

/** Rows that are long in every way. */
const hostile: Record<string, Record<string, unknown>> = {
  'one long text': { name: 'a', displaytext: words(4000) },
  'one long word': { name: 'a', displaytext: digits(20_000) },
  'another script': { name: '東京'.repeat(4000) },
  'many fields': Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`field${at}`, `value ${at}`])),
  'long names of fields': Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`${'f'.repeat(200)}${at}`, 'x'])),
  'a long list': { name: 'a', tags: Array.from({ length: 500 }, (_, at) => ({ key: `k${at}`, value: words(8) })) },
  deep: { name: 'a', details: JSON.parse(`${'{"a":'.repeat(60)}1${'}'.repeat(60)}`) as object },
  marks: { name: '|'.repeat(5000), displaytext: '"\\'.repeat(5000) },
};

/** Tokens of a text; of one that is far too long its characters: counting takes time by the square of a long word. */
const tokensOf = (text: string): number => (text.length > 40_000 ? text.length : encode(text).length);

const sizeOf = (result: RawResult | undefined): number =>
  tokensOf(result?.content?.[0]?.text ?? '') + tokensOf(JSON.stringify(result?.structuredContent ?? {}));

const answerWith =
  (row: Record<string, unknown>, count: number): Answers =>
  (command) => {
    const found = loadCatalog().find(command)?.command;
    const rows = Array.from({ length: count }, (_, at) => ({ ...row, id: uuid(at) }));
    if (command === 'queryAsyncJobResult')
      return { jobid: uuid(2), jobstatus: 1, jobresult: { virtualmachine: rows[0] } };
    if (
      !found ||
      found.async ||
      ![
        'listTemplates',
        'listVirtualMachines',
        'getVolumeSnapshotDetails',
        'updateVirtualMachine',
        'createTags',
        'getCloudIdentifier',
      ].includes(command)
    )
      return undefined;
    const key = [found.key ?? 'item'].flat()[0]!;
    return found.result === 'list' ? { count, [key]: rows } : { [key]: rows[0] };
  };

const id = uuid(7);
const calls: Record<string, [tool: string, args: Record<string, unknown>]> = {
  list: ['read', { tool: 'list-templates', arguments: { templatefilter: 'all' } }],
  'list with all fields': ['read', { tool: 'list-virtual-machines', fields: ['*'] }],
  'list with long fields': [
    'read',
    {
      tool: 'list-templates',
      arguments: { templatefilter: 'all' },
      fields: ['name', 'displaytext', 'tags', 'details'],
    },
  ],
  object: ['read', { tool: 'get-cloud-identifier', arguments: { userid: id } }],
  change: ['change', { tool: 'update-virtual-machine', arguments: { id, displayname: 'x' } }],
  job: ['change', { tool: 'start-virtual-machine', arguments: { id } }],
  'waited for': ['wait-for-job', { job: uuid(2) }],
};

const budget = 2000;
/** Tokens are estimated, a little low for odd marks. */
const slack = 1.0;

test.each(Object.entries(hostile))('no answer is longer than its budget: %s', async (_name, row) => {
  const sizes: [string, number][] = [];
  for (const count of [1, 3, 100]) {
    const { app, close } = await openApp(
      {},
      { answers: answerWith(row, count), env: { CLOUDSTACK_MCP_BUDGET: String(budget) } },
    );
    const raw = await openRaw(app, { elicits: false });
    for (const [form, [tool, args]] of Object.entries(calls)) {
      const { result } = await raw.call(tool, args);
      const size = sizeOf(result);
      if (size > slack * budget)
        sizes.push([`${form}, ${count} rows: ${result?.content?.[0]?.text.slice(0, 200)}`, size]);
    }
    await raw.close();
    await close();
  }
  expect(sizes).toEqual([]);
});

test('no error is longer than its budget, whatever the cloud or the caller says', async () => {
  const text = words(200_000);
  const { app, close } = await openApp(
    {},
    {
      answers: (command, params) =>
        command === 'listVolumes'
          ? { errorcode: 431, cserrorcode: 4350, errortext: text }
          : usual(loadCatalog().find(command)?.command, params),
      env: { CLOUDSTACK_MCP_BUDGET: String(budget) },
    },
  );
  const raw = await openRaw(app, { elicits: false });
  const long = digits(100_000);
  const tries: [string, Record<string, unknown>][] = [
    ['read', { tool: 'list-volumes' }],
    ['read', { tool: long }],
    ['read', { tool: 'list-volumes', arguments: { [digits(200)]: 1, state: long } }],
    ['read', { tool: 'list-volumes', arguments: { id: long, zoneid: long, name: { a: long } } }],
    ['read', { tool: 'list-volumes', fields: Array.from({ length: 290 }, (_, at) => `${'x'.repeat(90)}${at}`) }],
    [
      'read',
      {
        tool: 'list-volumes',
        arguments: Object.fromEntries(Array.from({ length: 400 }, (_, at) => [`${'y'.repeat(200)}${at}`, 1])),
      },
    ],
    [
      'change',
      {
        tool: 'deploy-virtual-machine',
        arguments: { zoneid: words(5000), templateid: words(5000), serviceofferingid: words(5000) },
      },
    ],
    ['change', { tool: 'update-virtual-machine', arguments: { id: words(5000) } }],
    ['read', { [digits(5000)]: 1 }],
    ['find-tools', { query: long, toolset: long }],
    ['describe-tools', { tools: [digits(5000)] }],
    ['wait-for-job', { job: long }],
  ];
  const sizes: [string, number][] = [];
  for (const [tool, args] of tries) {
    const { result, error } = await raw.call(tool, args);
    const size = result ? sizeOf(result) : tokensOf(JSON.stringify(error));
    if (size > budget) sizes.push([`${tool}: ${(result?.content?.[0]?.text ?? '').slice(0, 300)}`, size]);
  }
  await raw.close();
  await close();
  expect(sizes).toEqual([]);
});

test('what is found and described keeps to the budget and names what it leaves out', async () => {
  const { app, config, close } = await openApp();
  const raw = await openRaw(app, { elicits: false });
  const largest = loadCatalog()
    .tools.toSorted((a, b) => b.command.params.length - a.command.params.length)
    .slice(0, 20)
    .map(({ name }) => name);
  const described = await raw.call('describe-tools', { tools: largest });
  expect(sizeOf(described.result)).toBeLessThanOrEqual(slack * config.budget);
  for (const name of largest) expect(described.result?.content?.[0]?.text).toContain(name);
  const found = await raw.call('find-tools', { query: 'list virtual machine network', limit: 50 });
  expect(sizeOf(found.result)).toBeLessThanOrEqual(config.budget);
  await raw.close();
  await close();
});

test('part 4.10: every command is described within 700 tokens, the rest by name, and every question is answered within 250', async () => {
  const { app, close } = await openApp();
  const raw = await openRaw(app, { elicits: false });
  const long: string[] = [];
  const judge = (what: string, result: RawResult | undefined, maximum: number): void => {
    const sizes = [result?.content?.[0]?.text ?? '', JSON.stringify(result?.structuredContent)].map(tokensOf);
    if (Math.max(...sizes) > maximum) long.push(`${what}: ${sizes.join(', ')}`);
  };
  for (const { name, command } of loadCatalog().tools) {
    const { result } = await raw.call('describe-tools', { tools: [name] });
    judge(name, result, 700);
    // Whatever is not described is named.
    for (const { name: parameter } of command.params)
      if (!result?.content?.[0]?.text.includes(parameter)) long.push(`${name} does not name ${parameter}`);
  }
  for (const { question } of loadQuestions())
    judge(question, (await raw.call('find-tools', { query: question })).result, 250);
  await raw.close();
  await close();
  expect(long).toEqual([]);
});

test('a question is no longer than a person reads', async () => {
  const { app, close } = await openApp(
    {},
    { answers: answerWith({ name: words(20_000), displayname: digits(50_000), account: words(3000) }, 3) },
  );
  const raw = await openRaw(app);
  const { result } = await raw.call('destroy', { tool: 'destroy-virtual-machine', arguments: { id } });
  const questions = Object.values(result?.inputRequests ?? {}).map(({ params }) => params.message);
  for (const message of questions) expect(tokensOf(message)).toBeLessThanOrEqual(2000);
  expect(questions.length).toBeGreaterThan(0);
  await raw.close();
  await close();
});
