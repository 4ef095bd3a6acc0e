import { afterAll, beforeAll, expect, test } from 'vitest';
import { acceptAll, openHost, startCloud, startFake, type Cloud, type Host } from '../support/harness.ts';

// Reported cases that no other file is about; the letter and the number in a test's name are the report's, here as elsewhere.

let cloud: Cloud;
let host: Host;
beforeAll(async () => {
  cloud = await startCloud();
  host = await openHost({ env: cloud.env });
});
afterAll(async () => {
  await host.close();
  await cloud.close();
});

type Row = Record<string, unknown>;

/** What a host gets of a cloud that answers every list with these rows. */
const readFrom = async (key: string, rows: (params: URLSearchParams) => Row[], args: Row) => {
  const fake = await startFake((command, response, _request, params) => {
    const of = rows(params);
    response.end(JSON.stringify({ [`${command.toLowerCase()}response`]: { count: of.length, [key]: of } }));
  });
  const other = await openHost({ env: { ...fake.env, CLOUDSTACK_MCP_DISCOVER: 'false' } });
  const answer = await other.call('read', args);
  await other.close();
  await fake.close();
  return answer;
};

test('M25: one cell of 390 KB is cut to the budget in text and in data, and said to be cut', async () => {
  const { text, structured } = await readFrom(
    'template',
    () => [{ id: 't', name: 'a', displaytext: 'word '.repeat(78_000) }],
    { tool: 'list-templates', arguments: { templatefilter: 'all' }, fields: ['name', 'displaytext'] },
  );
  expect(text.length + JSON.stringify(structured).length).toBeLessThan(30_000);
  expect(text).toContain('… (cut)');
  expect(structured['items']).toHaveLength(1);
});

test('C10: a full page whose count is its own length is "or more", with the next page', async () => {
  const { text, structured } = await readFrom(
    'volume',
    (params) => Array.from({ length: 10 }, (_, at) => ({ id: `${params.get('page')}-${at}`, name: `v${at}` })),
    { tool: 'list-volumes', page: 1, pagesize: 10 },
  );
  expect(text).toMatch(/^10 of 10 or more volumes/);
  expect(structured['next']).toEqual({ page: 2, pagesize: 10 });
});

