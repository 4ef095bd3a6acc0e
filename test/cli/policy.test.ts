import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { openHost, runCommand, startCloud, type Cloud, type Host } from '../support/harness.ts';

// Who may do what here: the sections policy, roles and principals of the configuration file, through the front door.

let cloud: Cloud;
let folder: string;
beforeAll(async () => {
  cloud = await startCloud();
  folder = mkdtempSync(join(tmpdir(), 'cloudstack-policy-'));
});
afterAll(async () => {
  await cloud.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  cloud.renew();
  cloud.calls.splice(0);
});

let files = 0;
const withConfig = async <T>(text: string, use: (host: Host) => Promise<T>, yes = true): Promise<T> => {
  const path = join(folder, `${files++}.yaml`);
  writeFileSync(path, text);
  const host = await openHost({
    env: { ...cloud.env, CLOUDSTACK_MCP_STATE: folder },
    flags: ['--config', path],
    ...(yes ? { human: () => ({ action: 'accept', content: { confirm: true } }) } : {}),
  });
  try {
    return await use(host);
  } finally {
    await host.close();
  }
};

const changes = () => cloud.calls.filter(({ method }) => method === 'POST').map(({ command }) => command);
const start = (host: Host, id: string) => host.call('change', { tool: 'startVirtualMachine', arguments: { id } });
const stop = (host: Host, id: string) => host.call('destroy', { tool: 'stopVirtualMachine', arguments: { id } });
const kindOf = ({ structured }: { structured: Record<string, any> }): string =>
  ((structured['error'] as { kind?: string } | undefined) ?? { kind: 'done' }).kind!;

// policy

test('a rule comes before the table: by command, toolset, risk, zone, account, tag', async () => {
  const rules = [
    ['{ command: "stop*", account: carol }', 'block'],
    ['{ toolset: compute, risk: destroy, zone: [Frankfurt] }', 'allow'],
    ['{ command: [start-virtual-machine], severity: low, principal: local, profile: "*", role: admin }', 'block'],
  ];
  const text = rules.map(([match, action], at) => `    - { name: rule-${at}, match: ${match}, action: ${action} }\n`);
  await withConfig(`policy:\n  rules:\n${text.join('')}`, async (host) => {
    const blocked = await stop(host, 'crm');
    expect(blocked.structured['error']).toMatchObject({ kind: 'refused' });
    expect(blocked.text).toContain('rule "rule-0" → block');
    expect(kindOf(await stop(host, 'web-1'))).toBe('done');
    expect(host.asked).toEqual([]);
    expect((await start(host, 'db-replica')).text).toContain('rule "rule-2" → block');
  });
  expect(changes()).toEqual(['stopVirtualMachine']);
});

test('a rule about a tag is about what carries it', async () => {
  const tagged = 'policy:\n  rules: [{ name: prod, match: { tag: { env: prod } }, action: block }]\n';
  await withConfig(tagged, async (host) => {
    const vms = await host.call('read', {
      tool: 'listVirtualMachines',
      arguments: { listall: true, name: 'jump-host' },
    });
    const [{ id }] = vms.structured['items'] as [{ id: string }];
    const tags = { resourceids: [id], resourcetype: 'UserVm', tags: { env: 'prod' } };
    expect(kindOf(await host.call('change', { tool: 'createTags', arguments: tags }))).toBe('done');
    expect(kindOf(await stop(host, 'jump-host'))).toBe('refused');
    expect(kindOf(await stop(host, 'monitoring'))).toBe('done');
  });
});

test('the table may be changed; read-only wins over all of it', async () => {
  const policy = 'policy: { actions: { change: confirm, destroy: { medium: block } } }\n';
  await withConfig(policy, async (host) => {
    expect(kindOf(await start(host, 'db-replica'))).toBe('done');
    expect(host.asked).toHaveLength(1);
    expect(kindOf(await stop(host, 'web-1'))).toBe('refused');
  });
  const open = 'readOnly: true\npolicy: { rules: [{ name: all, match: {}, action: allow }] }\n';
  await withConfig(open, async (host) => expect(kindOf(await start(host, 'build-runner'))).toBe('refused'));
  expect(changes()).toEqual(['startVirtualMachine']);
});

test('what the strict policy calls critical is approved outside of the host, whoever asks', async () => {
  await withConfig('policy: { preset: strict }\n', async (host) => {
    const { text, structured } = await host.call('destroy', {
      tool: 'destroyVirtualMachine',
      arguments: { id: 'demo', expunge: true },
    });
    expect(structured['error']).toMatchObject({ kind: 'unconfirmed' });
    expect(text).toMatch(/cloudstack-mcp-server approve [A-Z0-9-]+/);
    expect(host.asked).toEqual([]);
  });
  expect(changes()).toEqual([]);
});

test('so many changes and no more; what is refused does not count, reads never', async () => {
  const limit = 'policy: { limits: [{ name: few, match: { toolset: compute }, changes: 2, per: 1h }] }\n';
  await withConfig(limit, async (host) => {
    expect(kindOf(await start(host, 'no-such-vm'))).toBe('not-found');
    expect(kindOf(await start(host, 'db-replica'))).toBe('done');
    expect(kindOf(await start(host, 'build-runner'))).toBe('done');
    const third = await stop(host, 'web-1');
    expect(third.structured['error']).toMatchObject({ kind: 'refused' });
    expect(third.text).toContain('limit "few"');
    // Nobody is asked about what would be refused then.
    expect(host.asked).toEqual([]);
    expect(kindOf(await host.call('read', { tool: 'listVirtualMachines' }))).toBe('done');
  });
  expect(changes()).toEqual(['startVirtualMachine', 'startVirtualMachine']);
});

