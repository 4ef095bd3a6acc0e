import { expect, test } from 'vitest';
import { createCloud, keysOf } from './cloud.ts';
import { send } from './sign.ts';

const person = (username: string) => ({
  username,
  firstname: username,
  lastname: 'x',
  email: `${username}@example.com`,
  password: 'p',
});

test('roles: rules are copied, ordered, changed and gone with their role', async () => {
  const { simulator, one, all, list, id, did, refused } = createCloud();
  const role = await did('createRole', { name: 'viewer', type: 'User', description: 'reads' });
  const rule = { roleid: role['id'], rule: 'list*', permission: 'allow' };
  const first = await did('createRolePermission', rule);
  expect(await refused('createRolePermission', rule)).toBe('Rule list* is already present');
  expect(await refused('createRolePermission', { ...rule, rule: 'a b' })).toContain('invalid characters');
  const second = await did('createRolePermission', { ...rule, rule: 'deployVirtualMachine', permission: 'DENY' });
  const rules = async (roleid: string) =>
    (await list('listRolePermissions', { roleid })).map((row) => [row['rule'], row['permission']]);
  expect(await rules(role['id'])).toEqual([
    ['list*', 'allow'],
    ['deployVirtualMachine', 'deny'],
  ]);
  expect(await refused('updateRolePermission', { roleid: role['id'], ruleid: first['id'] })).toContain('or ruleorder');
  await did('updateRolePermission', { roleid: role['id'], ruleid: second['id'], permission: 'allow' });
  await did('updateRolePermission', { roleid: role['id'], ruleorder: `${second['id']},${first['id']}` });
  expect(await rules(role['id'])).toEqual([
    ['deployVirtualMachine', 'allow'],
    ['list*', 'allow'],
  ]);
  const copy = await did('createRole', { name: 'copy', roleid: role['id'] });
  expect(await rules(copy['id'])).toHaveLength(2);
  await did('deleteRolePermission', { id: first['id'] });
  expect(await rules(role['id'])).toEqual([['deployVirtualMachine', 'allow']]);
  await did('updateRole', { id: copy['id'], description: 'of viewer' });
  expect(await one('listRoles', { id: copy['id'] })).toMatchObject({ description: 'of viewer' });
  expect((await all('listRoles', { type: 'User' })).map(({ name }) => name)).toContain('copy');
  const guest = await did('createAccount', { ...person('guest'), roleid: copy['id'] });
  expect(await refused('deleteRole', { id: copy['id'] })).toContain('Found accounts that have role in use');
  await did('deleteAccount', { id: guest['id'] });
  await did('deleteRole', { id: copy['id'] });
  expect(await all('listRoles', { name: 'copy' })).toEqual([]);
  const roleid = await id('listRoles', 'User');
  expect(await refused('deleteRole', { id: roleid })).toBe('Default roles cannot be deleted');
  const seen = (await send(simulator, 'listRoles', {}, keysOf('alice'))).body['role'] as { type: string }[];
  expect(seen.length).toBeGreaterThan(0);
  expect(seen.map(({ type }) => type)).not.toContain('Admin');
});

