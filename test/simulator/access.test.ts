import { expect } from 'vitest';
import type { Simulator } from '../../src/simulator/index.ts';
import { createSimulator } from '../support/seeded-worlds.ts';
import { keeps } from './promise.ts';
import { finish, rows, send, type Reply } from './sign.ts';

const keysOf = (name: string) => ({
  apiKey: `simulator-${name}-api-key-not-a-real-secret`,
  secretKey: `simulator-${name}-secret-key-not-a-real-secret`,
});

const names = (reply: Reply, key = 'virtualmachine'): string[] =>
  ((reply.body[key] ?? []) as { name: string }[]).map(({ name }) => name).sort();

const idOf = async (simulator: Simulator, command: string, name: string): Promise<string> =>
  String((await rows(simulator, command, { listall: 'true' })).find((row) => row['name'] === name)?.['id']);

keeps('scope', async () => {
  const simulator = createSimulator();
  const as = (who: string | undefined, params: Record<string, string> = {}) =>
    send(simulator, 'listVirtualMachines', params, who === undefined ? undefined : keysOf(who));
  expect(names(await as(undefined))).toEqual(['jump-host', 'monitoring']);
  expect(names(await as(undefined, { listall: 'true' }))).toHaveLength(12);
  expect(names(await as('carol', { listall: 'true' }))).toEqual(['crm', 'demo', 'reports']);
  expect(names(await as('alice'))).toEqual([]);
  expect(names(await as('alice', { listall: 'true' }))).toContain('web-1');
  expect(names(await as('alice', { listall: 'true' }))).not.toContain('crm');
  const domainid = await idOf(simulator, 'listDomains', 'sales');
  expect(names(await as(undefined, { domainid }))).toEqual(['crm', 'demo', 'reports']);
  expect(names(await as(undefined, { domainid, account: 'carol' }))).toEqual(['crm', 'demo', 'reports']);
  expect(await as('alice', { domainid })).toMatchObject({ status: 531, body: { cserrorcode: 4365 } });
  const noOne = await as(undefined, { account: 'nobody' });
  expect([noOne.status, noOne.body['errortext']]).toEqual([
    431,
    expect.stringContaining('could not find account nobody in domain'),
  ]);
});

keeps('scope-of-domain-administrators', async () => {
  const simulator = createSimulator();
  const seen = async (list: string, params: Record<string, string>) => {
    const { body } = await send(simulator, list, params, keysOf('alice'));
    const found = (Object.values(body).find(Array.isArray) ?? []) as Record<string, unknown>[];
    return new Set(found.map((row) => String(row['project'] ?? row['account'])));
  };
  const both = { listall: 'true', projectid: '-1' };
  expect(await seen('listVirtualMachines', { listall: 'true' })).toEqual(new Set(['bob']));
  expect(await seen('listVirtualMachines', { projectid: '-1' })).toEqual(new Set(['webshop']));
  expect(await seen('listVirtualMachines', both)).toEqual(new Set(['webshop']));
  expect(await seen('listNetworks', both)).toEqual(new Set(['bob', 'webshop']));
});

keeps('projects', async () => {
  const simulator = createSimulator();
  const projectid = await idOf(simulator, 'listProjects', 'webshop');
  const inside = await send(simulator, 'listVirtualMachines', { projectid }, keysOf('bob'));
  expect(names(inside)).toEqual(['shop-api', 'shop-frontend']);
  expect(inside.body['virtualmachine'][0]).toMatchObject({ project: 'webshop', projectid });
  expect(inside.body['virtualmachine'][0].account).toBeUndefined();
  expect(await send(simulator, 'listVirtualMachines', { projectid }, keysOf('carol'))).toMatchObject({
    status: 531,
    body: { cserrorcode: 4365 },
  });
  expect((await send(simulator, 'listVirtualMachines', { projectid, account: 'bob' })).body['errortext']).toBe(
    "Account and projectId can't be specified together",
  );
  expect(names(await send(simulator, 'listVirtualMachines', { projectid: '-1' }, keysOf('bob')))).toEqual([
    'shop-api',
    'shop-frontend',
  ]);
});

keeps('foreign', async () => {
  const simulator = createSimulator({ jobMillis: 0 });
  const id = await idOf(simulator, 'listVirtualMachines', 'crm');
  const stopped = await send(simulator, 'stopVirtualMachine', { id }, keysOf('bob'));
  expect([stopped.status, stopped.body['cserrorcode'], stopped.body['errortext']]).toEqual([
    531,
    4365,
    'Caller does not have permission to operate with provided resource.',
  ]);
});

keeps('role-forbids', async () => {
  const simulator = createSimulator();
  const [user] = await rows(simulator, 'listUsers', { username: 'carol', listall: 'true' });
  const refused = await send(simulator, 'listHosts', {}, keysOf('carol'));
  expect(refused).toMatchObject({
    status: 432,
    wrapper: 'errorresponse',
    body: {
      cserrorcode: 9999,
      errortext: `The API [listHosts] does not exist or is not available for the account for user id [${user?.['id']}].`,
    },
  });
  const apis = names(await send(simulator, 'listApis', {}, keysOf('carol')), 'api');
  expect(apis).toContain('listVirtualMachines');
  expect(apis).not.toContain('listHosts');
});

