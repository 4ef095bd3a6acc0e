import { PassThrough } from 'node:stream';
import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { expect, test } from 'vitest';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { openTaskCloud } from '../../src/eval/cloud.ts';
import { playTask, type TaskResult } from '../../src/eval/play.ts';
import { followSolutions } from '../../src/eval/recorded.ts';
import { loadTasks } from '../../src/eval/tasks.ts';
import { openHost, startCloud } from '../support/harness.ts';

// Ten pieces of work of operators as scripts, and the same calls one by one: what each way costs a model, in one run.

const tasks: Record<string, string> = {
  'stopped machines, each with the size of its disks': `const out = {};
for (const m of await cloudstack.listVirtualMachines({}, { where: 'state = Stopped' })) {
  const disks = await cloudstack.listVolumes({ virtualmachineid: m.id });
  out[m.name] = disks.reduce((sum, { size }) => sum + size, 0) / 2 ** 30;
}
return out;`,
  'what stands behind each balancer': `const out = {};
for (const rule of await cloudstack.listLoadBalancerRules())
  out[rule.name] = (await cloudstack.listLoadBalancerRuleInstances({ id: rule.id })).map(({ name }) => name);
return out;`,
  'machines of each host': `const out = {};
for (const host of await cloudstack.listHosts({ type: 'Routing' }))
  out[host.name] = (await cloudstack.listVirtualMachines({ hostid: host.id })).map(({ name }) => name);
return out;`,
  'networks without a machine': `const free = [];
for (const n of await cloudstack.listNetworks())
  if (!(await cloudstack.listVirtualMachines({ networkid: n.id })).length) free.push(n.name);
return free;`,
  'limits of every account': `const out = {};
for (const a of await cloudstack.listAccounts())
  out[a.name] = (await cloudstack.listResourceLimits({ account: a.name, domainid: a.domainid, resourcetype: 0 }))[0]?.max;
return out;`,
  'snapshots of each disk': `const out = {};
for (const v of await cloudstack.listVolumes())
  out[v.name] = (await cloudstack.listSnapshots({ volumeid: v.id })).length;
return out;`,
  'a group for all stopped machines': `const stopped = await cloudstack.listVirtualMachines({}, { where: 'state = Stopped' });
for (const { id } of stopped) await cloudstack.updateVirtualMachine({ id, group: 'idle' });
return stopped.length;`,
  'a tag for every disk': `const disks = await cloudstack.listVolumes();
for (const { id } of disks)
  await cloudstack.createTags({ resourcetype: 'Volume', resourceids: [id], tags: [{ key: 'seen', value: 'yes' }] });
return disks.length;`,
  'a display text for every network': `const networks = await cloudstack.listNetworks({}, { where: 'type = Isolated' });
for (const { id, name } of networks) await cloudstack.updateNetwork({ id, displaytext: name + ' (checked)' });
return networks.length;`,
  'ten affinity groups': `for (let i = 0; i < 10; i++)
  await cloudstack.createAffinityGroup({ name: 'group-' + i, type: 'host anti-affinity' });
return 'done';`,
};

const tokens = (value: unknown): number => encode(typeof value === 'string' ? value : JSON.stringify(value)).length;

