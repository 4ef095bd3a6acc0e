import { expect, test } from 'vitest';
import { createSimulator, type Simulator } from '../../src/simulator/index.ts';
import { finish, rows, send, type Reply } from '../simulator/sign.ts';

// What 4.23 brings: DNS, encryption keys, key pairs with rules and dates, schedules, clones of offerings, filters of webhooks,
// backups that a backup tool reads itself.

/** What a command made: the object of its answer, or of its job's result. */
const make = async (simulator: Simulator, command: string, params: Record<string, string>): Promise<Reply['body']> => {
  const { status, body } = await finish(simulator, command, params);
  expect([command, status, body['jobstatus'] === 2 ? body['jobresult'] : undefined]).toEqual([command, 200, undefined]);
  const result = (body['jobresult'] ?? body) as Reply['body'];
  const [inside] = Object.values(result);
  return typeof inside === 'object' && inside !== null ? (inside as Reply['body']) : result;
};
const failureOf = async (simulator: Simulator, command: string, params: Record<string, string>): Promise<string> => {
  const { body } = await finish(simulator, command, params);
  return String(body['jobresult']?.errortext ?? body['errortext']);
};

test('DNS: a server, its zone, the records in it, the network whose machines have names there', async () => {
  const simulator = createSimulator({ jobMillis: 0 });
  const about = { name: 'ns', url: 'https://192.0.2.53', provider: 'PowerDNS', dnsapikey: 'not-a-real-key' };
  const server = await make(simulator, 'addDnsServer', { ...about, nameservers: 'ns1.example.com' });
  expect(server).toMatchObject({ state: 'Enabled', nameservers: ['ns1.example.com'] });
  expect(JSON.stringify(server)).not.toContain('not-a-real-key');
  const zone = await make(simulator, 'createDnsZone', { name: 'shop.example', dnsserverid: String(server['id']) });
  expect(zone).toMatchObject({ name: 'shop.example', dnsservername: 'ns', state: 'Active' });
  const dnszoneid = String(zone['id']);
  const www = { dnszoneid, name: 'www', type: 'A' };
  await make(simulator, 'createDnsRecord', { ...www, contents: '203.0.113.7' });
  expect(await rows(simulator, 'listDnsRecords', { dnszoneid })).toMatchObject([
    { name: 'www', type: 'A', contents: ['203.0.113.7'], ttl: 3600 },
  ]);
  const [network] = await rows(simulator, 'listNetworks', { listall: 'true' });
  const networkid = String(network?.['id']);
  await make(simulator, 'associateDnsZoneToNetwork', { dnszoneid, networkid });
  expect(await rows(simulator, 'listDnsZones', { id: dnszoneid })).toMatchObject([{ networkid }]);
  expect(await failureOf(simulator, 'associateDnsZoneToNetwork', { dnszoneid, networkid })).toContain(
    'existing DNS zone',
  );
  await make(simulator, 'disassociateDnsZoneFromNetwork', { networkid });
  await make(simulator, 'deleteDnsRecord', www);
  expect(await failureOf(simulator, 'deleteDnsRecord', www)).toContain('no record www');
  await make(simulator, 'deleteDnsServer', { id: String(server['id']) });
  expect(await rows(simulator, 'listDnsZones', { listall: 'true' })).toEqual([]);
});

test('encryption keys: made with a module, turned, in use by it', async () => {
  const simulator = createSimulator({ jobMillis: 0 });
  const [zone] = await rows(simulator, 'listZones');
  const details = { 'details[0].library': '/usr/lib/hsm.so', 'details[0].pin': '1234' };
  const profile = await make(simulator, 'createHSMProfile', { name: 'hsm', protocol: 'pkcs11', ...details });
  expect(profile['details']).toEqual({ library: '/usr/lib/hsm.so' });
  const hsmprofileid = String(profile['id']);
  const key = await make(simulator, 'createKMSKey', { name: 'disks', zoneid: String(zone?.['id']), hsmprofileid });
  expect(key).toMatchObject({ hsmprofile: 'hsm', keybits: 256, version: 1, enabled: true });
  const id = String(key['id']);
  await make(simulator, 'rotateKMSKey', { id });
  await make(simulator, 'updateKMSKey', { id, enabled: 'false' });
  expect(await rows(simulator, 'listKMSKeys', { id })).toMatchObject([{ version: 2, enabled: false }]);
  expect(await failureOf(simulator, 'rotateKMSKey', { id })).toContain('not enabled');
  expect(await failureOf(simulator, 'deleteHSMProfile', { id: hsmprofileid })).toContain('in use');
  await make(simulator, 'deleteKMSKey', { id });
  await make(simulator, 'deleteHSMProfile', { id: hsmprofileid });
});