// roles

test('a role reaches its risks, toolsets and commands', async () => {
  const roles = `roles:
  starter: { risks: [read, change], toolsets: [compute, "zone*"], deny: [updateVirtualMachine] }
principals: { local: { role: starter } }
`;
  await withConfig(roles, async (host) => {
    expect(kindOf(await start(host, 'db-replica'))).toBe('done');
    const denied = await host.call('change', {
      tool: 'updateVirtualMachine',
      arguments: { id: 'web-1', displayname: 'x' },
    });
    expect(denied.text).toContain('The role "starter" does not include updateVirtualMachine');
    expect(kindOf(await stop(host, 'web-1'))).toBe('refused');
    expect(kindOf(await host.call('read', { tool: 'listZones' }))).toBe('done');
    expect(kindOf(await host.call('read', { tool: 'listVolumes' }))).toBe('refused');
  });
});

test('the viewer only reads; who has no role does nothing; everybody else may have one', async () => {
  await withConfig('principals: { local: { role: viewer } }\n', async (host) => {
    expect(kindOf(await host.call('read', { tool: 'listZones' }))).toBe('done');
    expect(kindOf(await start(host, 'db-replica'))).toBe('refused');
  });
  await withConfig('principals: { somebody: { role: admin } }\n', async (host) => {
    const { text, structured } = await host.call('read', { tool: 'listZones' });
    expect(structured['error']).toMatchObject({ kind: 'refused' });
    expect(text).toContain('local has no role here');
  });
  await withConfig('principals: { somebody: { role: admin }, "*": { role: viewer } }\n', async (host) => {
    expect(kindOf(await host.call('read', { tool: 'listZones' }))).toBe('done');
    expect(kindOf(await start(host, 'db-replica'))).toBe('refused');
  });
  expect(changes()).toEqual([]);
});

test.each([
  ['a principal with a role that is none', 'principals: { local: { role: frob } }', 'frob'],
  ['an unknown preset', 'policy: { preset: mild }', 'preset'],
  ['an action that is none', 'policy: { actions: { read: perhaps } }', 'actions'],
  [
    'a rule about something unknown',
    'policy: { rules: [{ name: a, match: { colour: red }, action: block }] }',
    'colour',
  ],
  ['a time that is none', 'policy: { limits: [{ name: a, changes: 1, per: soon }] }', 'per'],
])('%s is told', async (_what, text, expected) => {
  const path = join(folder, `${files++}.yaml`);
  writeFileSync(path, text);
  const { status, stderr } = await runCommand(['call', 'list-zones', '--config', path], { env: cloud.env });
  expect(stderr).toContain(expected);
  expect(status).toBe(2);
});

// isolation

const sales = `roles: { sales: { domains: [ROOT/sales] } }\nprincipals: { local: { role: sales } }\n`;

test('who is tied to a domain sees and touches nothing outside of it, though the key could', async () => {
  await withConfig(sales, async (host) => {
    const { structured } = await host.call('read', {
      tool: 'listVirtualMachines',
      arguments: { listall: true },
      fields: ['name', 'domain'],
    });
    const rows = structured['items'] as { name: string; domain: string }[];
    expect(rows.length).toBeGreaterThan(0);
    expect(new Set(rows.map(({ domain }) => domain))).toEqual(new Set(['sales']));

    expect(kindOf(await stop(host, 'crm'))).toBe('done');
    const foreign = await stop(host, 'web-1');
    const missing = await stop(host, 'no-such-vm');
    expect(foreign.structured['error']).toMatchObject({ kind: 'not-found' });
    expect(kindOf(missing)).toBe('not-found');
    // Not even the names of others' things.
    for (const text of [foreign.text, missing.text]) expect(text).not.toMatch(/web-2|db-1|monitoring|jump-host/);

    const zone = await host.call('destroy', { tool: 'deleteZone', arguments: { id: 'Frankfurt' } });
    expect(kindOf(zone)).toBe('refused');
    expect(kindOf(await host.call('read', { tool: 'listZones' }))).toBe('done');
  });
  expect(changes()).toEqual(['stopVirtualMachine']);
});

test('an id from outside does not exist either', async () => {
  const ids = await withConfig('', async (host) => {
    const { structured } = await host.call('read', {
      tool: 'listVirtualMachines',
      arguments: { listall: true },
      fields: ['name', 'id'],
    });
    return new Map((structured['items'] as { name: string; id: string }[]).map(({ name, id }) => [name, id]));
  });
  await withConfig(sales, async (host) => {
    expect(kindOf(await stop(host, ids.get('web-1')!))).toBe('not-found');
    const read = await host.call('read', { tool: 'listVirtualMachines', arguments: { id: ids.get('web-1') } });
    expect(read.structured['items'] ?? []).toEqual([]);
    expect(read.text).not.toContain('web-1');
    const mine = await host.call('read', { tool: 'listVirtualMachines', arguments: { id: ids.get('reports') } });
    expect(mine.structured['items']).toMatchObject([{ name: 'reports' }]);
  });
  expect(changes()).toEqual([]);
});

test('a role tied to a domain that does not exist does nothing', async () => {
  const nowhere = `roles: { x: { domains: [ROOT/nowhere] } }\nprincipals: { local: { role: x } }\n`;
  await withConfig(nowhere, async (host) => {
    const { text, structured } = await host.call('read', { tool: 'listVirtualMachines' });
    expect(structured['error']).toMatchObject({ kind: 'configuration' });
    expect(text).toContain('ROOT/nowhere');
  });
});
