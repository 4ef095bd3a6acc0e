import { statedFields } from '../engine/generic.ts';
import { listRows } from '../engine/list.ts';
import { listArg, needRow, text, textArg } from '../rules/args.ts';
import type { Behaviour, Behaviours, Call } from '../rules/call.ts';
import { ownerOf } from '../rules/owner.ts';
import { list, object, success, work } from '../rules/results.ts';
import { badValue } from '../world/errors.ts';
import { insertKind } from '../world/insert.ts';
import type { Resource } from '../world/types.ts';

const providers = ['PowerDNS'];

const addServer: Behaviour = (call) => {
  const provider = providers.find((name) => name.toLowerCase() === textArg(call, 'provider')?.toLowerCase());
  if (provider === undefined) throw badValue(`Invalid DNS provider: ${textArg(call, 'provider')}`);
  const url = textArg(call, 'url');
  if (call.world.all('DnsServer').some(({ fields }) => fields['url'] === url))
    throw badValue(`This Account already has a DNS server integration for URL: ${url}`);
  const { fields } = statedFields(call, 'DnsServer');
  return object(
    insertKind(call.world, 'DnsServer', { ispublic: false, ...fields, provider }, { owner: ownerOf(call).id }),
  );
};

const recordsOf = (call: Call, zone: Resource): Resource[] => [...call.world.where('DnsRecord', 'dnszoneid', zone.id)];

const mapsOf = (call: Call, field: string, row: Resource): Resource[] => [
  ...call.world.where('DnsZoneNetworkMap', field, row.id),
];

const forget = (call: Call, zone: Resource): void => {
  for (const row of [...recordsOf(call, zone), ...mapsOf(call, 'dnszoneid', zone)]) call.world.remove(row);
  call.world.remove(zone);
};

const createZone: Behaviour = (call) => {
  const server = needRow(call, 'dnsserverid');
  const name = (textArg(call, 'name') ?? '').toLowerCase().replace(/\.$/, '');
  if (!/^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$/.test(name)) throw badValue(`Invalid DNS zone name: ${name}`);
  return work(undefined, () => {
    if ([...call.world.where('DnsZone', 'dnsserverid', server.id)].some(({ fields }) => fields['name'] === name))
      throw badValue(`DNS zone already exists for this server: ${name}`);
    return object(
      insertKind(
        call.world,
        'DnsZone',
        { name, description: textArg(call, 'description'), dnsserverid: server.id, state: 'Active', type: 'Public' },
        { owner: call.caller.account.id },
      ),
    );
  });
};

const recordTypes = ['A', 'AAAA', 'CNAME', 'MX', 'TXT', 'SRV', 'PTR', 'NS'];

const createRecord: Behaviour = (call) => {
  const zone = needRow(call, 'dnszoneid');
  const type = (textArg(call, 'type') ?? '').toUpperCase();
  return work(zone, () => {
    if (!recordTypes.includes(type)) throw badValue(`Invalid DNS record type: ${type}`);
    const name = textArg(call, 'name') ?? '';
    for (const same of recordsOf(call, zone))
      if (same.fields['name'] === name && same.fields['type'] === type) call.world.remove(same);
    return object(
      insertKind(
        call.world,
        'DnsRecord',
        { name, type, contents: listArg(call, 'contents'), ttl: call.args['ttl'] ?? 3600, dnszoneid: zone.id },
        { owner: zone.owner },
      ),
    );
  });
};

const associate: Behaviour = (call) => {
  const { world } = call;
  const [zone, network] = [needRow(call, 'dnszoneid'), needRow(call, 'networkid')];
  if (mapsOf(call, 'networkid', network).length > 0) throw badValue('Network has existing DNS zone associated to it.');
  const fields = { dnszoneid: zone.id, networkid: network.id, subdomain: textArg(call, 'subdomain') };
  world.update(zone, { networkid: network.id });
  return object(insertKind(world, 'DnsZoneNetworkMap', fields, { owner: zone.owner }));
};

/** DNS servers, their zones and records, and the networks whose machines have names in them. */
export const dns: Behaviours = {
  addDnsServer: addServer,
  deleteDnsServer: (call) => {
    const server = needRow(call, 'id');
    return work(server, () => {
      for (const zone of [...call.world.where('DnsZone', 'dnsserverid', server.id)]) forget(call, zone);
      call.world.remove(server);
      return success();
    });
  },
  createDnsZone: createZone,
  deleteDnsZone: (call) => {
    const zone = needRow(call, 'id');
    return work(zone, () => {
      forget(call, zone);
      return success();
    });
  },
  createDnsRecord: createRecord,
  deleteDnsRecord: (call) => {
    const zone = needRow(call, 'dnszoneid');
    return work(zone, () => {
      const [name, type] = [textArg(call, 'name'), textArg(call, 'type')?.toUpperCase()];
      const found = recordsOf(call, zone).filter(({ fields }) => fields['name'] === name && fields['type'] === type);
      if (found.length === 0)
        throw badValue(`There is no record ${name} of type ${type} in zone ${text(zone, 'name')}`);
      for (const row of found) call.world.remove(row);
      return success();
    });
  },
  listDnsRecords: (call) => listRows(call, 'DnsRecord', recordsOf(call, needRow(call, 'dnszoneid')), []),
  listDnsProviders: () => list(providers.map((name) => ({ name }))),
  associateDnsZoneToNetwork: associate,
  disassociateDnsZoneFromNetwork: (call) => {
    const network = needRow(call, 'networkid');
    const found = mapsOf(call, 'networkid', network);
    if (found.length === 0) throw badValue('No DNS zone is associated to specified network.');
    for (const map of found) {
      const zone = call.world.get(text(map, 'dnszoneid'));
      if (zone) call.world.update(zone, { networkid: undefined });
      call.world.remove(map);
    }
    return success();
  },
};
