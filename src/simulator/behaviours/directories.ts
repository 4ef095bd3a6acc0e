import { createHash } from 'node:crypto';
import { list, object, success, work } from '../answers.ts';
import { flagArg, listArg, mapArg, needRow, rowArg, text, textArg } from '../args.ts';
import { insertKind } from '../birth.ts';
import { badValue, failure } from '../errors.ts';
import { statedFields } from '../generic.ts';
import { listRows } from '../list.ts';
import { servicesOf } from '../wiring.ts';
import { ownerOf } from '../owner.ts';
import type { Behaviour, Call, Fields, Row, Value } from '../types.ts';

const serial = (call: Call): string => createHash('sha1').update(call.world.random.uuid()).digest('hex').slice(0, 16);

const pem = (kind: string, seed: string): string =>
  `-----BEGIN ${kind}-----\n${Buffer.from(`simulated ${seed}`).toString('base64')}\n-----END ${kind}-----\n`;

const uploadCert: Behaviour = (call) => {
  const owner = ownerOf(call);
  const certificate = textArg(call, 'certificate') ?? '';
  const row = insertKind(
    call.world,
    'SslCert',
    {
      name: textArg(call, 'name'),
      certificate,
      certchain: textArg(call, 'certchain'),
      fingerprint: createHash('sha1').update(certificate).digest('hex').toUpperCase().match(/../g)?.join(':'),
    },
    { owner: owner.id, hidden: { privatekey: 'kept' } },
  );
  return object(row);
};

const certRules = (call: Call, cert: Row): Row[] =>
  call.world.all('LoadBalancer').filter(({ hidden }) => hidden['certid'] === cert.id);

const listCerts: Behaviour = (call) => {
  const { world } = call;
  const [cert, rule, account] = [rowArg(call, 'certid'), rowArg(call, 'lbruleid'), rowArg(call, 'accountid')];
  const project = rowArg(call, 'projectid');
  const owner = project ? world.all('Account').find(({ hidden }) => hidden['projectid'] === project.id) : account;
  const rows = world
    .all('SslCert')
    .filter(
      (row) =>
        (!cert || row === cert) &&
        (!rule || rule.hidden['certid'] === row.id) &&
        (owner
          ? row.owner === owner.id
          : cert !== undefined || rule !== undefined || row.owner === call.caller.account.id),
    );
  return listRows(call, 'SslCert', rows, []);
};

const services: Behaviour = (call) => {
  const all = new Map<string, Fields>();
  for (const offering of call.world.all('NetworkOffering'))
    for (const service of servicesOf(call.world, { ...offering, fields: { networkofferingid: offering.id } }))
      if (!all.has(service.name)) all.set(service.name, service as unknown as Fields);
  const [name, provider] = [textArg(call, 'service'), textArg(call, 'provider')];
  const has = (each: Fields): boolean =>
    Array.isArray(each['provider']) && each['provider'].some((one) => (one as Fields)['name'] === provider);
  return list(
    [...all.values()].filter(
      (each) => (name === undefined || each['name'] === name) && (provider === undefined || has(each)),
    ),
  );
};

const ldapConfig: Behaviour = (call) => {
  const { world } = call;
  const { fields } = statedFields(call, 'LDAPConfig');
  for (const old of [...world.all('LDAPConfig')]) if (!flagArg(call, 'listall')) world.remove(old);
  const kept = world.all('LDAPConfig')[0] ?? insertKind(world, 'LDAPConfig', fields);
  return object(kept);
};

const link =
  (byAccount: boolean): Behaviour =>
  (call) => {
    const domain = needRow(call, 'domainid');
    const { fields } = statedFields(call, 'LinkDomainToLdap');
    const account = byAccount
      ? call.world
          .all('Account')
          .find((row) => text(row, 'name') === textArg(call, 'account') && text(row, 'domainid') === domain.id)
      : undefined;
    if (byAccount && !account) throw badValue(`No account ${textArg(call, 'account')} in domain ${domain.id}`);
    return object(
      insertKind(call.world, 'LinkDomainToLdap', {
        ...fields,
        domainid: domain.id,
        accountid: account?.id,
        name: textArg(call, 'ldapdomain') ?? textArg(call, 'name'),
      }),
    );
  };