test('key pairs: several of a user, each within its rules and dates; before 4.23 one', async () => {
  const simulator = createSimulator({ jobMillis: 0 });
  const [bob] = await rows(simulator, 'listUsers', { username: 'bob', listall: 'true' });
  const id = String(bob?.['id']);
  const narrow = {
    'rules[0].rule': 'listVolumes',
    'rules[0].permission': 'deny',
    'rules[1].rule': 'list*',
    'rules[1].permission': 'allow',
  };
  const [first, second] = [
    await make(simulator, 'registerUserKeys', { id }),
    await make(simulator, 'registerUserKeys', { id, name: 'narrow', enddate: '2099-01-01', ...narrow }),
  ];
  const [wide, reads] = [first, second].map(({ apikey, secretkey }) => ({ apiKey: apikey, secretKey: secretkey }));
  const status = async (command: string, keys = reads, params = {}) =>
    (await send(simulator, command, params, keys)).status;
  expect(await status('listZones', wide)).toBe(200);
  expect(await status('listZones')).toBe(200);
  expect(await status('listVolumes')).toBe(432);
  expect(await status('createTags')).toBe(432);
  expect(await status('listApis', reads, { name: 'listVolumes' })).toBe(530);
  const keypairid = String(second?.['id']);
  expect((await send(simulator, 'listUserKeyRules', { keypairid })).body['keypermission']).toMatchObject([
    { rule: 'listVolumes', permission: 'deny' },
    { rule: 'list*', permission: 'allow' },
  ]);
  expect(await rows(simulator, 'listUserKeys', { userid: id })).toHaveLength(3);
  const past = { id, enddate: '2020-01-01' };
  expect(await failureOf(simulator, 'registerUserKeys', past)).toContain('cannot be in the past');
  simulator.world.update(simulator.world.get(keypairid)!, { enddate: '2020-01-01T00:00:00+0000' });
  expect(await status('listZones')).toBe(401);
  await make(simulator, 'deleteUserKeys', { keypairid: String(first?.['id']) });
  expect(await status('listZones', wide)).toBe(401);

  const old = createSimulator({ jobMillis: 0, release: '4.22.1' });
  const [same] = await rows(old, 'listUsers', { username: 'bob', listall: 'true' });
  const { userkeys } = (await send(old, 'registerUserKeys', { id: String(same?.['id']), ...narrow })).body;
  const only = { apiKey: userkeys.apikey, secretKey: userkeys.secretkey };
  expect((await send(old, 'listVolumes', {}, only)).status).toBe(200);
  await send(old, 'registerUserKeys', { id: String(same?.['id']) });
  expect((await send(old, 'listVolumes', {}, only)).status).toBe(401);
});

test('offerings are cloned, with what the call changes', async () => {
  const simulator = createSimulator({ jobMillis: 0 });
  const [small] = await rows(simulator, 'listServiceOfferings', { name: 'Small Instance' });
  const wanted = { name: 'Small and large', memory: '4096' };
  const copy = await make(simulator, 'cloneServiceOffering', { sourceofferingid: String(small?.['id']), ...wanted });
  expect(copy).toMatchObject({ name: 'Small and large', memory: 4096, cpunumber: small?.['cpunumber'] });
  expect(copy['id']).not.toBe(small?.['id']);
  const name = 'DefaultIsolatedNetworkOfferingWithSourceNatService';
  const [network] = await rows(simulator, 'listNetworkOfferings', { name });
  const without = await make(simulator, 'cloneNetworkOffering', {
    sourceofferingid: String(network?.['id']),
    name: 'without VPN',
    dropservices: 'Vpn',
  });
  const services = (without['service'] as { name: string }[]).map((service) => service.name);
  expect(services).not.toContain('Vpn');
  expect(services).toHaveLength((network as { service: unknown[] }).service.length - 1);
  expect(without).toMatchObject({ state: 'Disabled', isdefault: false });
});

