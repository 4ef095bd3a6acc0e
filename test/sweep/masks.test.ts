import { expect, test } from 'vitest';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { once } from '../../src/catalog/once.ts';
import type { Command } from '../../src/catalog/types.ts';
import { openApp, requiredOf, uuid, type Answers } from '../guard/counting.ts';
import { openRaw } from '../guard/raw.ts';
import { newerApis } from '../support/newer-cloud.ts';
import { answerWith, countSeeded, leaksIn, rich, richRow } from './seeded-secrets.ts';

/** Every way to name a value of a row: each field, and each through the objects and lists in it. */
const pathsOf = (value: unknown, before = '', depth = 3): string[] => {
  if (typeof value !== 'object' || value === null || depth === 0) return [];
  if (Array.isArray(value)) return value.flatMap((item) => pathsOf(item, before, depth));
  return Object.entries(value).flatMap(([name, inner]) => [
    `${before}${name}`,
    ...pathsOf(inner, `${before}${name}.`, depth - 1),
  ]);
};

const { tools } = loadCatalog();

const newer: Answers = (name, params) => (name === 'listApis' ? newerApis() : rich(name, params));

test('no choice of fields takes a mask off, whatever a read answers', async () => {
  const env = { CLOUDSTACK_MCP_BUDGET: '1000000', CLOUDSTACK_MCP_DISCOVER: 'true' };
  const { app, close } = await openApp({}, { answers: newer, env });
  const raw = await openRaw(app);
  const leaks = new Set<string>();
  const reads = tools.filter(({ risk }) => risk.risk === 'read');
  let shown = 0;
  for (const { name, command } of reads) {
    const paths = [...new Set(pathsOf(richRow(command)))];
    for (const fields of [['*'], paths, ['value', 'nested.value', 'x.apikey', 'details.value', 'payload']]) {
      const answer = JSON.stringify(await raw.call('read', { tool: name, arguments: requiredOf(command), fields }));
      if (answer.includes('••••••')) shown++;
      for (const leak of leaksIn(`${name} ${fields.length} fields`, answer)) leaks.add(leak);
    }
  }
  await raw.close();
  await close();
  expect([...leaks].slice(0, 40)).toEqual([]);
  // Each answer showed something, masked.
  expect(shown).toBeGreaterThan(2 * reads.length);
  expect(countSeeded()).toBeGreaterThan(reads.length * 100);
});

/** Parts of a list, so many at a time. */
const partsOf = <T>(all: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, at) => all.slice(at * size, (at + 1) * size));

/** Made when it is first asked for; a list is asked for dozens of times, and shows the same. */
const rowsOf = once((command: Command) => [1, 2].map((id) => richRow(command, uuid(id))));
const jobRowOf = once((command: Command) => richRow(command));