const people = [
  {
    username: 'dora',
    firstname: 'Dora',
    lastname: 'Lang',
    email: 'dora@example.com',
    principal: 'cn=dora,ou=people,dc=example,dc=com',
    domain: 'example',
  },
];

const extensionResources = (call: Call, add: boolean): Row => {
  const row = needRow(call, 'extensionid');
  const id = textArg(call, 'resourceid') ?? '';
  const had = Array.isArray(row.fields['resources']) ? (row.fields['resources'] as Fields[]) : [];
  const others = had.filter((each) => each['id'] !== id);
  const target = call.world.get(id);
  call.world.update(row, {
    resources: [
      ...others,
      ...(add
        ? [{ id, name: target?.fields['name'], type: textArg(call, 'resourcetype'), details: mapArg(call, 'details') }]
        : []),
    ] as Value[],
  });
  return row;
};

const runAction: Behaviour = (call) => {
  const action = needRow(call, 'customactionid');
  return work(action, () => {
    if (action.fields['enabled'] !== true) throw failure(`Custom action ${text(action, 'name')} is disabled`);
    action.hidden['runs'] = Number(action.hidden['runs'] ?? 0) + 1;
    return object({
      id: action.id,
      name: action.fields['name'],
      success: true,
      result: { message: text(action, 'successmessage') || 'The action was run', runs: String(action.hidden['runs']) },
    });
  });
};

const gpu =
  (state: string): Behaviour =>
  (call) => {
    for (const id of listArg(call, 'ids')) {
      const row = call.world.find('GpuDevice', id);
      if (row) call.world.update(row, { managedstate: state });
    }
    return success();
  };

const dropUnused =
  (field: string, kinds: string[], text: string): Behaviour =>
  (call) => {
    const row = needRow(call, 'id');
    if (kinds.some((kind) => [...call.world.where(kind, field, row.id)].length > 0)) throw failure(text);
    const drop = () => {
      call.world.remove(row);
      return success();
    };
    return call.command.async ? work(row, drop) : drop();
  };

