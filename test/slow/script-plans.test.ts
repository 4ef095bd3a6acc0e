import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { send } from '../simulator/sign.ts';
import { acceptAll, openHost, startCloud, type Cloud, type Host } from '../support/harness.ts';

let cloud: Cloud;
let host: Host;

beforeAll(async () => {
  cloud = await startCloud();
  // Every step of a plan is looked at: its data may be as long as it is.
  host = await openHost({ env: { ...cloud.env, CLOUDSTACK_MCP_BUDGET: '1000000' }, human: acceptAll });
});

afterAll(async () => {
  await host.close();
  await cloud.close();
});

beforeEach(() => {
  cloud.renew();
  cloud.calls.length = 0;
  host.asked.length = 0;
});

const plan = async (code: string) => {
  const { text, structured } = await host.call('run-script', { code, mode: 'plan' });
  return { text, structured, plan: structured['plan'] as Record<string, any> };
};
/** What was sent that changes something. */
const changes = () => cloud.calls.flatMap(({ method, command }) => (method === 'POST' ? [command] : []));

test('a script of forty changes is one plan: nothing is sent before one yes, exactly its steps after it', async () => {
  const code = readFileSync(new URL('../script/build.js', import.meta.url), 'utf8');
  const made = await plan(code);
  expect(made.text).toMatch(/^Plan \S+, 40 steps: create \d+, change \d+\./);
  expect(changes()).toEqual([]);
  expect(host.asked).toEqual([]);
  const before = host.audit().length;
  const answer = await host.call('change', { plan: made.plan['id'] });
  expect(answer.text).toContain('40 of 40 steps are done');
  expect(host.asked).toHaveLength(1);
  const steps = made.plan['steps'] as { command: string }[];
  expect(changes()).toEqual(steps.map(({ command }) => command));
  // Each step leaves its entry with the digests of the plan and of the script.
  const entries = host.audit().slice(before);
  const script = createHash('sha256').update(code).digest('hex');
  expect(entries.filter((entry) => entry['script'] === script && entry['plan'] && entry['step'])).toHaveLength(40);
});

test('what a script makes is found by its later reads; what only a step tells ends the plan there', async () => {
  const made = await plan(`
const before = await cloudstack.listSecurityGroups({ securitygroupname: 'planned' });
const group = await cloudstack.createSecurityGroup({ name: 'planned' });
const after = await cloudstack.listSecurityGroups({ id: group.id });
const [machine] = await cloudstack.listVirtualMachines({ name: 'old-test' });
const started = await cloudstack.startVirtualMachine({ id: machine.id });
if (before.length === 0 && after.length === 1 && started.id === machine.id) {
  let state = 'caught';
  try { state = started.state; } catch {}
  await cloudstack.createSecurityGroup({ name: state });
}`);
  expect(made.plan).toMatchObject({ counts: { create: 1, change: 1, destroy: 0 } });
  expect(made.text).toContain('line 9 of the script');
  expect(made.text).toContain('state of step 2 is known only once that is done');
  expect(changes()).toEqual([]);
});

// However it looks at what no one knows yet, it takes no way that it might not take.
test.each([
  ['a field', 'if (group.virtualmachineIds?.length) other()'],
  ['whether it is there', 'if ("virtualmachineIds" in group) other()'],
  ['whether it is its own', 'if (!Object.hasOwn(group, "virtualmachineIds")) other()'],
  ['a copy', 'const copy = { ...group }; if (!copy.virtualmachineIds) other()'],
  ['the rest of it', 'const { id, ...rest } = group; if (!rest.virtualmachineIds) other()'],
  ['an assigned copy', 'if (!Object.assign({}, group).virtualmachineIds) other()'],
  ['its entries', 'if (Object.entries(group).length < 9) other()'],
  ['its text', 'if (!JSON.stringify(group).includes("virtualmachineIds")) other()'],
  ['a loop', 'let n = 0; for (const name in group) n++; if (n < 9) other()'],
  ['an expression', 'if (!where([group], "virtualmachineIds = x").length) other()'],
  ['an order', 'if (sort([group], "-virtualmachineIds").length) other()'],
  ['a group', 'if (group0([group], "virtualmachineIds").length) other()'.replace('group0', 'globalThis.group')],
])('%s of what a step makes ends the plan there', async (_what, look) => {
  const made = await plan(
    `const other = () => cloudstack.createAffinityGroup({ name: 'wrong', type: 'host anti-affinity' });
     const group = await cloudstack.createAffinityGroup({ name: 'seen', type: 'host anti-affinity' });
     print(group, group.id);
     ${look};`,
  );
  expect(made.text).toContain('The plan ends there');
  expect(made.text).not.toContain('wrong');
  expect(cloud.calls.filter(({ method }) => method === 'POST')).toEqual([]);
});

