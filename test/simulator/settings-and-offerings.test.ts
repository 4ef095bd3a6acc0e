import { expect, test } from 'vitest';
import { createCloud, keysOf } from './cloud.ts';
import { send } from './sign.ts';

test('settings hold for a zone or account alone, and are refused a wrong value', async () => {
  const { one, id, did, refused } = createCloud();
  const name = 'expunge.delay';
  expect(await refused('updateConfiguration', { name, value: 'soon' })).toContain(
    'Please enter a valid integer value for parameter expunge.delay',
  );
  expect(await refused('updateConfiguration', { name: 'project.invite.required', value: 'maybe' })).toContain(
    "'true' or 'false'",
  );
  expect(await refused('updateConfiguration', { name: 'no.such', value: '1' })).toContain("doesn't exist");
  const zoneid = await id('listZones', 'Frankfurt');
  const domainid = await id('listDomains', 'sales');
  expect(await refused('updateConfiguration', { name, value: '1', zoneid, domainid })).toContain('provide only one ID');
  expect(await refused('updateConfiguration', { name, value: '1', zoneid })).toContain('Invalid scope id');
  const mtu = 'vr.public.interface.max.mtu';
  expect(await did('updateConfiguration', { name: mtu, value: '11', zoneid })).toMatchObject({
    value: '11',
    scope: 'zone',
  });
  expect(await did('updateConfiguration', { name: mtu, value: '12', zoneid })).toMatchObject({ value: '12' });
  expect((await one('listConfigurations', { name: mtu }))['value']).not.toBe('12');
  expect(await did('resetConfiguration', { name: mtu, zoneid })).not.toMatchObject({ value: '12' });
});

test('offerings are refused without a size, seen in their domain and retired once', async () => {
  const { simulator, id, did, refused } = createCloud();
  const sized = { name: 's', displaytext: 's', cpunumber: '1', cpuspeed: '500', memory: '512' };
  expect(await refused('createServiceOffering', { ...sized, cpunumber: '0' })).toContain(
    'specify the cpu number value',
  );
  expect(await refused('createServiceOffering', { ...sized, memory: '16' })).toContain('specify the memory value');
  expect(await refused('createDiskOffering', { name: 'd', displaytext: 'd' })).toContain('Disksize is required');
  const domainid = await id('listDomains', 'sales');
  const disk = await did('createDiskOffering', { name: 'd', displaytext: 'd', disksize: '7', domainid });
  expect(disk).toMatchObject({ disksize: 7, domain: 'sales' });
  const seen = async (who: string) =>
    ((await send(simulator, 'listDiskOfferings', {}, keysOf(who))).body['diskoffering'] as { name: string }[]).map(
      ({ name }) => name,
    );
  expect(await seen('carol')).toContain('d');
  expect(await seen('bob')).not.toContain('d');
  await did('deleteDiskOffering', { id: disk['id'] });
  expect(await refused('deleteDiskOffering', { id: disk['id'] })).toContain('inactive already');
  expect(await seen('carol')).not.toContain('d');
  const tariff = { name: 'cpu', usagetype: '1', value: '2' };
  await did('quotaTariffCreate', tariff);
  expect(await refused('quotaTariffCreate', tariff)).toContain('already exist.');
  await did('quotaTariffUpdate', { name: 'cpu', value: '3' });
  const window = { account: 'bob', domainid: await id('listDomains', 'engineering') };
  expect(await did('quotaStatement', { ...window, startdate: '2020-01-01', enddate: '2030-01-01' })).toMatchObject({
    currency: '$',
  });
  expect(await refused('quotaStatement', { ...window, startdate: '2030-01-02', enddate: '2030-01-01' })).toContain(
    'Incorrect Date Range',
  );
});

// PasswordPolicyImpl, TemplateAdapterBase, NetworkServiceImpl.
test('passwords, public templates and the size of networks keep to the settings of a domain, an account, the cloud', async () => {
  const { did, id, one, refused, outcome } = createCloud();
  const domainid = await id('listDomains', 'engineering');
  const set = (name: string, value: string, scope: Record<string, string> = { domainid }) =>
    did('updateConfiguration', { name, value, ...scope });
  const user = { account: 'bob', domainid, username: 'dora', firstname: 'd', lastname: 'd', email: 'd@d.test' };
  const create = (password: string) => refused('createUser', { ...user, password });
  await set('password.policy.minimum.special.characters', '1');
  expect(await create('Secret123456')).toBe('User password should contain at least [1] special characters.');
  await set('password.policy.minimum.uppercase.letters', '2');
  expect(await create('Secret-12345')).toBe('User password should contain at least [2] upper case letters.');
  await set('password.policy.minimum.lowercase.letters', '9');
  expect(await create('SEcret-12345')).toBe('User password should contain at least [9] lower case letters.');
  await set('password.policy.minimum.lowercase.letters', '1');
  await set('password.policy.minimum.digits', '6');
  expect(await create('SEcret-12345')).toBe('User password should contain at least [6] digits.');
  await set('password.policy.minimum.digits', '1');
  await set('password.policy.minimum.length', '20');
  expect(await create('SEcret-12345')).toBe('User password should contain at least [20] characters.');
  await set('password.policy.minimum.length', '4');
  await set('password.policy.allowPasswordToContainUsername', 'false');
  expect(await create('SEcret-Dora-1')).toBe('User password should not contain their username.');
  const made = await did('createUser', { ...user, password: 'SEcret-12345' });
  expect(await refused('updateUser', { id: String(made['id']), password: 'plain' })).toContain('special characters.');
  const carol = await one('listUsers', { username: 'carol' });
  expect(await outcome('updateUser', { id: String(carol['id']), password: 'plain' })).toBe('200');

  const accountid = await id('listAccounts', 'bob');
  await set('allow.public.user.templates', 'false', { accountid });
  const template = {
    name: 't',
    displaytext: 't',
    format: 'QCOW2',
    hypervisor: 'KVM',
    url: 'http://x.test/a.qcow2',
    ostypeid: String((await one('listOsTypes'))['id']),
    zoneid: await id('listZones', 'Frankfurt'),
    ispublic: 'true',
  };
  const text = 'Only private templates/ISO can be created.';
  expect(await refused('registerTemplate', template, keysOf('bob'))).toBe(text);
  expect(await outcome('registerTemplate', template, keysOf('alice'))).toBe('200');

  const network = {
    name: 'large',
    zoneid: template.zoneid,
    networkofferingid: await id('listNetworkOfferings', 'DefaultIsolatedNetworkOfferingWithSourceNatService'),
    gateway: '10.50.0.1',
    netmask: '255.255.0.0',
  };
  expect(await refused('createNetwork', network, keysOf('bob'))).toBe("Cidr size can't be less than 22");
  expect(await outcome('createNetwork', network)).toBe('200');
});