test('accounts: names are taken once, what an account has goes with it, nobody deletes himself', async () => {
  const { simulator, one, all, id, did, refused } = createCloud();
  const domainid = await id('listDomains', 'sales');
  const carol = await id('listAccounts', 'carol', { domainid });
  await did('createAccount', { ...person('eve'), accounttype: '0', domainid });
  expect(await refused('createAccount', { ...person('eve'), account: 'other', accounttype: '0', domainid })).toContain(
    'The user eve already exists in domain',
  );
  expect(await refused('updateAccount', { id: carol, newname: 'eve' })).toContain(
    'There already exists an account with name eve',
  );
  await did('updateAccount', { id: carol, newname: 'caroline' });
  expect(await one('listAccounts', { id: carol })).toMatchObject({ name: 'caroline' });
  const fiona = await did('createAccount', { ...person('fiona'), accounttype: '1' });
  const keys = await did('registerUserKeys', { id: fiona['user'][0].id });
  const own = { apiKey: String(keys['apikey']), secretKey: String(keys['secretkey']) };
  expect(await refused('deleteAccount', { id: fiona['id'] }, own)).toBe('An account cannot delete itself');
  expect(await refused('deleteUser', { id: fiona['user'][0].id }, own)).toBe('A user cannot delete itself');
  const admin = await id('listUsers', 'admin');
  expect(await refused('deleteUser', { id: admin })).toBe('The user is default and cannot be removed');
  const second = await did('createUser', { ...person('fred'), account: 'fiona' });
  expect(await refused('moveUser', { id: second['id'], accountid: carol })).toContain('in one domain');
  await did('deleteUser', { id: second['id'] });
  expect(await all('listUsers', { username: 'fred' })).toEqual([]);
  expect((await all('listUsers', { accounttype: '0' })).map(({ username }) => username).sort()).toEqual([
    'bob',
    'carol',
    'eve',
  ]);
  const carolUser = await id('listUsers', 'carol');
  expect(await refused('updateUser', { id: carolUser, password: 'new' }, keysOf('carol'))).toBe(
    'To set a new password the current password must be provided.',
  );
  expect(await refused('updateUser', { id: carolUser, userapikey: 'only' })).toBe(
    'Please provide a userApiKey/userSecretKey pair',
  );
  const apikey = keysOf('carol').apiKey;
  expect(await did('getUser', { userapikey: apikey })).toMatchObject({ username: 'carol' });
  await did('disableAccount', { id: carol, lock: 'false' });
  expect(await one('listVirtualMachines', { name: 'crm' })).toMatchObject({ state: 'Stopped' });
  expect((await send(simulator, 'listVirtualMachines', {}, keysOf('carol'))).status).toBe(401);
  await did('deleteAccount', { id: carol });
  expect(await all('listVirtualMachines', { domainid })).toEqual([]);
  expect(await all('listNetworks', { domainid })).toEqual([]);
  expect(await one('listPublicIpAddresses', { ipaddress: '203.0.113.110', allocatedonly: 'false' })).toMatchObject({
    state: 'Free',
  });
});

test('domains: a name is taken once among siblings, and none moves under itself', async () => {
  const { simulator, one, id, did, refused } = createCloud();
  const engineering = await id('listDomains', 'engineering');
  const platform = await did('createDomain', { name: 'platform', parentdomainid: engineering });
  expect(await refused('createDomain', { name: 'platform', parentdomainid: engineering })).toContain(
    'Domain with name platform already exists',
  );
  const sales = await id('listDomains', 'sales');
  expect(await refused('moveDomain', { domainid: engineering, parentdomainid: platform['id'] })).toContain(
    'cannot be moved to its own child domain',
  );
  await did('moveDomain', { domainid: platform['id'], parentdomainid: sales });
  expect(await one('listDomains', { id: platform['id'] })).toMatchObject({
    parentdomainname: 'sales',
    path: 'ROOT/sales/platform',
    level: 2,
  });
  await did('moveDomain', { domainid: platform['id'], parentdomainid: engineering });
  const names = async (params: Record<string, string>, who: string) =>
    ((await send(simulator, 'listDomains', params, keysOf(who))).body['domain'] ?? []).map(
      ({ name }: { name: string }) => name,
    );
  expect(await names({}, 'alice')).toEqual(['engineering']);
  expect(await names({ listall: 'true' }, 'alice')).toEqual(['engineering', 'platform']);
  expect(await names({ id: sales }, 'alice')).toEqual([]);
  expect(await refused('createDomain', { name: 'x', parentdomainid: sales }, keysOf('alice'))).toMatch(/permission/);
  expect(await refused('listAccounts', { domainid: sales }, keysOf('alice'))).toContain(
    'does not have permission to operate with',
  );
});

