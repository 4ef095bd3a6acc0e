import { expect, test } from 'vitest';
import { loadCatalog } from '../../src/catalog/catalog.ts';
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
      jobresult: answerWith(command, richRow(command)),
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
