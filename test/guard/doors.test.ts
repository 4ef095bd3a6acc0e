import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { CallError } from '../../src/errors.ts';
import { openApp, requestOf, uuid, yes, type Answers } from './counting.ts';
import { openRaw, type RawAnswer } from './raw.ts';

// Attacks of the kinds in attacks.test.ts through every other door: lists of calls, scripts, the way back, resources,
// completions, diagnoses, exports. What is counted is what reaches the cloud, and what a caller is shown. Spellings and masks
// are in test/sweep/doors.test.ts.

const open: { close: () => unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});
const closing = <T extends { close: () => unknown }>(one: T): T => (open.push(one), one);

const id = uuid(1).replace(/0000-4000/, 'abcd-4abc');
const saved = [{ key: 'protected', value: 'true' }];
type Row = Record<string, unknown>;

/** How it ends: `done`, or the kind of its error. */
const endOf = (running: Promise<unknown>): Promise<string> =>
  running.then(
    () => 'done',
    (error: unknown) => (error instanceof CallError ? error.kind : String(error)),
  );

/** A cloud with one machine, which it finds in any letter case. */
const cloudWith =
  (machine: () => Row): Answers =>
  (command, params) => {
    if (command === 'updateVirtualMachine') return { virtualmachine: { id, displayname: params['displayname'] } };
    if (command !== 'listVirtualMachines') return undefined;
    const asked = (params['id'] ?? params['ids'])?.trim().toLowerCase();
    const found = asked === undefined || asked.split(',').includes(id);
    return found ? { count: 1, virtualmachine: [{ id, name: 'web-1', state: 'Running', ...machine() }] } : { count: 0 };
  };

test('the id that an earlier step made is judged when it is known: a protected one stops the list there', async () => {
  const answers: Answers = (command, params) =>
    command === 'queryAsyncJobResult'
      ? { jobid: params['jobid'], jobstatus: 1, jobresult: { affinitygroup: { id: id.toUpperCase(), name: 'x' } } }
      : cloudWith(() => ({ tags: saved }))(command, params);
  const steps: [string, Row][] = [
    ['updateVirtualMachine', { id: '$1', displayname: 'x' }],
    ['destroyVirtualMachine', { id: '$1' }],
    ['createTags', { resourceids: ['$1'], resourcetype: 'UserVm', tags: { a: 'b' } }],
    ['createVMSchedule', { virtualmachineid: '$1', action: 'STOP', schedule: '* * * * *', timezone: 'UTC' }],
  ];
  for (const [tool, args] of steps) {
    const { app, times } = closing(await openApp({}, { answers }));
    const calls = [
      { tool: 'createAffinityGroup', arguments: { name: 'x', type: 'host affinity' } },
      { tool, arguments: args },
    ];
    const run = app.plan(requestOf('plan', { calls }, { consent: yes }), { action: 'run', calls, riskTool: 'destroy' });
    await expect(run, tool).rejects.toThrow(/Step 2 of 2 .* protected/);
    expect(times('createAffinityGroup')).toBe(1);
    expect(times(tool), tool).toBe(0);
  }
});

const textOf = (answer: RawAnswer): string => JSON.stringify(answer);

test('the way back is judged as it is now, and is for whom made the change', async () => {
  let tags: Row[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'way-back-'));
  open.push({ close: () => rmSync(folder, { recursive: true, force: true }) });
  const { app, times } = closing(
    await openApp(
      {},
      {
        env: { CLOUDSTACK_MCP_AUDIT: join(folder, 'audit.jsonl') },
        answers: cloudWith(() => ({ displayname: 'a', tags })),
      },
    ),
  );
  const raw = closing(await openRaw(app));
  const eve = closing(await openRaw(app, { principal: 'eve' }));
  await raw.call('change', { tool: 'updateVirtualMachine', arguments: { id: id.toUpperCase(), displayname: 'new' } });
  expect(times('updateVirtualMachine')).toBe(1);
  expect(textOf(await eve.call('change', { undo: 'last' }))).toContain('not-found');
  tags = saved;
  expect(textOf(await raw.call('change', { undo: 'last' }))).toContain('protected');
  expect(times('updateVirtualMachine')).toBe(1);
});

const tied = {
  roles: { tied: { domains: ['ROOT/engineering', 'ROOT/lab'] } },
  principals: { eve: { role: 'tied' } },
};
const sales = { domainid: uuid(51), domainpath: 'ROOT/sales', account: 'carol', name: 'crm', tags: [] };
const domains = [
  { id: uuid(50), name: 'engineering', path: 'ROOT/engineering' },
  { id: uuid(52), name: 'lab', path: 'ROOT/lab' },
];

test('no door shows a role of some domains a machine of another, nor whether there is one', async () => {
  const seenBy = async (count: number): Promise<string[]> => {
    const machine = { id, state: 'Running', ...sales };
    const { app, sent } = closing(
      await openApp(tied, {
        answers: (command, params) => {
          if (command === 'listDomains') return { count: domains.length, domain: domains };
          if (command !== 'listVirtualMachines') return undefined;
          // A page beyond the last has no rows, and the count of all.
          return count && params['page'] !== '1000' ? { count, virtualmachine: [machine] } : { count };
        },
      }),
    );
    const eve = closing(await openRaw(app, { principal: 'eve' }));
    const list = { tool: 'listVirtualMachines' };
    const answers: unknown[] = [];
    for (const spelling of [id, id.toUpperCase(), ` ${id}`, 'crm']) {
      for (const [tool, args] of [
        ['read', { ...list, arguments: { id: spelling } }],
        ['diagnose', { kind: 'machine', id: spelling }],
        ['change', { mode: 'plan', calls: [{ tool: 'startVirtualMachine', arguments: { id: spelling } }] }],
        ['destroy', { tool: 'stopVirtualMachine', arguments: { id: spelling } }],
        ['run-script', { code: `return await cloudstack.listVirtualMachines({ id: ${JSON.stringify(spelling)} });` }],
      ] as const)
        answers.push(await eve.call(tool, args));
      const uri = `cloudstack://default/virtual-machine/${encodeURIComponent(spelling)}`;
      answers.push((await eve.send('resources/read', { uri })).error?.code);
    }
    for (const more of [
      { arguments: { listall: true, page: 1000, pagesize: 1, keyword: 'crm' } },
      { arguments: { retrieveonlyresourcecount: true } },
      { group: 'account, count()' },
      { where: 'name = "crm"' },
      { all: true },
      { profile: '*' },
    ])
      answers.push(await eve.call('read', { ...list, ...more }));
    answers.push(await eve.complete('destroyVirtualMachine', { name: 'id', value: 'c' }));
    answers.push(await eve.complete('backup-drill', { name: 'machine', value: 'c' }));
    const caller = { principal: 'eve', host: 'test', profile: 'default' };
    for (const as of ['cmk', 'terraform', 'ansible', 'mermaid'])
      answers.push(await endOf(app.export(requestOf('export', { what: `virtual-machine=${id}`, as }, { caller }))));
    expect(sent.filter(({ command }) => /^(start|stop)/.test(command))).toEqual([]);
    return answers.map((answer) => JSON.stringify(answer)?.replaceAll(/"id":\d+,?/g, '') ?? '');
  };
  const [there, none] = [await seenBy(1), await seenBy(0)];
  for (const text of there) expect(text).not.toMatch(/carol|sales|"count":[1-9]/);
  expect(there).toEqual(none);
});
