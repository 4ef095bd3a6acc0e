import { expect, test } from 'vitest';
import { createCloud, keysOf } from './cloud.ts';
import { send } from './sign.ts';

type Params = Record<string, string>;
interface Keys {
  apiKey: string;
  secretKey: string;
}

const cloud = createCloud();
const { simulator, did, all, list, one, id, outcome } = cloud;

const zone = await id('listZones', 'Frankfurt');
const root = await id('listDomains', 'ROOT');
const template = await id('listTemplates', 'Debian 12', { templatefilter: 'all' });
const small = await id('listServiceOfferings', 'Small Instance');
const isolated = await id('listNetworkOfferings', 'DefaultIsolatedNetworkOfferingWithSourceNatService');

let number = 0;
const fresh = (word: string): string => `${word}${(number += 1)}`;

/** An account with keys of its own, in a domain. */
const account = async (
  domainid = root,
): Promise<{ name: string; id: string; domainid: string; keys: Keys; user: string }> => {
  const name = fresh('real');
  const made = await did('createAccount', {
    account: name,
    username: name,
    password: 'secret',
    email: 'a@example.com',
    firstname: 'A',
    lastname: 'B',
    accounttype: '0',
    domainid,
  });
  const user = String(made['user'][0].id);
  const keys = await did('registerUserKeys', { id: user });
  return {
    name,
    id: String(made['id']),
    domainid,
    user,
    keys: { apiKey: keys['apikey'], secretKey: keys['secretkey'] },
  };
};

const network = async (params: Params = {}, keys?: Keys) =>
  did('createNetwork', { name: fresh('net'), zoneid: zone, networkofferingid: isolated, ...params }, keys);

const ofWhole = (row: Record<string, unknown>, names: string[]) =>
  Object.fromEntries(names.map((name) => [name, row[name]]));
const has = (row: Record<string, unknown>, names: string[]) => names.filter((name) => !(name in row));
const created = (params: Params) => did('createServiceOffering', { name: fresh('so'), displaytext: 'x', ...params });
const service = (params: Params = {}) => created({ cpunumber: '1', cpuspeed: '500', memory: '512', ...params });
const disk = (params: Params = {}) =>
  did('createDiskOffering', { name: fresh('do'), displaytext: 'x', disksize: '1', ...params });

// So small that the hosts have room for those of every request.
const tiny = (await service({ cpuspeed: '100', memory: '64' }))['id'] as string;
const opsNet = await network();

const machine = async (params: Params = {}, keys?: Keys) =>
  did(
    'deployVirtualMachine',
    {
      name: fresh('vm'),
      zoneid: zone,
      templateid: template,
      serviceofferingid: tiny,
      networkids: opsNet['id'],
      ...params,
    },
    keys,
  );

const address = (params: Params) => did('associateIpAddress', params);
const podZone = async (networktype = 'Advanced') =>
  did('createZone', { name: fresh('zone'), networktype, dns1: '8.8.8.8', internaldns1: '10.1.1.2' });

