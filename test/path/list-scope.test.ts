import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { openHost, runCommand, startCloud, type Cloud, type Host } from '../support/harness.ts';

let cloud: Cloud;
let host: Host;
const bind = (name: string): Record<string, string> => ({
  CLOUDSTACK_API_URL: cloud.url,
  CLOUDSTACK_API_KEY: `simulator-${name}-api-key-not-a-real-secret`,
  CLOUDSTACK_SECRET_KEY: `simulator-${name}-secret-key-not-a-real-secret`,
});
beforeAll(async () => {
  cloud = await startCloud();
  host = await openHost({ env: cloud.env });
});
afterEach(() => cloud.calls.splice(0));
afterAll(async () => {
  await host.close();
  await cloud.close();
});

/** Accounts by what they own, out of the world itself: a project's account has type 5. */
const ownedBy = (kind: string, test: (account: string, isProject: boolean) => boolean): number =>
  cloud.simulator.world.all(kind).filter((row) => {
    const account = cloud.simulator.world.get(row.owner ?? '');
    return test(String(account?.fields['name']), account?.fields['accounttype'] === 5);
  }).length;

test.each([
  ['list-virtual-machines', 'UserVm'],
  ['list-volumes', 'Volume'],
  ['list-snapshots', 'Snapshot'],
  ['list-vpcs', 'Vpc'],
])('D2, part 4.1: %s shows a root administrator all that there is, or its own, and says which', async (tool, kind) => {
  const all = await host.call('read', { tool });
  expect(all.structured).toMatchObject({ count: ownedBy(kind, () => true), scope: 'all accounts and projects' });
  expect(all.text.split('\n')[0]).toContain(', all accounts and projects');
  const own = await host.call('read', { tool, scope: 'own' });
  expect(own.structured).toMatchObject({
    count: ownedBy(kind, (account) => account === 'admin'),
    scope: 'own account only',
  });
});

test.each([
  ['alice', 'all accounts of its domains, and its projects', ['alice', 'bob']],
  ['bob', 'own account and its projects', ['bob']],
  ['carol', 'own account and its projects', ['carol']],
])('%s sees what it may: %s', async (name, words, accounts) => {
  const theirs = await openHost({ env: bind(name) });
  const { structured } = await theirs.call('read', { tool: 'list-virtual-machines' });
  const sees = (account: string, isProject: boolean): boolean =>
    isProject ? name !== 'carol' : accounts.includes(account);
  // A user does not see its destroyed machines.
  const items = structured['items'] as { name: string }[];
  expect(structured).toMatchObject({ scope: words });
  expect(new Set(items.map((row) => row.name)).size).toBe(structured['count']);
  expect(structured['count']).toBe(
    cloud.simulator.world.all('UserVm').filter((row) => {
      const account = cloud.simulator.world.get(row.owner ?? '');
      const isShown = name === 'alice' || row.fields['state'] !== 'Destroyed';
      return isShown && sees(String(account?.fields['name']), account?.fields['accounttype'] === 5);
    }).length,
  );
  await theirs.close();
});

test('a page of a domain administrator leaves projects out, and says whole how they are shown', async () => {
  const theirs = await openHost({ env: bind('alice') });
  const { text, structured } = await theirs.call('read', { tool: 'list-virtual-machines', page: 1, pagesize: 2 });
  const words = 'all accounts that may be seen; projects left out, projectid=-1 shows those';
  expect(structured['scope']).toBe(words);
  expect(text.split('\n')[0]).toContain(words);
  await theirs.close();
});

test('what the caller gives itself wins, is sent as it is, and is said', async () => {
  for (const [args, words] of [
    [{ listall: true }, 'all accounts, projects left out'],
    [{ projectid: 'webshop' }, 'project webshop'],
    [{ account: 'bob', domainid: 'engineering' }, 'account bob of domain engineering'],
  ] as const) {
    const { structured } = await host.call('read', { tool: 'list-virtual-machines', arguments: args });
    expect(structured['scope']).toBe(words);
    const sent = cloud.calls.filter(({ command }) => command === 'listVirtualMachines').at(-1)!.params;
    expect(Object.keys(sent).filter((name) => ['listall', 'account', 'projectid', 'domainid'].includes(name))).toEqual(
      expect.arrayContaining(Object.keys(args)),
    );
    expect('listall' in sent).toBe('listall' in args);
  }
});

test('a command without owners takes no scope; it never gets the parameters', async () => {
  const refused = await host.call('read', { tool: 'list-zones', scope: 'own' });
  expect(refused.isError).toBe(true);
  expect(refused.text).toContain('takes no scope');
  expect((await host.call('read', { tool: 'list-zones', scope: 'all' })).isError).toBeUndefined();
  for (const { params } of cloud.calls.filter(({ command }) => command === 'listZones'))
    for (const name of ['listall', 'projectid']) expect(params).not.toHaveProperty(name);
});

test("C27: a project's machine is found by its name, for a change, too", async () => {
  const { text } = await host.call('change', { tool: 'start-virtual-machine', arguments: { id: 'shop-api' } });
  expect(text).not.toContain('there is no virtual machine');
  const started = cloud.calls.find(({ command }) => command === 'startVirtualMachine');
  expect(started?.params['id']).toMatch(/^[0-9a-f-]{36}$/);
});

test('D2, D20, M19: the command line takes --scope, and says what nothing configured lacks as serve does', async () => {
  const own = await runCommand(['call', 'list-virtual-machines', '--scope', 'own'], { env: cloud.env });
  expect(own.stdout).toContain('2 of 2, own account only');
  for (const argv of [['call', 'list-zones'], ['serve']]) {
    const { status, stderr } = await runCommand(argv, { env: { CLOUDSTACK_API_URL: '' } });
    expect(status).toBe(2);
    expect(stderr).toContain('No CloudStack is configured');
    expect(stderr).toContain('CLOUDSTACK_API_URL');
  }
});