/** Certificates, directories of people, extensions, GPUs and smaller lists. */
export const directories: Record<string, Behaviour> = {
  uploadSslCert: uploadCert,
  listSslCerts: listCerts,
  deleteSslCert: (call) => {
    const row = needRow(call, 'id');
    const rules = certRules(call, row);
    if (rules.length > 0)
      throw failure(`Certificate in use by a loadbalancer(s) ${rules.map((rule) => text(rule, 'name')).join(', ')}`);
    call.world.remove(row);
    return success();
  },
  getLoadBalancerSslCertificate: (call) => {
    const rule = needRow(call, 'id');
    const cert = call.world.get(String(rule.hidden['certid'] ?? ''));
    if (!cert) throw badValue('No certificate is bound to the rule');
    return object({ crt: cert.fields['certificate'], chain: cert.fields['certchain'] });
  },
  uploadCustomCertificate: (call) => {
    const row = insertKind(call.world, 'CustomCertificate', {
      message: 'Certificate has been updated, SSVMs and CPVMs restart to use it',
      domainsuffix: textArg(call, 'domainsuffix'),
    });
    return work(row, () => object(row));
  },
  listCAProviders: () => list([{ name: 'root', description: "CloudStack's own certificate authority" }]),
  listCaCertificate: () => object({ cacertificates: pem('CERTIFICATE', 'root certificate') } as Fields),
  issueCertificate: (call) =>
    work(undefined, () => {
      const row = insertKind(call.world, 'IssuedCertificate', {
        serial: serial(call),
        domain: textArg(call, 'domain'),
      });
      return object({
        certificate: pem('CERTIFICATE', row.id),
        cacertificates: pem('CERTIFICATE', 'root certificate'),
        ...(textArg(call, 'csr') === undefined ? { privatekey: pem('PRIVATE KEY', 'key') } : {}),
      });
    }),
  revokeCertificate: (call) =>
    work(undefined, () => {
      insertKind(call.world, 'RevokedCertificate', { serial: textArg(call, 'serial'), cn: textArg(call, 'cn') });
      return success();
    }),
  provisionTemplateDirectDownloadCertificate: (call) => {
    const host = needRow(call, 'hostid');
    const cert = needRow(call, 'id');
    cert.hidden['hosts'] = [...(Array.isArray(cert.hidden['hosts']) ? cert.hidden['hosts'] : []), host.id];
    return object({ hostid: host.id, hostname: host.fields['name'], status: 'UPLOADED' });
  },
  revokeTemplateDirectDownloadCertificate: (call) => {
    const cert =
      rowArg(call, 'id') ??
      call.world.all('DirectDownloadCertificate').find((row) => text(row, 'name') === textArg(call, 'name'));
    if (!cert) throw badValue('No such certificate');
    call.world.remove(cert);
    return list(
      [...call.world.where('Host', 'zoneid', needRow(call, 'zoneid').id)].map((host) => ({
        hostid: host.id,
        hostname: host.fields['name'],
        status: 'REVOKED',
      })),
    );
  },
  listSupportedNetworkServices: services,
  listRegions: (call) =>
    list(
      call.world
        .all('Region')
        .filter(
          (row) =>
            (call.args['id'] === undefined || row.id === String(call.args['id'])) &&
            (textArg(call, 'name') === undefined || text(row, 'name') === textArg(call, 'name')),
        ),
    ),
  addRegion: (call) =>
    object(
      insertKind(
        call.world,
        'Region',
        { name: textArg(call, 'name'), endpoint: textArg(call, 'endpoint') },
        { id: String(call.args['id']) },
      ),
    ),
  updateRegion: (call) => {
    const row = call.world.find('Region', String(call.args['id']));
    if (!row) throw badValue(`Region with id: ${String(call.args['id'])} does not exist`);
    const { id: _, ...fields } = call.args;
    call.world.update(row, fields);
    return object(row);
  },
  removeRegion: (call) => {
    const row = call.world.find('Region', String(call.args['id']));
    if (!row) throw badValue(`Region with id: ${String(call.args['id'])} does not exist`);
    call.world.remove(row);
    return success();
  },
  listUserTwoFactorAuthenticatorProviders: () =>
    list(['totp', 'staticpin'].map((name) => ({ name, description: `${name} second factor` }))),
  ldapConfig,
  ldapRemove: (call) => {
    for (const row of [...call.world.all('LDAPConfig')]) call.world.remove(row);
    return object({ hostname: '', searchbase: '' });
  },
  linkDomainToLdap: link(false),
  linkAccountToLdap: link(true),
  listLdapUsers: () => list(people),
  searchLdap: (call) => list(people.filter(({ username }) => username.includes(textArg(call, 'query') ?? ''))),
  importLdapUsers: (call) => {
    const users = people.filter(({ username }) => ![...call.world.where('User', 'username', username)].length);
    for (const person of users) {
      const account = insertKind(call.world, 'Account', {
        name: person.username,
        accounttype: 0,
        domainid: rowArg(call, 'domainid')?.id ?? call.caller.domain.id,
        roleid: call.world.all('Role').find((role) => text(role, 'name') === 'User')?.id,
        state: 'enabled',
      });
      account.owner = account.id;
      insertKind(
        call.world,
        'User',
        { ...person, domain: undefined, accountid: account.id, state: 'enabled', usersource: 'ldap' },
        { owner: account.id },
      );
    }
    return list(users);
  },
  authorizeSamlSso: (call) => {
    const user = needRow(call, 'userid');
    for (const old of [...call.world.where('SamlAuthorization', 'userid', user.id)]) call.world.remove(old);
    insertKind(call.world, 'SamlAuthorization', {
      userid: user.id,
      status: flagArg(call, 'enable'),
      idpid: textArg(call, 'entityid'),
    });
    return success();
  },
  registerExtension: (call) => object(extensionResources(call, true)),
  unregisterExtension: (call) => object(extensionResources(call, false)),
  runCustomAction: runAction,
  manageGpuDevice: gpu('Managed'),
  unmanageGpuDevice: gpu('Unmanaged'),
  discoverGpuDevices: (call) => list([...call.world.where('GpuDevice', 'hostid', needRow(call, 'id').id)]),
  getHypervisorGuestOsNames: (call) =>
    work(undefined, () => {
      const names = call.world
        .all('GuestOS')
        .map((row) => ({ osdisplayname: row.fields['description'], osnameforhypervisor: row.fields['description'] }));
      return object({
        hypervisor: textArg(call, 'hypervisor'),
        hypervisorversion: textArg(call, 'hypervisorversion'),
        guestoscount: names.length,
        guestoslist: names,
      });
    }),
  removeGuestOs: dropUnused('ostypeid', ['Template'], 'The guest OS is used by templates'),
  deleteOsCategory: dropUnused('oscategoryid', ['GuestOS'], 'The OS category has guest OSes'),
  deleteGpuCard: dropUnused('gpucardid', ['GpuDevice', 'VgpuProfile'], 'The GPU card has devices or profiles'),
  deleteVgpuProfile: dropUnused('vgpuprofileid', ['GpuDevice', 'ServiceOffering'], 'The vGPU profile is used'),
  deleteGpuDevice: (call) => {
    for (const id of listArg(call, 'ids')) {
      const row = call.world.find('GpuDevice', id);
      if (row) call.world.remove(row);
    }
    return success();
  },
  listUnmanagedInstances: (call) => {
    const cluster = needRow(call, 'clusterid');
    const name = textArg(call, 'name');
    return list(
      [
        {
          name: 'legacy-vm-1',
          clusterid: cluster.id,
          clustername: cluster.fields['name'],
          powerstate: 'PowerOff',
          cpunumber: 2,
          cpuspeed: 1000,
          memory: 2048,
          hypervisor: 'Simulator',
          osdisplayname: 'Other Linux (64-bit)',
          disk: [],
          nic: [],
        },
      ].filter((vm) => name === undefined || vm.name === name),
    );
  },
  listVolumesForImport: (call) => {
    const pool = needRow(call, 'storageid');
    return list([
      {
        name: 'orphan.qcow2',
        path: 'orphan.qcow2',
        fullpath: `${text(pool, 'path')}/orphan.qcow2`,
        format: 'QCOW2',
        size: 2 ** 30,
        virtualsize: 10 * 2 ** 30,
        storageid: pool.id,
        storage: pool.fields['name'],
        storagetype: pool.fields['type'],
      },
    ]);
  },
  cloudianIsEnabled: () => object({ enabled: false, url: '' }),
  configureSimulator: (call) =>
    object(
      insertKind(call.world, 'Mock', {
        name: textArg(call, 'name'),
        value: textArg(call, 'value'),
        count: call.args['count'],
      }),
    ),
  querySimulatorMock: (call) => {
    const row = call.world.all('Mock').find(({ no }) => no === call.args['id']) ?? call.world.all('Mock').at(-1);
    if (!row) throw badValue('There is no such mock');
    return object(row);
  },
  cleanupSimulatorMock: (call) => {
    for (const row of [...call.world.all('Mock')])
      if (call.args['id'] === undefined || row.no === call.args['id']) call.world.remove(row);
    return success();
  },
  purgeExpungedResources: () => work(undefined, () => object({ success: true })),
  updateProjectRole: (call) => {
    const row = needRow(call, 'id');
    const { name, description } = call.args;
    call.world.update(row, {
      ...(name === undefined ? {} : { name }),
      ...(description === undefined ? {} : { description }),
    });
    return object(row);
  },
};
