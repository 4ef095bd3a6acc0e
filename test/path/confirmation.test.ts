import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openHost, startCloud, type Asked, type Cloud, type HostOptions } from '../support/harness.ts';

let cloud: Cloud;
beforeEach(async () => {
  cloud = await startCloud();
});
afterEach(() => cloud.close());

const sent = (command = 'destroyVirtualMachine'): number =>
  cloud.calls.filter((call) => call.command === command).length;
const yes = () => ({ action: 'accept' as const, content: { confirm: true } });
const quoted = ({ message }: Asked): string => /"([^"]*)"/.exec(message)?.[1] ?? '';

const firstVm = async (options: Partial<HostOptions> = {}) => {
  const host = await openHost({ env: cloud.env, ...options });
  const { structured } = await host.call('read', {
    tool: 'listVirtualMachines',
    arguments: { listall: true },
    fields: ['id', 'name'],
  });
  const [vm] = structured['items'] as { id: string; name: string }[];
  return { host, vm: vm! };
};

const protocols = ['old', 'new'] as const;

test.each(protocols)(
  '%s era: after a yes a destroy leaves once, and its audit entry says who agreed how',
  async (protocol) => {
    const { host, vm } = await firstVm({ protocol, human: yes });
    const result = await host.call('destroy', { tool: 'destroy-virtual-machine', arguments: { id: vm.name } });
    expect(result.isError).toBeUndefined();
    expect(sent()).toBe(1);
    expect(host.asked).toHaveLength(1);
    expect(host.asked[0]!.message).toContain(vm.name);
    expect(host.asked[0]!.message.split('\n').length).toBeLessThanOrEqual(10);
    expect(result.structured['resolved']).toEqual([{ parameter: 'id', name: vm.name, id: vm.id }]);
    const entries = host.audit().filter(({ command }) => command === 'destroyVirtualMachine');
    const confirmation = { by: 'elicitation', who: 'local' };
    expect(entries).toMatchObject([{ result: 'done', confirmation, requests: 1, principal: 'local' }]);
    await host.close();
  },
);

const refusals: Record<string, Partial<HostOptions>> = {
  'a host that cannot ask': {},
  'a human who declines': { human: () => ({ action: 'decline' }) },
  'a human who cancels': { human: () => ({ action: 'cancel' }) },
  'a yes that is not one': { human: () => ({ action: 'accept', content: { confirm: false } }) },
  'a form sent back empty': { human: () => ({ action: 'accept', content: {} }) },
  'a host that fails to ask': { human: () => Promise.reject(new Error('no window')) },
};

test.each(protocols.flatMap((version) => Object.keys(refusals).map((who) => [version, who] as const)))(
  '%s era, %s: the request never leaves',
  async (protocolVersion, who) => {
    const { host, vm } = await firstVm({ protocol: protocolVersion, ...refusals[who] });
    const result = await host
      .call('destroy', { tool: 'destroy-virtual-machine', arguments: { id: vm.id } })
      .catch((error: unknown) => ({ isError: true, text: String(error) }));
    expect(result.isError).toBe(true);
    expect(sent()).toBe(0);
    const { audit } = await host.close();
    expect(audit.filter(({ command }) => command === 'destroyVirtualMachine')).toMatchObject([{ result: 'refused' }]);
  },
);

test('no argument is a confirmation', async () => {
  const { host, vm } = await firstVm();
  const tries = ['confirm', 'confirmed', 'force', 'phrase', 'approve', 'yes', 'inputResponses', 'requestState'];
  for (const name of tries) {
    const inner = await host.call('destroy', { tool: 'destroyVirtualMachine', arguments: { id: vm.id, [name]: true } });
    expect(inner.isError, name).toBe(true);
    const outer = await host.call('destroy', { tool: 'destroyVirtualMachine', arguments: { id: vm.id }, [name]: true });
    expect(outer.isError, name).toBe(true);
  }
  for (const tool of ['read', 'change'] as const) {
    const through = await host.call(tool, { tool: 'destroy_virtual_machine', arguments: { id: vm.id } });
    expect(through.structured['error']).toMatchObject({ kind: 'refused' });
    expect(through.text).toContain('destroy');
  }
  expect(sent()).toBe(0);
  await host.close();
});

test.each(protocols)('%s era: what cannot be undone wants the name typed as shown', async (protocol) => {
  let typed = (asked: Asked): string => `${quoted(asked)} `;
  const { host, vm } = await firstVm({
    protocol,
    human: (asked) => ({ action: 'accept', content: { phrase: typed(asked) } }),
  });
  const args = { tool: 'destroy-virtual-machine', arguments: { id: vm.id, expunge: true } };
  expect((await host.call('destroy', args)).structured['error']).toMatchObject({ kind: 'unconfirmed' });
  expect(sent()).toBe(0);
  typed = quoted;
  expect((await host.call('destroy', args)).isError).toBeUndefined();
  expect(quoted(host.asked[1]!)).toBe(vm.name);
  expect(sent()).toBe(1);
  await host.close();
});