test('nothing that is masked is told by comparing, sorting or grouping, whatever a list answers', async () => {
  // Two rows that differ in nothing but their secrets and their ids.
  const answers: Answers = (name) => {
    const command = loadCatalog().find(name)?.command;
    if (command?.result !== 'list') return undefined;
    const key = [command.key ?? 'item'].flat()[0] ?? 'item';
    return { count: 2, [key]: rowsOf(command) };
  };
  const { app, close } = await openApp({}, { answers, env: { CLOUDSTACK_MCP_BUDGET: '1000000' } });
  const raw = await openRaw(app);
  const wrong = new Set<string>();
  let [asked, refused] = [0, 0];
  const lists = tools.filter(({ risk, command }) => risk.risk === 'read' && command.result === 'list');
  for (const { name, command } of lists) {
    const args = requiredOf(command);
    const read = async (query: Record<string, unknown>) => {
      asked++;
      const { result } = await raw.call('read', { tool: name, arguments: args, fields: ['id'], ...query });
      const answer = JSON.stringify(result);
      for (const leak of leaksIn(`${name} ${JSON.stringify(query)}`, answer)) wrong.add(leak);
      return result?.structuredContent ?? {};
    };
    const paths = [...new Set(pathsOf(richRow(command)))].filter(
      (path) => path !== 'id' && /^[A-Za-z_][\w.]*$/.test(path),
    );
    const open: string[] = [];
    for (const some of partsOf(paths, 8)) {
      // Which may be asked at all is said by name, before anything is sent.
      const { error } = await read({
        sort: some.slice(0, 1),
        where: some.map((path) => `${path} contains "Kanarien"`).join(' or '),
      });
      const message = String((error as { message?: string } | undefined)?.message ?? '');
      if (message) refused++;
      open.push(...(message ? some.filter((path) => !message.includes(path)) : some));
    }
    for (const some of partsOf(open, 8)) {
      const where = some.map((path) => `${path} contains "Kanarien"`).join(' or ');
      const found = await read({ where });
      if (Number(found['count'] ?? 0) > 0) wrong.add(`${name} where ${where}: ${JSON.stringify(found).slice(0, 300)}`);
      await read({ group: [...some.slice(0, 2), ...some.slice(2).map((path) => `max(${path})`)] });
      // Rows that differ in nothing that may be told stay in their order.
      for (const three of partsOf(some, 3))
        for (const sign of ['', '-']) {
          const { items } = await read({ sort: three.map((path) => `${sign}${path}`) });
          const order = (items as { id: string }[] | undefined)?.map(({ id }) => id);
          if (order && order[0] !== uuid(1)) wrong.add(`${name} sort ${sign}${three.join(' ')}: ${order.join(', ')}`);
        }
    }
  }
  await raw.close();
  await close();
  expect([...wrong].slice(0, 20)).toEqual([]);
  expect(refused).toBeGreaterThan(lists.length);
  expect(asked).toBeGreaterThan(10 * lists.length);
});

/** `deployVirtualMachine` → the class that runs it. */
const classOf = (command: string): string =>
  `org.apache.cloudstack.api.command.user.${command.charAt(0).toUpperCase()}${command.slice(1)}Cmd`;

const jobs = tools.filter(({ command }) => command.async).map(({ command }) => command);

test.each([
  ['with the class that ran it', true],
  ['without it', false],
])('a job gives out no more than its command, by any way to look at it, %s', async (_what, reveals) => {
  const state = (id: number) => {
    const command = jobs[id - 100]!;
    return {
      jobid: uuid(id),
      jobstatus: 1,
      jobresultcode: 0,
      ...(reveals ? { cmd: classOf(command.name) } : {}),
      jobresult: answerWith(command, jobRowOf(command)),
    };
  };
  const answers: Answers = (name, params) => {
    const id = Number(params['jobid']?.slice(-12) ?? 0);
    if (name === 'queryAsyncJobResult') return state(id);
    if (name !== 'listAsyncJobs') return undefined;
    const asked = Number(params['page'] ?? 1) + 99;
    const job = state(asked);
    return { count: 1, asyncjobs: [job, { ...job, jobresult: JSON.stringify(job.jobresult) }] };
  };
  const { app, close } = await openApp({}, { answers, env: { CLOUDSTACK_MCP_BUDGET: '1000000' } });
  const raw = await openRaw(app);
  const leaks = new Set<string>();
  for (const [at, command] of jobs.entries()) {
    const jobid = uuid(at + 100);
    const paths = [...new Set(pathsOf(state(at + 100)))];
    const looks: [string, Record<string, unknown>][] = [
      ['wait-for-job', { job: jobid }],
      ['read', { tool: 'queryAsyncJobResult', arguments: { jobid }, fields: ['*'] }],
      ['read', { tool: 'queryAsyncJobResult', arguments: { jobid }, fields: paths }],
      ['read', { tool: 'listAsyncJobs', arguments: { page: at + 1, pagesize: 2 }, fields: ['jobresult'] }],
    ];
    for (const [tool, args] of looks) {
      const answer = JSON.stringify(await raw.call(tool, args));
      expect(answer, `${command.name} ${tool}`).toContain('••••••');
      for (const leak of leaksIn(`${command.name} ${tool} ${String(args['tool'])}`, answer)) leaks.add(leak);
    }
  }
  await raw.close();
  await close();
  expect([...leaks].slice(0, 40)).toEqual([]);
});