test.each<[what: string, tool: string, args: Row, text: RegExp]>([
  ['M06: "true" is true', 'read', { tool: 'list-zones', fresh: 'true' }, /^2 of 2 zones/],
  ['M07: true is no number', 'read', { tool: 'list-zones', pagesize: true }, /^invalid: read: pagesize/],
  [
    'D3: a misspelt state is no empty list',
    'read',
    { tool: 'list-virtual-machines', arguments: { listall: true, state: 'Runing' } },
    /did you mean Running\?/,
  ],
  [
    'D3: a misspelt protocol opens nothing',
    'change',
    {
      tool: 'create-firewall-rule',
      arguments: { ipaddressid: '203.0.113.23', protocol: 'tpc', startport: 22, endport: 22 },
    },
    /did you mean tcp\?/,
  ],
  [
    'R8: a job that nobody knows',
    'wait-for-job',
    { job: '5f0f2d3c-0000-4000-8000-000000000001' },
    /^not-found: CloudStack does not know a job/,
  ],
  [
    'R10, part 4.7: pages of a sensitive list',
    'change',
    { tool: 'list-configurations', page: 2, pagesize: 5 },
    /^5 of \d+ settings \(page 2\); ask with page=3, pagesize=5/,
  ],
  ['R14: a feature that is off is no permission', 'read', { tool: 'get-api-limit' }, /^conflict: .*\n.*turns it on/],
  [
    'R18: tags by name',
    'change',
    { tool: 'create-tags', arguments: { resourceids: ['web-1'], resourcetype: 'UserVm', tags: { a: 'b' } } },
    /^resourceids: web-1 \(/m,
  ],
  [
    'R20: a user for an account that is not there',
    'change',
    {
      tool: 'create-user',
      arguments: {
        account: 'nobody',
        username: 'x',
        password: 'a-long-passphrase',
        email: 'x@example.com',
        firstname: 'X',
        lastname: 'Y',
      },
    },
    /^not-found: /,
  ],
  [
    'R20: a volume that is attached already',
    'change',
    { tool: 'attach-volume', arguments: { id: 'ROOT-10', virtualmachineid: 'web-1' } },
    /^conflict: /,
  ],
  [
    'R21: what is listed with its secret has none',
    'change',
    { tool: 'execute-webhook-delivery', arguments: { webhookid: 'no-such-webhook' } },
    /^invalid: webhookid must be an id/,
  ],
  [
    'D15, part 4.8: an account without its domain',
    'read',
    { tool: 'list-virtual-machines', arguments: { account: 'bob' } },
    /list-accounts shows both; give account with domainid/,
  ],
  [
    'part 4.8: a filter that nothing fits is named',
    'read',
    { tool: 'list-virtual-machines', arguments: { hypervisor: 'kvm' } },
    /^0 of 0 virtual machines.*\nNone matches hypervisor: without it the list shows what there is/,
  ],
  [
    'part 4.8: a page behind the last is said to be one',
    'read',
    { tool: 'list-virtual-machines', arguments: { page: 2 } },
    /^0 of 14 virtual machines on that page, which is after the last/,
  ],
  [
    'part 4.13: a needless listall',
    'read',
    { tool: 'list-zones', arguments: { listall: true } },
    /no parameter "listall"; (?!did you mean)/,
  ],
])('%s', async (_what, tool, args, text) => {
  expect((await host.call(tool, args)).text).toMatch(text);
});

test('R3, R19: jobs of a release end, and a code that is checked is no unknown outcome', async () => {
  const release = await startCloud({ release: '4.22.0' });
  const one = await openHost({ env: release.env, human: acceptAll });
  for (const [tool, command] of [
    ['destroy', 'stop-virtual-machine'],
    ['change', 'start-virtual-machine'],
  ] as const)
    expect((await one.call(tool, { tool: command, arguments: { id: 'web-1' } })).text).toMatch(/: succeeded after /);
  const code = await one.call('change', {
    tool: 'validate-user-two-factor-authentication-code',
    arguments: { codefor2fa: '123456' },
  });
  expect(code.text).not.toContain('unknown-outcome');
  await one.close();
  await release.close();
});

test('R21: a kind whose id is declared as text has names, in a cloud that has its plug-in on', async () => {
  const priced = await startCloud();
  const first = await openHost({ env: priced.env, human: acceptAll });
  const setting = { name: 'quota.enable.service', value: 'true' };
  await first.call('change', { tool: 'update-configuration', arguments: setting });
  await first.close();
  const one = await openHost({ env: priced.env });
  const { text } = await one.call('destroy', { tool: 'quota-tariff-delete', arguments: { id: 'no-such-tariff' } });
  expect(text).toMatch(/^not-found: id: there is no quota tariff "no-such-tariff"/);
  await one.close();
  await priced.close();
});

test('R5: what this cloud does not offer is neither found nor sent, from the first call on, and it is said why', async () => {
  const older = await startCloud({ release: '4.18.0' });
  const first = await openHost({ env: older.env });
  const direct = await openHost({ env: older.env, flags: ['--tools', 'all'] });
  for (const { text } of [
    await first.call('read', { tool: 'list-dns-zones' }),
    await direct.call('list-dns-zones'),
    await direct.call('create-dns-zone', { name: 'example.com' }),
  ])
    expect(text).toMatch(/^permission: [a-z-]+ cannot be called here: the cloud offers no .*\n.*the release lacks it/);
  expect((await first.call('find-tools', { query: 'list dns zones', toolset: 'dns' })).structured['matches']).toEqual(
    [],
  );
  expect(older.calls.filter(({ command }) => command.includes('Dns'))).toEqual([]);
  await Promise.all([first.close(), direct.close()]);
  await older.close();
});

test('R17: an account is asked about by its own name and domain', async () => {
  const { structured } = await host.call('read', { tool: 'list-accounts', fields: ['name', 'domain', 'domainid'] });
  const bob = (structured['items'] as Row[]).find(({ name }) => name === 'bob')!;
  const asking = await openHost({ env: cloud.env, human: () => ({ action: 'decline' }) });
  const { text } = await asking.call('destroy', {
    tool: 'disable-account',
    arguments: { account: 'bob', domainid: bob['domainid'], lock: false },
  });
  const { message } = asking.asked.at(-1)!;
  expect(message, text).toContain(String(bob['domain']));
  expect(message).toContain('virtual machine');
  await asking.close();
});