test.each([[[]], [['--tools', 'firewall']]])('D14: a server that only reads lists what reads: %s', async (more) => {
  const host = await openHost({ env: cloud.env, flags: ['--read-only', ...more] });
  const { tools } = await host.client.listTools();
  expect(tools.length).toBeGreaterThan(3);
  // A script may read; what else it asks for is refused.
  expect(tools.filter(({ name, annotations }) => !annotations?.readOnlyHint && name !== 'run-script')).toEqual([]);
  const left = await openHost({ env: cloud.env, flags: more });
  expect((await left.client.listTools()).tools.length).toBeGreaterThan(tools.length);
  await host.close();
  await left.close();
});

test('read-only wins over everything', async () => {
  const { host, vm } = await firstVm({ flags: ['--read-only'], human: yes });
  for (const [door, tool] of [
    ['destroy', 'destroyVirtualMachine'],
    ['change', 'startVirtualMachine'],
    ['change', 'getUserKeys'],
  ] as const)
    expect((await host.call(door, { tool, arguments: { id: vm.id } })).structured['error']).toMatchObject({
      kind: 'refused',
    });
  expect(cloud.calls.filter(({ command }) => !command.startsWith('list'))).toEqual([]);
  expect(host.asked).toEqual([]);
  await host.close();
});

test('nobody is asked to confirm what is wrong anyway', async () => {
  const { host } = await firstVm({ human: yes });
  const wrong = await host.call('destroy', { tool: 'destroyVirtualMachine', arguments: { id: 'no-such-vm' } });
  expect(wrong.structured['error']).toMatchObject({ kind: 'not-found' });
  const removed = await host.call('destroy', {
    tool: 'destroyVirtualMachine',
    arguments: { id: '00000000-0000-4000-8000-00000000dead' },
  });
  expect(removed.structured['error']).toMatchObject({ kind: 'not-found' });
  expect(host.asked).toEqual([]);
  await host.close();
});

test.each(['old', 'new'] as const)(
  '%s era: a setting that is not listed may be hidden: it is changed after a yes, with one read of its list; without one it is not',
  async (protocol) => {
    const change = (name: string) => ({ tool: 'update-configuration', arguments: { name, value: '60' } });
    const names = ['security.hash.key', 'expunge.intervall', '%', 'expunge'];
    // Whatever a rule allows, what is not found does not run unasked.
    const folder = mkdtempSync(join(tmpdir(), 'settings-'));
    const config = join(folder, 'config.yaml');
    writeFileSync(
      config,
      JSON.stringify({ policy: { rules: [{ name: 'all', match: { command: '*' }, action: 'allow' }] } }),
    );
    const none = await openHost({ env: cloud.env, protocol, flags: ['--config', config] });
    for (const name of names)
      for (const given of [change(name), { calls: [change(name)] }]) {
        const refused = await none.call('change', given);
        expect(refused.text, name).toContain(`there is no setting called "${name}" that this account can see`);
        expect(refused.text).not.toContain('Approval code');
      }
    await none.close();
    expect(sent('updateConfiguration')).toBe(0);
    for (const answer of ['decline', 'accept'] as const) {
      const asking = await openHost({ env: cloud.env, protocol, human: () => ({ ...yes(), action: answer }) });
      for (const name of names.slice(0, 2)) {
        const asked = await asking.call('change', change(name));
        expect(asking.asked.at(-1)?.message).toContain(`setting: id ‹${name}›, which this account cannot see`);
        if (answer === 'decline') expect(sent('updateConfiguration')).toBe(0);
        else expect(asked.isError).toBe(name === 'security.hash.key' ? undefined : true);
      }
      await asking.close();
    }
    // CloudStack finds hidden settings, and no others.
    expect(sent('updateConfiguration')).toBe(2);
    cloud.calls.length = 0;
    const host = await openHost({ env: cloud.env, protocol, human: yes });
    const known = await host.call('change', { ...change('expunge.interval'), fields: ['name', 'value'] });
    expect(known.text).toContain('86400');
    expect(host.asked).toHaveLength(1);
    expect(sent('updateConfiguration')).toBe(1);
    // Once before the question, once when the answer is there.
    expect(sent('listConfigurations')).toBeLessThanOrEqual(2);
    await host.close();
    rmSync(folder, { recursive: true });
  },
);

test('a change of a setting that a rule allows reads its list once', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'settings-'));
  const config = join(folder, 'config.yaml');
  writeFileSync(
    config,
    JSON.stringify({ policy: { rules: [{ name: 'all', match: { command: '*' }, action: 'allow' }] } }),
  );
  const host = await openHost({ env: cloud.env, flags: ['--config', config] });
  const args = { name: 'expunge.interval', value: '90' };
  const done = await host.call('change', { tool: 'update-configuration', arguments: args });
  expect(done.text).toContain('86400');
  expect([sent('listConfigurations'), sent('updateConfiguration')]).toEqual([1, 1]);
  const scoped = { name: 'expunge.interval', value: '90', zoneid: 'Frankfurt' };
  const wrong = await host.call('change', { tool: 'update-configuration', arguments: scoped });
  expect(wrong.text).toContain('Invalid scope id');
  await host.close();
  rmSync(folder, { recursive: true });
});