test('what is known of what a step makes can be asked, printed and returned', async () => {
  const made = await plan(
    `const group = await cloudstack.createAffinityGroup({ name: 'seen', type: 'host anti-affinity' });
     print(group);
     if (where([group], 'name = seen').length) await cloudstack.createSSHKeyPair({ name: group.name });
     return group;`,
  );
  expect(made.text).toContain('2 steps');
  expect(made.text).not.toContain('The plan ends there');
});

test('what a script read is bound, too: once it is otherwise, nothing of the plan is sent', async () => {
  const made = await plan(`const [machine] = await cloudstack.listVirtualMachines({ name: 'web-1' });
if (machine.state === 'Running') await cloudstack.createSecurityGroup({ name: 'for-one-that-runs' });`);
  await host.call('destroy', { tool: 'stop-virtual-machine', arguments: { id: 'web-1' } });
  cloud.calls.length = 0;
  host.asked.length = 0;
  const refused = await host.call('change', { plan: made.plan['id'] });
  expect(refused.text).toContain('has changed since it was made');
  expect(changes()).toEqual([]);
  expect(host.asked).toEqual([]);
});

test('what others changed behind a cache is seen; a read that needs a yes ends the script as a call by itself does', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'cloudstack-script-plan-'));
  const config = join(folder, 'config.json');
  const rules = [{ name: 'ask', match: { command: 'listZones' }, action: 'confirm' }];
  writeFileSync(config, JSON.stringify({ policy: { rules } }));
  const env = { ...cloud.env, CLOUDSTACK_MCP_CACHE: 'true' };
  const cached = await openHost({ env, flags: ['--config', config], human: acceptAll });
  const code = `const [machine] = await cloudstack.listVirtualMachines({ name: 'web-1' });
await cloudstack.createSecurityGroup({ name: machine.displayname });`;
  const made = await cached.call('run-script', { code, mode: 'plan' });
  const id = cloud.simulator.world.all('UserVm').find(({ fields }) => fields['name'] === 'web-1')!.id;
  await send(cloud.simulator, 'updateVirtualMachine', { id, displayname: 'renamed' });
  cloud.calls.length = 0;
  const refused = await cached.call('change', { plan: (made.structured['plan'] as { id: string }).id });
  expect(refused.text).toContain('has changed since it was made');
  const asked = await cached.call('run-script', {
    code: `await cloudstack.createSecurityGroup({ name: 'x' });
await cloudstack.listZones();`,
    mode: 'plan',
  });
  expect(asked.text).toContain('unconfirmed');
  expect(asked.structured['plan']).toBeUndefined();
  expect(changes()).toEqual([]);
  await cached.close();
  rmSync(folder, { recursive: true });
});

test('a script that destroys is applied by destroy; one that only reads is no plan; an error says its line', async () => {
  const made = await plan(`const [m] = await cloudstack.listVirtualMachines({ name: 'old-test' });
await cloudstack.destroyVirtualMachine({ id: m.id });`);
  expect(made.plan).toMatchObject({ tool: 'destroy', counts: { create: 0, change: 0, destroy: 1 } });
  const refused = await host.call('change', { plan: made.plan['id'] });
  expect(refused.isError).toBe(true);
  const reads = await plan('return (await cloudstack.listZones()).length');
  expect(reads.text).toContain('changes nothing');
  const wrong = await plan(`await cloudstack.createSecurityGroup({ name: 'x' });
await cloudstack.startVirtualMachine({ id: 'not-there' });`);
  expect(wrong.text).toContain('line 2 of the script');
  expect(wrong.text).not.toContain('stays done');
  expect(changes()).toEqual([]);
});