// What a real CloudStack does with the same requests, found beside a management server (4.22.0) and by clients that others
// wrote. test/data/real-cases.json has the numbers.
const cases: [what: string, ask: () => Promise<unknown>, expected: unknown][] = [
  [
    'R1: all settings of an installation are listed and set',
    async () => {
      const names = new Set(
        (await list('listConfigurations', { page: '1', pagesize: '500' }))
          .concat(await list('listConfigurations', { page: '2', pagesize: '500' }))
          .map((row) => row['name']),
      );
      return [
        'storage.cleanup.interval vm.op.wait.interval workers account.cleanup.interval expunge.workers check.pod.cidrs direct.agent.load.size ping.interval hypervisor.list commands.timeout instance.lease.enabled use.external.dns consoleproxy.sslEnabled'
          .split(' ')
          .filter((name) => !names.has(name)),
        await outcome('updateConfiguration', { name: 'storage.cleanup.interval', value: '60' }),
        (await list('listConfigurations', { name: 'consoleproxy.sslEnabled' })).length,
      ];
    },
    [[], '200', 1],
  ],
  [
    'R2: two networks of an account have one name',
    async () => {
      await network({ name: 'twice' });
      return outcome('createNetwork', { name: 'twice', zoneid: zone, networkofferingid: isolated });
    },
    '200',
  ],
  [
    'R2: unless the setting forbids it',
    async () => {
      await did('updateConfiguration', { name: 'allow.duplicate.networkname', value: 'false' });
      const seen = await outcome('createNetwork', { name: 'twice', zoneid: zone, networkofferingid: isolated });
      await did('updateConfiguration', { name: 'allow.duplicate.networkname', value: 'true' });
      return seen;
    },
    '431/4350',
  ],
  [
    'R3: network offerings name their router offering',
    async () => (await all('listNetworkOfferings')).filter((row) => row['serviceofferingid'] === undefined).length,
    0,
  ],
  [
    'R4: userdata is shown on request only',
    async () => {
      const vm = await machine({ userdata: 'c2VjcmV0' });
      const [plain] = await list('listVirtualMachines', { id: vm['id'] });
      const [asked] = await list('listVirtualMachines', { id: vm['id'], userdata: 'true' });
      return [vm['userdata'], plain?.['userdata'], asked?.['userdata']];
    },
    [undefined, undefined, 'c2VjcmV0'],
  ],
  [
    "R5: an address goes to the account's only isolated network",
    async () => {
      const owner = await account();
      const params = { zoneid: zone, account: owner.name, domainid: root };
      const none = await outcome('associateIpAddress', params);
      const net = await network({}, owner.keys);
      const made = await address(params);
      const rule = await outcome('createFirewallRule', {
        ipaddressid: made['id'],
        protocol: 'tcp',
        startport: '1',
        endport: '2',
      });
      await network({}, owner.keys);
      return [none, made['associatednetworkid'] === net['id'], rule, await outcome('associateIpAddress', params)];
    },
    ['431/4350', true, 'job', '431/4350'],
  ],
  [
    'R6, R7: tags of an address are short, and go with it',
    async () => {
      const net = await network();
      await address({ networkid: net['id'] });
      const made = await address({ networkid: net['id'] });
      const tags = {
        resourceids: made['id'],
        resourcetype: 'PublicIpAddress',
        'tags[0].key': 'k',
        'tags[0].value': 'v',
      };
      await did('createTags', tags);
      const [tagged] = await list('listPublicIpAddresses', { id: made['id'] });
      await did('disassociateIpAddress', { id: made['id'] });
      const again = await address({ networkid: net['id'], ipaddress: made['ipaddress'] });
      return [tagged?.['tags'], again['tags'], await outcome('createTags', tags)];
    },
    [[{ key: 'k', value: 'v' }], [], 'job'],
  ],
  [
    'R8, R43: a tier without an ACL has none',
    async () => {
      const vpc = await did('createVPC', {
        name: fresh('vpc'),
        displaytext: 'x',
        cidr: '10.30.1.0/16',
        zoneid: zone,
        vpcofferingid: await id('listVPCOfferings', 'Default VPC offering'),
      });
      const tier = await network({
        vpcid: vpc['id'],
        networkofferingid: await id('listNetworkOfferings', 'DefaultIsolatedNetworkOfferingForVpcNetworks'),
        gateway: '10.30.1.1',
        netmask: '255.255.255.0',
      });
      const gateway = await did('createPrivateGateway', {
        vpcid: vpc['id'],
        ipaddress: '10.99.0.2',
        gateway: '10.99.0.1',
        netmask: '255.255.255.0',
        vlan: '400',
      });
      return [tier['aclid'], vpc['cidr'], gateway['vlan']];
    },
    [undefined, '10.30.1.0/16', 'vlan://400'],
  ],
  [
    'R9: an interface has the MAC address that was given',
    async () => {
      const vm = await machine();
      const net = await network();
      const more = await did('addNicToVirtualMachine', {
        virtualmachineid: vm['id'],
        networkid: net['id'],
        macaddress: '02:1a:4b:3c:5d:6e',
      });
      return more['nic'].map((nic: any) => nic.macaddress).includes('02:1a:4b:3c:5d:6e');
    },
    true,
  ],
  [
    'R10: a key pair that does not exist is refused',
    () =>
      outcome('deployVirtualMachine', {
        zoneid: zone,
        templateid: template,
        serviceofferingid: small,
        networkids: opsNet['id'],
        keypair: 'no-such-key',
      }),
    '431/4350',
  ],
  [
    'R11: authorizing answers with the new rules only',
    async () => {
      const group = await did('createSecurityGroup', { name: fresh('sg') });
      const rule = (port: string) =>
        did('authorizeSecurityGroupIngress', {
          securitygroupid: group['id'],
          protocol: 'TCP',
          startport: port,
          endport: port,
          cidrlist: '10.0.0.0/8',
        });
      await rule('80');
      return (await rule('81'))['ingressrule'].map((each: any) => each.startport);
    },
    [81],
  ],
  [
    'R12, R13: a snapshot policy shows its zones and takes a weekly schedule',
    async () => {
      const vm = await machine();
      const [volume] = await all('listVolumes', { virtualmachineid: vm['id'] });
      const policy = { volumeid: volume?.['id'], maxsnaps: '2', timezone: 'UTC' };
      const first = await did('createSnapshotPolicy', {
        ...policy,
        intervaltype: 'DAILY',
        schedule: '03:00',
        zoneids: zone,
      });
      return [
        first['zone'].map((each: any) => [each.id, each.name]),
        await outcome('createSnapshotPolicy', { ...policy, intervaltype: 'WEEKLY', schedule: '1:03:00' }),
      ];
    },
    [[[zone, 'Frankfurt']], '200'],
  ],
  [
    'R14: bounds of a custom offering are details',
    async () =>
      (
        await created({ customized: 'true', mincpunumber: '1', maxcpunumber: '4', minmemory: '512', maxmemory: '4096' })
      )['serviceofferingdetails'],
    { mincpunumber: '1', maxcpunumber: '4', minmemory: '512', maxmemory: '4096' },
  ],
  [
    'R15: an offering without a whole size is custom',
    async () =>
      (await created({ cpuspeed: '2500', mincpunumber: '2', maxcpunumber: '10', memory: '4096' }))['iscustomized'],
    true,
  ],
  [
    'R16, R17: rates and cache modes are shown under their response names',
    async () => {
      const rates = { bytesreadrate: '500', iopsreadrate: '10', cachemode: 'none' };
      const names = ['diskBytesReadRate', 'diskIopsReadRate', 'cacheMode'];
      return [
        ofWhole(await service(rates), [...names, 'encryptroot']),
        ofWhole(await disk(rates), [...names, 'encrypt']),
        await outcome('createDiskOffering', { name: 'x', displaytext: 'x', disksize: '1', cachemode: 'bogus' }),
      ];
    },
    [
      { diskBytesReadRate: 500, diskIopsReadRate: 10, cacheMode: 'none', encryptroot: false },
      { diskBytesReadRate: 500, diskIopsReadRate: 10, cacheMode: 'none', encrypt: false },
      '431/4350',
    ],
  ],
  [
    'R18: deleted offerings are gone, unless asked for',
    async () => {
      const [compute, data] = [await service(), await disk()];
      await did('deleteServiceOffering', { id: compute['id'] });
      await did('deleteDiskOffering', { id: data['id'] });
      return [
        (await list('listServiceOfferings', { id: compute['id'] })).length,
        (await list('listDiskOfferings', { id: data['id'] })).length,
        (await list('listServiceOfferings', { id: compute['id'], state: 'inactive' })).length,
      ];
    },
    [0, 0, 1],
  ],
  [
    'R19: a number of processors means at least so many',
    async () => {
      const two = await service({ cpunumber: '2' });
      return (await list('listServiceOfferings', { cpunumber: '1' })).some((row) => row['id'] === two['id']);
    },
    true,
  ],
  [
    'R20: accounts of a domain are those of the domain',
    async () => {
      const child = await did('createDomain', { name: fresh('dom') });
      const inside = await account(child['id']);
      return (await list('listAccounts', { domainid: child['id'] })).map((row) => row['name'] === inside.name);
    },
    [true],
  ],
  [
    "R21, R24: a Basic zone's network needs no range, and refuses one",
    async () => {
      const basic = await podZone('Basic');
      await did('updateZone', { id: basic['id'], allocationstate: 'Enabled' });
      const sg = await id('listNetworkOfferings', 'DefaultSharedNetworkOfferingWithSGService');
      const params = { name: fresh('guest'), zoneid: basic['id'], networkofferingid: sg };
      return [
        basic['securitygroupsenabled'],
        await outcome('createNetwork', {
          ...params,
          startip: '10.9.0.10',
          endip: '10.9.0.20',
          gateway: '10.9.0.1',
          netmask: '255.255.255.0',
        }),
        await outcome('createNetwork', params),
      ];
    },
    [true, '431/4350', '200'],
  ],
  [
    'R22: offerings of another zone or domain are not listed',
    async () => {
      const other = await podZone();
      const child = await did('createDomain', { name: fresh('dom') });
      const here = await disk({ zoneid: zone });
      const bound = await service({ domainid: child['id'] });
      return [
        (await list('listDiskOfferings', { zoneid: other['id'] })).some((row) => row['id'] === here['id']),
        (await list('listServiceOfferings', { domainid: child['id'] })).map((row) => row['id'] === bound['id']),
      ];
    },
    [false, [true]],
  ],
  [
    'R23: offerings of a domain cannot be used by another',
    async () => {
      const [d1, d2] = [
        await did('createDomain', { name: fresh('dom') }),
        await did('createDomain', { name: fresh('dom') }),
      ];
      const { keys } = await account(d2['id']);
      const net = await network({}, keys);
      const noDomain = { domainid: d1['id'] };
      const offering = await did('createNetworkOffering', {
        name: fresh('no'),
        displaytext: 'x',
        guestiptype: 'Isolated',
        traffictype: 'GUEST',
        supportedservices: 'Dhcp,SourceNat',
        'serviceproviderlist[0].service': 'Dhcp',
        'serviceproviderlist[0].provider': 'VirtualRouter',
        'serviceproviderlist[1].service': 'SourceNat',
        'serviceproviderlist[1].provider': 'VirtualRouter',
        enable: 'true',
        ...noDomain,
      });
      const vpc = await did('createVPCOffering', {
        name: fresh('vo'),
        displaytext: 'x',
        supportedservices: 'Dhcp,SourceNat',
        enable: 'true',
        ...noDomain,
      });
      const [compute, data] = [await service(noDomain), await disk(noDomain)];
      return [
        await outcome(
          'deployVirtualMachine',
          { zoneid: zone, templateid: template, serviceofferingid: compute['id'], networkids: net['id'] },
          keys,
        ),
        await outcome('createVolume', { name: 'v', zoneid: zone, diskofferingid: data['id'] }, keys),
        await outcome('createNetwork', { name: 'n', zoneid: zone, networkofferingid: offering['id'] }, keys),
        await outcome(
          'createVPC',
          { name: 'n', displaytext: 'n', cidr: '10.77.0.0/16', zoneid: zone, vpcofferingid: vpc['id'] },
          keys,
        ),
      ];
    },
    ['531/4365', '531/4365', '531/4365', '531/4365'],
  ],
  [
    'R22: a disk offering of another zone cannot be used',
    async () => {
      const elsewhere = await disk({ zoneid: (await podZone())['id'] });
      return outcome('createVolume', { name: 'v', zoneid: zone, diskofferingid: elsewhere['id'] }, keysOf('bob'));
    },
    '531/4365',
  ],
  [
    'R25: a project without a text has its name',
    async () => {
      const name = fresh('prj');
      return (await did('createProject', { name, displaytext: '' }))['displaytext'] === name;
    },
    true,
  ],
  [
    'R26, R39: members of a project are found by account, and the owner is the caller',
    async () => {
      const [first, second] = [await account(), await account()];
      const project = await did('createProject', { name: fresh('prj'), displaytext: 'x', accountid: first.id });
      await did('addAccountToProject', { projectid: project['id'], account: second.name });
      return [
        (await list('listProjectAccounts', { projectid: project['id'], account: second.name })).map(
          (row) => row['account'] === second.name,
        ),
        project['owner'].map((each: any) => each.account),
      ];
    },
    [[true], ['admin']],
  ],
  [
    'R27: filters find nothing for a value that nothing has',
    async () => {
      const none = '11111111-2222-4333-8444-555555555555';
      const asked: [string, Params][] = [
        ['listAsyncJobs', { resourceid: none, resourcetype: 'VirtualMachine' }],
        ['listVirtualMachines', { arch: 'aarch64' }],
        ['listProjects', { username: 'nobody-at-all' }],
        ['listHosts', { storageaccessgroup: 'none-such' }],
        ['listStoragePools', { storageaccessgroup: 'none-such' }],
        ['listPods', { storageaccessgroup: 'none-such' }],
        ['listClusters', { storageaccessgroup: 'none-such' }],
        ['listZones', { storageaccessgroup: 'none-such' }],
        ['listGuestVlans', { id: '99999' }],
        ['listOsCategories', { arch: 'aarch64', isfeatured: 'true' }],
      ];
      const found: string[] = [];
      for (const [command, params] of asked) if ((await all(command, params)).length > 0) found.push(command);
      return found;
    },
    [],
  ],
  [
    'R28: routers show their interfaces, of shared networks too',
    async () => {
      await machine();
      const shared = await network({
        networkofferingid: await id('listNetworkOfferings', 'DefaultSharedNetworkOffering'),
        vlan: '777',
        gateway: '10.77.7.1',
        netmask: '255.255.255.0',
        startip: '10.77.7.10',
        endip: '10.77.7.99',
      });
      await machine({ networkids: String(shared['id']) });
      const routers = await all('listRouters', { forvpc: 'false' });
      const of = (network: unknown) => routers.find((row) => row['guestnetworkid'] === network);
      return [
        of(opsNet['id'])
          ?.['nic'].map((nic: any) => nic.traffictype)
          .sort(),
        'gateway' in (of(opsNet['id']) ?? {}),
        of(shared['id'])
          ?.['nic'].map((nic: any) => nic.traffictype)
          .sort(),
      ];
    },
    [['Control', 'Guest', 'Public'], true, ['Control', 'Guest']],
  ],
  [
    'R29: a pod without an end has the last address of its block',
    async () => {
      const { id: zoneid } = await podZone();
      const pod = await did('createPod', {
        zoneid,
        name: fresh('pod'),
        startip: '10.100.10.101',
        gateway: '10.100.10.1',
        netmask: '255.255.255.0',
      });
      return pod['endip'];
    },
    ['10.100.10.254'],
  ],
  [
    'R30: a pool hides who logs in',
    async () => {
      const pool = await did('createStoragePool', {
        zoneid: zone,
        name: fresh('ps'),
        url: 'rbd://admin:SECRET@ceph-mons.domain/poolname',
        scope: 'ZONE',
        hypervisor: 'KVM',
      });
      return [pool['ipaddress'], pool['path'], JSON.stringify(await all('listStoragePools')).includes('SECRET')];
    },
    ['ceph-mons.domain', 'poolname', false],
  ],
  [
    'R31, R32: regions and VPC offerings say what they can',
    async () => [
      has(await did('addRegion', { id: '7', name: fresh('region'), endpoint: 'http://r7/client' }), [
        'gslbserviceenabled',
        'portableipserviceenabled',
      ]),
      await outcome('addRegion', { id: '7', name: fresh('region'), endpoint: 'http://r8/client' }),
      has(await did('createVPCOffering', { name: fresh('vo'), displaytext: 'x', supportedservices: 'Dhcp' }), [
        'supportsregionLevelvpc',
      ]),
      await outcome('addAnnotation', {
        entitytype: 'MANAGEMENT_SERVER',
        entityid: String((await one('listManagementServers'))['id']),
        annotation: 'x',
      }),
    ],
    [[], '431/4350', [], '200'],
  ],
  [
    'R33, R34: a template of all zones says so, and keeps its zone where shown once',
    async () => {
      const params = {
        name: fresh('tpl'),
        displaytext: 'x',
        format: 'QCOW2',
        hypervisor: 'KVM',
        ostypeid: String((await one('listOsTypes'))['id']),
        url: 'http://x/y.qcow2',
      };
      const everywhere = await did('registerTemplate', { ...params, zoneid: '-1' });
      const [unique] = await list('listTemplates', { templatefilter: 'all', id: template, showunique: 'true' });
      return [everywhere['template'][0].crossZones, has(unique ?? {}, ['zoneid', 'zonename'])];
    },
    [true, []],
  ],
  [
    'R35, R36: a host needs credentials; the simulator takes one URL twice; the host is up',
    async () => {
      const { id: zoneid } = await podZone();
      const pod = await did('createPod', {
        zoneid,
        name: fresh('pod'),
        startip: '10.50.0.10',
        endip: '10.50.0.99',
        gateway: '10.50.0.1',
        netmask: '255.255.255.0',
      });
      const cluster = async () => {
        const made = await did('addCluster', {
          zoneid,
          podid: pod['id'],
          hypervisor: 'Simulator',
          clustertype: 'CloudManaged',
          clustername: fresh('c'),
        });
        return String(made['cluster'][0].id);
      };
      const params = { zoneid, podid: pod['id'], hypervisor: 'Simulator', url: 'http://sim2/c1/h1' };
      const login = { username: 'root', password: 'x' };
      const [first, second] = [await cluster(), await cluster()];
      return [
        await outcome('addHost', { ...params, clusterid: first }),
        (await did('addHost', { ...params, ...login, clusterid: first }))['host'][0].state,
        await outcome('addHost', { ...params, ...login, clusterid: second }),
      ];
    },
    ['431/4350', 'Up', '200'],
  ],
  [
    'R37: an account does not lose its name',
    async () => {
      const { id: accountid } = await account();
      return outcome('updateAccount', { id: accountid, newname: '' });
    },
    '431/4350',
  ],
  [
    'R40: what cannot be done now fails in the job',
    async () => {
      const vm = await machine();
      const [volume] = await all('listVolumes', { virtualmachineid: vm['id'] });
      const stopped = await machine({ startvm: 'false' });
      const guarded = await machine();
      await did('updateVirtualMachine', { id: guarded['id'], deleteprotection: 'true' });
      return [
        await outcome('attachVolume', { id: volume?.['id'], virtualmachineid: vm['id'] }),
        await outcome('resizeVolume', { id: volume?.['id'], size: '0' }),
        await outcome('resetSSHKeyForVirtualMachine', { id: stopped['id'], keypair: 'none' }),
        await outcome('destroyVirtualMachine', { id: guarded['id'] }),
        await outcome('migrateVirtualMachine', { virtualmachineid: stopped['id'] }),
        await outcome('resetPasswordForVirtualMachine', { id: vm['id'] }),
        await outcome('deleteVPC', { id: String((await one('listVPCs', { name: 'staging' }))['id']) }),
      ];
    },
    ['job 431', 'job 431', 'job 431', 'job 431', 'job 431', 'job 431', 'job 431'],
  ],
  [
    'R41: affinity puts machines together',
    async () => {
      const group = await did('createAffinityGroup', { name: fresh('ag'), type: 'host affinity' });
      const hosts = new Set<unknown>();
      for (let i = 0; i < 3; i += 1) hosts.add((await machine({ affinitygroupids: group['id'] }))['hostid']);
      return hosts.size;
    },
    1,
  ],
  [
    'R41: anti-affinity keeps them apart until no host is left',
    async () => {
      const group = await did('createAffinityGroup', { name: fresh('ag'), type: 'host anti-affinity' });
      const hosts = (await all('listHosts', { type: 'Routing', zoneid: zone })).length;
      const seen = new Set<unknown>();
      for (let i = 0; i < hosts; i += 1)
        seen.add(
          await outcome('deployVirtualMachine', {
            zoneid: zone,
            templateid: template,
            serviceofferingid: small,
            networkids: opsNet['id'],
            affinitygroupids: group['id'],
          }),
        );
      return [
        [...seen].filter((each) => each !== 'job' && each !== 'job 533'),
        await outcome('deployVirtualMachine', {
          zoneid: zone,
          templateid: template,
          serviceofferingid: small,
          networkids: opsNet['id'],
          affinitygroupids: group['id'],
        }),
      ];
    },
    [[], 'job 533'],
  ],
  [
    'R42: one key with two comments is one key',
    async () => {
      const key = 'ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQC7vbqajDhA';
      return [
        await outcome('registerSSHKeyPair', { name: fresh('k'), publickey: `${key} a@b` }),
        await outcome('registerSSHKeyPair', { name: fresh('k'), publickey: `${key} c@d` }),
      ];
    },
    ['200', '431/4350'],
  ],
  [
    "R44: a network's domain is cs, the account's number and the suffix",
    async () => /^cs[0-9a-f]+cloud\.internal$/.test(String((await network())['networkdomain'])),
    true,
  ],
  [
    'R45: an old operating system is known',
    async () => (await list('listOsTypes', { description: 'Debian GNU/Linux 7(64-bit)' })).length,
    1,
  ],
  [
    'R46: tags of an offering choose hosts and pools, or nothing',
    async () => {
      const deploy = async (params: Params) =>
        outcome('deployVirtualMachine', {
          zoneid: zone,
          templateid: template,
          networkids: opsNet['id'],
          serviceofferingid: (await service(params))['id'],
        });
      const [host] = await all('listHosts', { type: 'Routing', zoneid: zone });
      await did('updateHost', { id: host?.['id'], hosttags: 'gold' });
      const golden = await machine({ serviceofferingid: (await service({ hosttags: 'gold' }))['id'] });
      const [pool] = await all('listStoragePools', { zoneid: zone, scope: 'CLUSTER' });
      await did('updateStoragePool', { id: pool?.['id'], tags: 'fast' });
      const quick = await machine({ serviceofferingid: (await service({ tags: 'fast' }))['id'] });
      const [volume] = await all('listVolumes', { virtualmachineid: quick['id'] });
      return [
        await deploy({ hosttags: 'no-such-host-tag' }),
        await deploy({ tags: 'no-such-storage-tag' }),
        golden['hostid'] === host?.['id'],
        volume?.['storageid'] === pool?.['id'],
      ];
    },
    ['job 533', 'job 533', true, true],
  ],
  [
    'R47: a root disk is neither empty nor smaller than its template',
    async () => {
      const params = { zoneid: zone, templateid: template, serviceofferingid: small, networkids: opsNet['id'] };
      return [
        await outcome('deployVirtualMachine', { ...params, rootdisksize: '0' }),
        await outcome('deployVirtualMachine', { ...params, rootdisksize: '1' }),
      ];
    },
    ['431/4350', '431/4350'],
  ],
  [
    'R48: restoring makes a new root volume',
    async () => {
      const vm = await machine();
      const rootOf = async () => (await all('listVolumes', { virtualmachineid: vm['id'], type: 'ROOT' }))[0] ?? {};
      const before = await rootOf();
      const medium = await id('listDiskOfferings', 'Medium');
      await did('restoreVirtualMachine', { virtualmachineid: vm['id'], diskofferingid: medium });
      const after = await rootOf();
      return [before['id'] === after['id'], after['diskofferingid'] === medium, after['size']];
    },
    [false, true, 20 * 2 ** 30],
  ],
  [
    'R49: a network is lent to another account',
    async () => {
      const [owner, guest] = [await account(), await account()];
      const net = await network({}, owner.keys);
      const granted = await outcome(
        'createNetworkPermissions',
        { networkid: net['id'], accountids: guest.id },
        owner.keys,
      );
      const rows = await all('listNetworkPermissions', { networkid: net['id'] });
      const seen = (await send(simulator, 'listNetworks', { networkfilter: 'all' }, guest.keys)).body;
      return [
        granted,
        rows.map((row) => row['accountid'] === guest.id),
        (seen['network'] ?? []).some((row: any) => row.id === net['id']),
        await outcome(
          'deployVirtualMachine',
          { zoneid: zone, templateid: template, serviceofferingid: small, networkids: net['id'] },
          guest.keys,
        ),
      ];
    },
    ['200', [true], true, 'job'],
  ],
  [
    'R50: a webhook says its scope and whether it verifies',
    async () =>
      ofWhole(await did('createWebhook', { name: fresh('hook'), payloadurl: 'http://127.0.0.1:9/hook' }), [
        'scope',
        'sslverification',
      ]),
    { scope: 'Local', sslverification: false },
  ],
  [
    'R51: a deleted domain has no accounts and is not found',
    async () => {
      const gone = await did('createDomain', { name: fresh('dom') });
      await did('deleteDomain', { id: gone['id'] });
      return [
        await outcome('listAccounts', { domainid: gone['id'], listall: 'true' }),
        await outcome('listDomains', { id: gone['id'] }),
        await outcome('listDomains', { id: '-1' }),
      ];
    },
    ['431/4350', '431/4350', '431/4350'],
  ],
  [
    'R38: an internal load balancer shows its members and is found by its network',
    async () => {
      const vpc = await did('createVPC', {
        name: fresh('vpc'),
        displaytext: 'x',
        cidr: '10.31.0.0/16',
        zoneid: zone,
        vpcofferingid: await id('listVPCOfferings', 'Default VPC offering'),
      });
      const tier = await network({
        vpcid: vpc['id'],
        networkofferingid: await id(
          'listNetworkOfferings',
          'DefaultIsolatedNetworkOfferingForVpcNetworksWithInternalLB',
        ),
        gateway: '10.31.1.1',
        netmask: '255.255.255.0',
      });
      const vm = await machine({ networkids: tier['id'] });
      const rule = await did('createLoadBalancer', {
        name: fresh('ilb'),
        algorithm: 'roundrobin',
        scheme: 'Internal',
        networkid: tier['id'],
        sourceipaddressnetworkid: tier['id'],
        sourceport: '80',
        instanceport: '80',
      });
      await did('assignToLoadBalancerRule', { id: rule['id'], virtualmachineids: vm['id'] });
      const [shown] = await list('listLoadBalancers', { id: rule['id'] });
      return [
        shown?.['loadbalancerinstance'].map((each: any) => each.id === vm['id']),
        (await list('listInternalLoadBalancerVMs', { networkid: tier['id'] })).length,
        rule['fordisplay'],
      ];
    },
    [[true], 1, true],
  ],
  // Of the forty that matter most.
  [
    'T6: several isolated networks and none named',
    async () => {
      const { keys } = await account();
      await network({}, keys);
      await network({}, keys);
      return outcome('deployVirtualMachine', { zoneid: zone, templateid: template, serviceofferingid: small }, keys);
    },
    '431/4350',
  ],
  [
    'T19: members of a load balancer: not in it, and twice',
    async () => {
      const vm = await machine();
      const made = await address({ networkid: opsNet['id'] });
      const rule = await did('createLoadBalancerRule', {
        name: fresh('lb'),
        algorithm: 'roundrobin',
        privateport: '80',
        publicport: '80',
        publicipid: made['id'],
      });
      const params = { id: rule['id'], virtualmachineids: vm['id'] };
      return [
        await outcome('removeFromLoadBalancerRule', params),
        await outcome('assignToLoadBalancerRule', params),
        await outcome('assignToLoadBalancerRule', params),
      ];
    },
    ['job', 'job', 'job 530'],
  ],
  [
    'T20: expunging at once leaves nothing to show',
    async () => did('destroyVirtualMachine', { id: (await machine())['id'], expunge: 'true' }),
    {},
  ],
  [
    'T21: a console of a stopped machine',
    async () => {
      const vm = await machine({ startvm: 'false' });
      const { status, body } = await send(simulator, 'createConsoleEndpoint', { virtualmachineid: vm['id'] });
      return [status, body['consoleendpoint']?.success];
    },
    [200, false],
  ],
  [
    'T26: lists that want an argument',
    async () =>
      Promise.all(
        ['listLBStickinessPolicies', 'listLBHealthCheckPolicies', 'listGlobalLoadBalancerRules', 'listSslCerts'].map(
          (name) => outcome(name),
        ),
      ),
    ['431/4350', '431/4350', '431/4350', '530/0'],
  ],
  ['T27: throttling is off', () => outcome('getApiLimit'), '432/9999'],
  [
    'T28: commands of a plug-in are there while its setting is on',
    async () => {
      const turn = (value: string) => did('updateConfiguration', { name: 'quota.enable.service', value });
      const seen = async () => [
        await outcome('quotaTariffList'),
        (await did('quotaIsEnabled'))['isenabled'],
        (await all('listApis')).some((row) => row['name'] === 'quotaTariffList'),
      ];
      await turn('false');
      const off = await seen();
      await turn('true');
      return [off, await seen()];
    },
    [
      ['401/undefined', false, false],
      ['200', true, true],
    ],
  ],
  [
    'T37: a snapshot of a machine is named by the cloud',
    async () => {
      const vm = await machine();
      const shot = await did('createVMSnapshot', { virtualmachineid: vm['id'], name: 'mine' });
      return [/^i-\d+-\d+-\w+_VS_\d+/.test(String(shot['name'])), shot['displayname']];
    },
    [true, 'mine'],
  ],
  [
    'T38: an installation brings counters, extensions, planners and offerings',
    async () => [
      (await all('listCounters')).length,
      (await all('listExtensions')).length,
      (await all('listNetworkOfferings')).filter((row) => row['isdefault'] === true).length,
      (await all('listHypervisorCapabilities', { page: '1', pagesize: '500' })).length > 20,
    ],
    [20, 3, 24, true],
  ],
  [
    'T40: small: names of fields',
    async () => [
      'certificate' in ((await did('listCaCertificate'))['cacertificates'] ? {} : await did('listCaCertificate')),
      (await send(simulator, 'listZones')).status,
    ],
    [true, 200],
  ],
  [
    'T40: an answer is JSON in the words of CloudStack',
    async () =>
      (await simulator.fetch(new Request('http://simulator/client/api?command=listZones&response=json'))).headers.get(
        'content-type',
      ),
    'application/json;charset=utf-8',
  ],
  [
    'T3, T31, T40: forms of values',
    async () => {
      const [vm] = await all('listVirtualMachinesMetrics');
      const [volume] = await all('listVolumesMetrics');
      const [pool] = await all('listStoragePoolsMetrics');
      const of = await did('getVirtualMachineUserData', { virtualmachineid: (await machine())['id'] });
      return [
        new Set((await all('listVirtualMachines')).map((row) => String(row['domainpath']).split('/')[0])),
        [vm?.['memorytotal'], volume?.['sizegb'], pool?.['disksizetotalgb']].map((text) =>
          String(text).replace(/[\d.]+/g, 'n'),
        ),
        'virtualmachineid' in of && !('vmid' in of),
        (await all('listStoragePools')).filter((row) => /[:@]/.test(String(row['ipaddress']))),
      ];
    },
    [new Set(['ROOT']), ['n GiB', 'n GiB', 'n GB (xn)'], true, []],
  ],
  // Smaller, seen on the way.
  [
    'a tag in another letter case is the same tag',
    async () => {
      const vm = await machine();
      const tag = (key: string) =>
        outcome('createTags', {
          resourceids: vm['id'],
          resourcetype: 'UserVm',
          'tags[0].key': key,
          'tags[0].value': 'v',
        });
      return [await tag('Team'), await tag('team')];
    },
    ['job', 'job 530'],
  ],
  [
    'VPC offerings keep their capabilities',
    async () =>
      (
        await did('createVPCOffering', {
          name: fresh('vo'),
          displaytext: 'x',
          supportedservices: 'Dhcp,SourceNat',
          'servicecapabilitylist[0].service': 'Connectivity',
          'servicecapabilitylist[0].capabilitytype': 'DistributedRouter',
          'servicecapabilitylist[0].capabilityvalue': 'true',
        })
      )['distributedvpcrouter'],
    true,
  ],
  [
    'a VPN and a forwarded VPN port are a conflict',
    async () => {
      const vm = await machine();
      const [nat] = await all('listPublicIpAddresses', { associatednetworkid: opsNet['id'], issourcenat: 'true' });
      const forward = {
        ipaddressid: nat?.['id'],
        protocol: 'udp',
        publicport: '500',
        privateport: '500',
        virtualmachineid: vm['id'],
      };
      const rule = await did('createPortForwardingRule', forward);
      const blocked = await outcome('createRemoteAccessVpn', { publicipid: nat?.['id'] });
      await did('deletePortForwardingRule', { id: rule['id'] });
      return [
        blocked,
        await outcome('createRemoteAccessVpn', { publicipid: nat?.['id'] }),
        await outcome('createPortForwardingRule', forward),
      ];
    },
    ['537/4360', 'job', '537/4360'],
  ],
  [
    'blank tags of a physical network are left out',
    async () => {
      const [physical] = await all('listPhysicalNetworks', { zoneid: zone });
      await did('updatePhysicalNetwork', { id: physical?.['id'], tags: '' });
      return 'tags' in ((await all('listPhysicalNetworks', { id: physical?.['id'] }))[0] ?? {});
    },
    false,
  ],
  [
    'system offerings are found as such only',
    async () => {
      const [system] = await list('listServiceOfferings', { issystem: 'true' });
      return (await list('listServiceOfferings', { id: system?.['id'] })).length;
    },
    0,
  ],
  [
    'a pool has no such state or scope',
    async () => [
      await outcome('listStoragePools', { scope: 'invalid' }),
      await outcome('listStoragePools', { status: 'invalid' }),
    ],
    ['431/4350', '431/4350'],
  ],
  [
    'an offering shows the domain it was given later',
    async () => {
      const offering = await service();
      const child = await did('createDomain', { name: fresh('dom') });
      await did('updateServiceOffering', { id: offering['id'], domainid: child['id'] });
      return (await list('listServiceOfferings', { id: offering['id'] }))[0]?.['domain'] === child['name'];
    },
    true,
  ],
  [
    'a custom id is a UUID',
    () =>
      outcome('deployVirtualMachine', {
        zoneid: zone,
        templateid: template,
        serviceofferingid: small,
        networkids: opsNet['id'],
        customid: 'mine',
      }),
    '431/4350',
  ],
];

test.for(cases)('%s', async ([, ask, expected]) => {
  expect(await ask()).toEqual(expected);
});
