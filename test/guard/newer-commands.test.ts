import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { acceptAll, openHost, startFake } from '../support/harness.ts';

const folder = mkdtempSync(join(tmpdir(), 'cloudstack-risks-'));
const params = [{ name: 'id', type: 'uuid', required: false }];
const api = [
  { name: 'listZones', isasync: false, params },
  { name: 'stopVirtualMachine', isasync: true, params },
  { name: 'listWidgets', isasync: false, params, description: 'Lists all widgets' },
  { name: 'getWidgetSecret', isasync: false, params },
  { name: 'listWidgetsSlowly', isasync: true, params },
  { name: 'polishWidget', isasync: false, params, description: 'Polishes one widget' },
];
let cloud: Awaited<ReturnType<typeof startFake>>;
beforeAll(async () => {
  cloud = await startFake((command, response) => {
    const body =
      command === 'listApis'
        ? { count: api.length, api }
        : /^(?:list|get)/.test(command)
          ? { count: 1, widget: [{ id: 'w', name: command }] }
          : { success: true };
    response.end(JSON.stringify({ [`${command.toLowerCase()}response`]: body }));
  });
});
afterAll(async () => {
  await cloud.close();
  rmSync(folder, { recursive: true });
});

const open = async (sections: object, protocol: 'old' | 'new' = 'old') => {
  const config = join(folder, 'config.yaml');
  writeFileSync(config, stringify(sections), { mode: 0o600 });
  const host = await openHost({
    env: { ...cloud.env, CLOUDSTACK_MCP_DISCOVER: 'true' },
    flags: ['--config', config],
    protocol,
    human: acceptAll,
  });
  // The commands of a cloud are asked for beside its first call.
  await host.call('find-tools', { query: 'widgets' });
  return host;
};

test.each(['old', 'new'] as const)(
  'D17: what only looks and no one has judged is asked about once in a session, with a plain yes (%s protocol)',
  async (protocol) => {
    const host = await open({}, protocol);
    for (const tool of ['listWidgets', 'listWidgets', 'getWidgetSecret', 'listWidgets']) {
      const { isError, text } = await host.call('change', { tool });
      expect(isError, text).toBeUndefined();
    }
    expect(host.asked.map(({ requestedSchema }) => Object.keys(requestedSchema.properties))).toEqual([
      ['confirm'],
      ['confirm'],
    ]);
    expect(host.asked[0]!.message).toContain('A confirmation counts until the session ends.');
    await host.close();
    const another = await open({}, protocol);
    expect((await another.call('change', { tool: 'listWidgets' })).isError).toBeUndefined();
    expect(another.asked).toHaveLength(1);
    await another.close();
  },
);

test('what is no look stays of the highest risk, and is asked about each time with a phrase', async () => {
  const host = await open({});
  for (const tool of ['polishWidget', 'polishWidget', 'listWidgetsSlowly'])
    expect((await host.call('change', { tool })).text).toMatch(/has the risk "destroy"/);
  for (const tool of ['polishWidget', 'polishWidget']) await host.call('destroy', { tool });
  expect(host.asked.map(({ requestedSchema }) => Object.keys(requestedSchema.properties))).toEqual([
    ['phrase'],
    ['phrase'],
  ]);
  await host.close();
});

test('D17: the operator judges what the catalog lacks, and raises what it has; nothing is lowered', async () => {
  const host = await open({
    risks: {
      'list-widgets': { risk: 'read' },
      polishWidget: { risk: 'change', severity: 'low' },
      listZones: { risk: 'sensitive', severity: 'high', warning: 'Zones are secret here.' },
      stopVirtualMachine: { risk: 'read' },
      noSuchCommand: { risk: 'read' },
    },
  });
  expect((await host.call('read', { tool: 'listWidgets' })).isError).toBeUndefined();
  expect((await host.call('change', { tool: 'polishWidget' })).isError).toBeUndefined();
  expect(host.asked).toEqual([]);
  expect((await host.call('read', { tool: 'listZones' })).text).toMatch(/has the risk "sensitive"/);
  expect((await host.call('change', { tool: 'listZones' })).isError).toBeUndefined();
  expect(host.asked.map(({ message }) => message)).toEqual([expect.stringContaining('Zones are secret here.')]);
  expect((await host.call('read', { tool: 'stopVirtualMachine' })).text).toMatch(/has the risk/);
  expect(host.stderr()).toContain('the section risks names commands that do not exist here: noSuchCommand.');
  await host.close();
});

test('D17: a new command is shown in the words of the cloud, marked as the cloud has them', async () => {
  const host = await open({});
  const { text } = await host.call('describe-tools', { tools: ['listWidgets'] });
  expect(text).toContain('Not in the catalog; the cloud says: "Lists all widgets"');
  await host.close();
});