keeps('role-rules', async () => {
  const simulator = createSimulator({ jobMillis: 0 });
  const [role] = await rows(simulator, 'listRoles', { name: 'Read-Only Admin - Default' });
  const made = await send(simulator, 'createAccount', {
    username: 'auditor',
    password: 'simulated',
    firstname: 'A',
    lastname: 'B',
    email: 'a@example.com',
    roleid: String(role?.['id']),
  });
  const [user] = made.body['account'].user;
  const { userkeys } = (await finish(simulator, 'registerUserKeys', { id: user.id })).body['jobresult'];
  const keys = { apiKey: userkeys.apikey, secretKey: userkeys.secretkey };
  expect(userkeys.apikey).toHaveLength(86);
  expect((await send(simulator, 'listHosts', {}, keys)).status).toBe(200);
  expect((await send(simulator, 'createZone', {}, keys)).status).toBe(432);
  const blocked = await send(simulator, 'createRolePermission', {
    roleid: String(role?.['id']),
    rule: 'x',
    permission: 'allow',
  });
  expect([blocked.status, blocked.body['errortext']]).toEqual([
    531,
    'Role permission cannot be added for Default roles',
  ]);
});

keeps('limits', async () => {
  const simulator = createSimulator({ jobMillis: 0 });
  const carol = keysOf('carol');
  const domainid = await idOf(simulator, 'listDomains', 'sales');
  await send(simulator, 'updateResourceLimit', { account: 'carol', domainid, resourcetype: '2', max: '5' });
  const [zone] = await rows(simulator, 'listZones');
  const [offering] = await rows(simulator, 'listDiskOfferings', { name: 'Small' });
  const params = { zoneid: String(zone?.['id']), diskofferingid: String(offering?.['id']) };
  expect((await finish(simulator, 'createVolume', params, carol)).body).toMatchObject({ jobstatus: 1 });
  const over = await send(simulator, 'createVolume', params, carol);
  expect([over.status, over.body['errortext']]).toEqual([
    535,
    expect.stringMatching(
      /^Maximum amount of resources of Type = 'volume', tag = 'null' for Account Name = carol in Domain Id = \d+ is exceeded: Account Resource Limit = 5,/,
    ),
  ]);
  const [account] = await rows(simulator, 'listAccounts', { name: 'carol', listall: 'true' });
  expect(account).toMatchObject({ volumelimit: '5', volumetotal: 5, volumeavailable: '0', vmlimit: '10' });
  const root = await send(simulator, 'updateResourceLimit', {
    account: 'admin',
    domainid: await idOf(simulator, 'listDomains', 'ROOT'),
    resourcetype: '0',
    max: '5',
  });
  expect(root.body['errortext']).toBe('Only -1 limit is supported for Root Admin accounts');
});

keeps('domains', async () => {
  const simulator = createSimulator({ jobMillis: 0 });
  const id = await idOf(simulator, 'listDomains', 'sales');
  const saved = await finish(simulator, 'deleteDomain', { id });
  expect(saved.body).toMatchObject({ jobstatus: 2 });
  expect((await finish(simulator, 'deleteDomain', { id, cleanup: 'true' })).body).toMatchObject({ jobstatus: 1 });
  expect((await rows(simulator, 'listAccounts', { listall: 'true' })).map((row) => row['name'])).not.toContain('carol');
  expect((await rows(simulator, 'listVirtualMachines', { listall: 'true' })).map((row) => row['name'])).not.toContain(
    'crm',
  );
  const root = await idOf(simulator, 'listDomains', 'ROOT');
  expect((await finish(simulator, 'deleteDomain', { id: root })).body['jobresult'].errortext).toBe(
    "Can't delete ROOT domain",
  );
});

keeps('root-fields', async () => {
  const simulator = createSimulator();
  const [mine] = (await send(simulator, 'listVirtualMachines', {}, keysOf('carol'))).body['virtualmachine'];
  const [seen] = await rows(simulator, 'listVirtualMachines', { id: mine.id });
  expect(seen?.['instancename']).toBeDefined();
  expect(mine.instancename).toBeUndefined();
  expect(mine.hostid).toBeUndefined();
});

keeps('events', async () => {
  const simulator = createSimulator({ jobMillis: 0 });
  const id = await idOf(simulator, 'listVirtualMachines', 'jump-host');
  await finish(simulator, 'rebootVirtualMachine', { id });
  const events = (await rows(simulator, 'listEvents', {
    listall: 'true',
    type: 'VM.REBOOT',
    resourceid: id,
    resourcetype: 'VirtualMachine',
  })) as {
    state: string;
    id: string;
    parentid?: string;
  }[];
  const [scheduled, ...others] = ['Scheduled', 'Started', 'Completed'].map((state) =>
    events.find((event) => event.state === state),
  );
  expect(events).toHaveLength(3);
  expect(others.map((event) => event?.parentid)).toEqual([scheduled?.id, scheduled?.id]);
});