test('projects: members are invited, join, lead and leave', async () => {
  const { simulator, one, all, list, id, did, refused } = createCloud();
  const bob = keysOf('bob');
  const fresh = { name: 'lab', displaytext: 'lab' };
  await did('updateConfiguration', { name: 'allow.user.create.projects', value: 'false' });
  expect(await refused('createProject', fresh, bob)).toBe('Regular user is not permitted to create a project');
  await did('updateConfiguration', { name: 'allow.user.create.projects', value: 'true' });
  const lab = await did('createProject', fresh, bob);
  expect(await refused('createProject', fresh, bob)).toContain('Project with name lab already exists');
  const projectid = lab['id'];
  const domainid = await id('listDomains', 'engineering');
  await did('createAccount', { ...person('gina'), accounttype: '0', domainid });
  const gina = await did('registerUserKeys', { id: await id('listUsers', 'gina') });
  const her = { apiKey: String(gina['apikey']), secretKey: String(gina['secretkey']) };
  expect(await refused('suspendProject', { id: projectid }, her)).toMatch(/permission|not the admin/);
  expect(await refused('listVirtualMachines', { projectid }, her)).toMatch(/permission|can't access project/);
  expect(await refused('listProjectAccounts', { projectid }, her)).toMatch(/permission|not authorized/);
  expect(await refused('addAccountToProject', { projectid, account: 'nobody' }, bob)).toContain("can't be added");
  await did('updateConfiguration', { name: 'project.invite.required', value: 'true' });
  await did('addAccountToProject', { projectid, account: 'gina' }, bob);
  expect(await all('listProjectInvitations', { projectid, activeonly: 'true' })).toMatchObject([
    { account: 'gina', state: 'Pending' },
  ]);
  expect(await refused('updateProjectInvitation', { projectid, account: 'nobody' })).toContain(
    'Invitation is not found',
  );
  await did('updateProjectInvitation', { projectid, account: 'gina', accept: 'false' });
  expect((await all('listProjectInvitations', { projectid })).map(({ state }) => state)).toEqual(['Declined']);
  await did('addAccountToProject', { projectid, account: 'gina' }, bob);
  await did('updateProjectInvitation', { projectid, account: 'gina' });
  const members = async () =>
    (await list('listProjectAccounts', { projectid })).map((row) => [row['account'], row['role']]);
  expect(await members()).toEqual([
    ['bob', 'Admin'],
    ['gina', 'Regular'],
  ]);
  expect((await send(simulator, 'listProjects', {}, her)).body['project']).toMatchObject([{ name: 'lab' }]);
  expect(await refused('suspendProject', { id: projectid }, her)).toContain('is not the admin of project');
  // CloudStack takes who is a member already, and changes nothing.
  await did('addAccountToProject', { projectid, account: 'gina' }, bob);
  expect(await members()).toHaveLength(2);
  expect(await refused('updateProject', { id: projectid, account: 'alice' })).toContain('Unable to find account name');
  await did('updateProject', { id: projectid, account: 'gina', name: 'lab2' });
  expect(await members()).toEqual([
    ['bob', 'Regular'],
    ['gina', 'Admin'],
  ]);
  expect(await refused('deleteAccountFromProject', { projectid, account: 'gina' })).toContain('the only admin');
  await did('deleteAccountFromProject', { projectid, account: 'bob' });
  expect(await members()).toEqual([['gina', 'Admin']]);
  await did('updateConfiguration', { name: 'project.invite.required', value: 'false' });
  await did('addUserToProject', { projectid, username: 'bob', roletype: 'Admin' });
  expect(await members()).toContainEqual(['bob', 'Admin']);
  await did('suspendProject', { id: projectid });
  expect(await one('listProjects', { id: projectid })).toMatchObject({ state: 'Suspended', name: 'lab2' });
  expect(
    ((await send(simulator, 'listProjects', { listall: 'true' }, keysOf('alice'))).body['project'] ?? []).length,
  ).toBe(2);
  const role = await did('createProjectRole', { projectid, name: 'guest' });
  const rule = { projectid, projectroleid: role['id'] };
  const permit = await did('createProjectRolePermission', { ...rule, rule: 'listX*', permission: 'allow' });
  expect(await refused('updateProjectRolePermission', rule)).toContain('must be provided, or ruleorder');
  await did('updateProjectRolePermission', { ...rule, projectrolepermissionid: permit['id'], permission: 'DENY' });
  expect(await list('listProjectRolePermissions', rule)).toMatchObject([{ permission: 'deny' }]);
  await did('deleteProject', { id: projectid, cleanup: 'true' });
  expect(await all('listProjects', { name: 'lab2' })).toEqual([]);
});