test('a backup tool reads a machine: backup, transfers, checkpoint', async () => {
  const settings = { 'expose.kvm.backup.export.service.apis': 'true' };
  const simulator = createSimulator({ jobMillis: 0, settings });
  const [vm] = await rows(simulator, 'listVirtualMachines', { listall: 'true', state: 'Running' });
  const virtualmachineid = String(vm?.['id']);
  const [volume] = await rows(simulator, 'listVolumes', { listall: 'true', virtualmachineid });
  const backup = await make(simulator, 'startBackup', { virtualmachineid });
  expect(backup).toMatchObject({ status: 'ReadyForImageTransfer', type: 'FULL' });
  const of = { backupid: String(backup['id']), volumeid: String(volume?.['id']) };
  const transfer = await make(simulator, 'createImageTransfer', { ...of, direction: 'download' });
  expect(transfer).toMatchObject({ phase: 'transferring', transferurl: expect.stringContaining('https://') });
  const end = { id: String(backup['id']), virtualmachineid };
  expect(await failureOf(simulator, 'finalizeBackup', end)).toContain('not finalized');
  await make(simulator, 'finalizeImageTransfer', { id: String(transfer['id']) });
  expect(await make(simulator, 'finalizeBackup', end)).toMatchObject({ status: 'BackedUp' });
  const [checkpoint] = await rows(simulator, 'listVirtualMachineCheckpoints', { virtualmachineid });
  expect(checkpoint).toMatchObject({ isactive: true });
  expect(await make(simulator, 'startBackup', { virtualmachineid })).toMatchObject({ type: 'INCREMENTAL' });
});

test('a schedule, a filter of a webhook, a card without a link, rules of an ACL at once', async () => {
  const simulator = createSimulator({ jobMillis: 0 });
  const [vm] = await rows(simulator, 'listVirtualMachines', { listall: 'true' });
  const on = { resourcetype: 'VirtualMachine', resourceid: String(vm?.['id']) };
  const when = { schedule: '0 22 * * 1-5', timezone: 'UTC' };
  const schedule = await make(simulator, 'createResourceSchedule', { ...on, ...when, action: 'STOP' });
  expect(await rows(simulator, 'listResourceSchedule', on)).toMatchObject([
    { id: schedule['id'], action: 'STOP', enabled: true },
  ]);
  expect(await failureOf(simulator, 'createResourceSchedule', { ...on, ...when, action: 'UPDATE' })).toContain(
    'action',
  );

  const webhook = await make(simulator, 'createWebhook', { name: 'hook', payloadurl: 'https://hooks.example' });
  const webhookid = String(webhook['id']);
  await make(simulator, 'addWebhookFilter', { webhookid, value: 'VM.CREATE' });
  expect(await rows(simulator, 'listWebhookFilters', { webhookid })).toMatchObject([
    { value: 'VM.CREATE', mode: 'Include', webhookname: 'hook' },
  ]);

  const nicid = String((vm as { nic: { id: string }[] }).nic[0]?.id);
  const cut = await make(simulator, 'updateVmNic', { nicid, enabled: 'false' });
  expect(cut['nic']).toMatchObject([{ id: nicid, enabled: false }]);

  const [vpc] = await rows(simulator, 'listVPCs', { listall: 'true' });
  const acl = await make(simulator, 'createNetworkACLList', { name: 'imported', vpcid: String(vpc?.['id']) });
  const rules = {
    'rules[0].protocol': 'tcp',
    'rules[0].startport': '80',
    'rules[0].endport': '80',
    'rules[1].protocol': 'all',
    'rules[1].action': 'Deny',
  };
  await make(simulator, 'importNetworkACL', { aclid: String(acl['id']), ...rules });
  expect(await rows(simulator, 'listNetworkACLs', { aclid: String(acl['id']), listall: 'true' })).toMatchObject([
    { number: 1, protocol: 'tcp', startport: '80', state: 'Active' },
    { number: 2, action: 'Deny' },
  ]);
});