test('a script costs one call, and fewer tokens than its calls one by one', async () => {
  const cloud = await startCloud();
  const host = await openHost({ env: cloud.env });
  const rows: string[] = [];
  const sums = { calls: 0, byCall: 0, byScript: 0 };
  for (const [what, code] of Object.entries(tasks)) {
    cloud.renew();
    const before = host.audit().length;
    const answer = await host.call('run-script', { code });
    expect(answer.isError, `${what}: ${answer.text}`).toBeUndefined();
    const made = host
      .audit()
      .slice(before)
      .filter(({ result, script, command }) => result && script && command);
    cloud.renew();
    let byCall = 0;
    for (const { command, params } of made) {
      const name = loadCatalog().find(command!)!.risk.risk === 'read' ? 'read' : 'change';
      const asked = { tool: command, arguments: params };
      const one = await host.call(name, asked);
      expect(one.isError, `${what}: ${one.text}`).toBeUndefined();
      byCall += tokens({ name, arguments: asked }) + tokens(one.text);
    }
    const byScript = tokens({ name: 'run-script', arguments: { code } }) + tokens(answer.text);
    sums.calls += made.length;
    sums.byCall += byCall;
    sums.byScript += byScript;
    rows.push(`${what.padEnd(52)} ${made.length} calls, ${byCall} tokens; as a script 1 call, ${byScript} tokens`);
  }
  process.stderr.write(`${rows.join('\n')}\nall: ${JSON.stringify(sums)}\n`);
  expect(sums.calls).toBeGreaterThan(5 * Object.keys(tasks).length);
  expect(sums.byScript).toBeLessThan(sums.byCall / 2);
  await host.close();
  await cloud.close();
});

/** Ten tasks of data/evals.json, each as one script. */
const scripted: Record<string, string> = {
  'count-stopped': `return (await cloudstack.listVirtualMachines({ state: 'Stopped' })).map(({ name }) => name);`,
  'where-does-it-run': `return (await cloudstack.listVirtualMachines({ name: 'crm' })).map(({ hostname }) => hostname);`,
  'largest-disk': `const [{ name, account }] = await cloudstack.listVolumes({}, { sort: '-size' });
return { name, account };`,
  'unused-disk': `return (await cloudstack.listVolumes({}, { where: 'virtualmachineid is null' })).map(({ name }) => name);`,
  'snapshots-of-a-disk': `return (await cloudstack.listSnapshots({ volumeid: 'db-data' })).map(({ name }) => name);`,
  'what-is-behind-80': `return (await cloudstack.listLoadBalancerRuleInstances({ id: 'web' })).map(({ name }) => name);`,
  'start-a-machine': `await cloudstack.startVirtualMachine({ id: 'demo' });`,
  'resize-a-stopped-machine': `await cloudstack.scaleVirtualMachine({ id: 'build-runner', serviceofferingid: 'XLarge Instance' });
await cloudstack.startVirtualMachine({ id: 'build-runner' });`,
  'rename-a-machine': `await cloudstack.updateVirtualMachine({ id: 'reports', displayname: 'sales-reports' });`,
  'tag-a-machine': `await cloudstack.createTags({ resourcetype: 'UserVm', resourceids: ['db-1'], tags: [{ key: 'env', value: 'prod' }] });`,
};

test('ten tasks of the evals are done by scripts as they are by calls, in one call each', async () => {
  const tasks = loadTasks().filter(({ name }) => scripted[name] !== undefined);
  expect(tasks.map(({ name }) => name).sort()).toEqual(Object.keys(scripted).sort());
  const ways = {
    calls: followSolutions(tasks),
    script: followSolutions(
      tasks.map((task) => ({ ...task, solution: { calls: [['run-script', { code: scripted[task.name] }]] } })),
    ),
  };
  const { signal } = new AbortController();
  for (const task of tasks) {
    const results = [];
    for (const model of Object.values(ways)) {
      const cloud = await openTaskCloud(task, { settings: {}, stderr: new PassThrough() });
      results.push(await playTask(task, { cloud, model, countTokens: tokens, signal }));
      await cloud.close();
    }
    const [byCall, byScript] = results as [TaskResult, TaskResult];
    process.stderr.write(
      `${task.name.padEnd(28)} ${byCall.calls} calls, ${byCall.tokens} tokens; as a script ${byScript.calls} call, ${byScript.tokens} tokens\n`,
    );
    expect(
      results.map(({ passed, problems, broken }) => ({ passed, problems, broken })),
      task.name,
    ).toEqual([byCall, byScript].map(() => ({ passed: true, problems: [], broken: [] })));
    expect(byScript.calls).toBe(1);
  }
});
