import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { acceptAll, openHost, startFake, type HostOptions } from '../support/harness.ts';
import { usual, uuid } from '../guard/counting.ts';
import { eventually } from '../support/eventually.ts';

let cloud: Awaited<ReturnType<typeof startFake>>;
let env: Record<string, string>;
beforeAll(async () => {
  cloud = await startFake((name, response, _request, params) => {
    const command = loadCatalog().find(name)?.command;
    const body = usual(command, Object.fromEntries(params));
    response.end(JSON.stringify({ [command?.wrapper ?? 'response']: body }));
  });
  env = { ...cloud.env, CLOUDSTACK_MCP_DISCOVER: 'false' };
});
afterAll(() => cloud.close());

const id = uuid(1);
// A command of every risk and severity there is; whether it is asked about stands beside it.
const commands: [door: string, command: string, args: Record<string, unknown>, asks: boolean][] = [
  ['read', 'listZones', {}, false],
  ['change', 'listLdapConfigurations', {}, false],
  ['change', 'createConsoleEndpoint', { virtualmachineid: id }, false],
  ['change', 'getUserKeys', { id }, true],
  ['change', 'startVirtualMachine', { id }, false],
  ['change', 'resizeVolume', { id }, false],
  ['change', 'moveDomain', { domainid: id, parentdomainid: id }, true],
  ['destroy', 'detachIso', { virtualmachineid: id }, true],
  ['destroy', 'stopVirtualMachine', { id }, true],
  ['destroy', 'destroyVirtualMachine', { id }, true],
  ['destroy', 'deleteZone', { id }, true],
];

test('the commands stand for every risk and severity', () => {
  const { tools, find } = loadCatalog();
  const of = ({ risk }: (typeof tools)[number]): string => `${risk.risk}/${risk.severity}`;
  // Consoles may have been judged anew: what is asked about is computed in the matrix test.
  const seen = new Set(commands.map(([, command]) => of(find(command)!)));
  const all = new Set(tools.map(of));
  for (const one of all) if (!seen.has(one)) expect.soft(one).toBe('sensitive/medium');
});

const hosts: Record<string, { human?: HostOptions['human']; agrees?: true }> = {
  'a human who agrees': { human: acceptAll, agrees: true },
  'no way to ask': {},
  'a human who declines': { human: () => ({ action: 'decline' }) },
  'a human who cancels': { human: () => ({ action: 'cancel' }) },
  'a human who types something else': {
    human: () => ({ action: 'accept', content: { confirm: false, phrase: 'something else' } }),
  },
};

for (const protocol of ['old', 'new'] as const)
  test.each(Object.keys(hosts))(`${protocol} protocol, %s`, async (who) => {
    const { human, agrees } = hosts[who]!;
    const open = () => openHost({ env, protocol, ...(human ? { human } : {}) });
    const shared = await open();
    for (const [door, command, args, listed] of commands) {
      const { risk, severity } = loadCatalog().find(command)!.risk;
      const asks = listed || (risk !== 'read' && (severity === 'high' || severity === 'critical'));
      // Who declines again and again is not asked for a while, so each question that gets no yes has a host of its own.
      const host = asks && human && !agrees ? await open() : shared;
      const [before, questions] = [cloud.counts.get(command) ?? 0, host.asked.length];
      const result = await host.call(door, { tool: command, arguments: { ...args } });
      const leaves = !asks || agrees === true;
      expect((cloud.counts.get(command) ?? 0) - before, `${command}: ${result.text}`).toBe(leaves ? 1 : 0);
      expect(result.isError ?? false, command).toBe(!leaves);
      expect(host.asked.length - questions, command).toBe(asks && human ? 1 : 0);
      if (asks && !human) expect(result.text).toMatch(/cloudstack-mcp-server approve [A-Z0-9]{4}-[A-Z0-9]{4}/);
      if (host !== shared) await host.close();
    }
    await shared.close();
  });

test('old protocol, a host that says it can ask and never shows it: refused after the time limit, then a code', async () => {
  // Long enough for a second call while the first waits, on a busy machine, too.
  const brief = { ...env, CLOUDSTACK_MCP_QUESTION_TIMEOUT: '5' };
  const host = await openHost({ env: brief, protocol: 'old', human: () => new Promise(() => undefined) });
  const args = { tool: 'stopVirtualMachine', arguments: { id } };
  const before = cloud.counts.get('stopVirtualMachine') ?? 0;
  const first = host.call('destroy', args);
  // A second identical call while the first question is open does not put a second one.
  await eventually(() => expect(host.asked.length).toBe(1));
  const second = await host.call('destroy', args);
  expect(second.text).toContain('Approval code');
  expect((await first).isError).toBe(true);
  expect(host.asked).toHaveLength(1);
  expect(cloud.counts.get('stopVirtualMachine') ?? 0).toBe(before);
  await host.close();
});

test('arguments never confirm, through any door and any host', async () => {
  const host = await openHost({ env });
  const before = cloud.counts.get('stopVirtualMachine') ?? 0;
  const words = { confirm: true, confirmed: true, phrase: 'thing-1', approve: true, requestState: 'x', consent: 'yes' };
  for (const [name, value] of Object.entries(words))
    for (const args of [
      { tool: 'stopVirtualMachine', arguments: { id, [name]: value } },
      { tool: 'stopVirtualMachine', arguments: { id }, [name]: value },
      { tool: 'stopVirtualMachine', arguments: JSON.stringify({ id, [name]: value }) },
    ])
      for (const door of ['read', 'change', 'destroy'])
        expect((await host.call(door, args)).isError, `${door} ${name}`).toBe(true);
  expect(cloud.counts.get('stopVirtualMachine') ?? 0).toBe(before);
  await host.close();
});
