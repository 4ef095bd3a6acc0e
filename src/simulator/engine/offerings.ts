import { isWithin } from '../rules/access.ts';
import { entriesArg, flagArg, listArg, needRow, rowArg, rowsArg, text, textArg } from '../rules/args.ts';
import type { Behaviour, Call } from '../rules/call.ts';
import { object, success, work } from '../rules/results.ts';
import { badValue, inUse } from '../world/errors.ts';
import { insertKind } from '../world/insert.ts';
import type { Fields, Resource, Value } from '../world/types.ts';
import { statedFields } from './generic.ts';
import { listKind, type Test } from './list.ts';

const ids = (call: Call, name: string): string[] => rowsArg(call, name).map(({ id }) => id);

/** Where an offering may be used, as the API writes it: a comma list, and nothing for everywhere. */
export const places = (call: Call): Fields => {
  const [domains, zones] = [ids(call, 'domainid'), ids(call, 'zoneid')];
  const names = (list: string[]): string => list.map((id) => text(call.world.get(id), 'name')).join(',');
  return {
    ...(domains.length > 0 ? { domainid: domains.join(','), domain: names(domains) } : { domainid: undefined }),
    ...(zones.length > 0 ? { zoneid: zones.join(','), zone: names(zones) } : { zoneid: undefined }),
  };
};

/** The value of a service's capability that a call states. */
export const capabilityOf = (call: Call, service: string, type: string): string | undefined =>
  entriesArg(call, 'servicecapabilitylist').find(
    (entry) => entry['service'] === service && entry['capabilitytype'] === type,
  )?.['capabilityvalue'];

/** Services and their providers that a call gives an offering, with capabilities. */
export const servicesOffered = (call: Call): Value[] => {
  const chosen = new Map<string, string[]>();
  for (const { service = '', provider = '' } of entriesArg(call, 'serviceproviderlist'))
    chosen.set(service, [...(chosen.get(service) ?? []), provider]);
  for (const name of listArg(call, 'supportedservices'))
    if (!chosen.has(name)) chosen.set(name, [flagArg(call, 'forvpc') ? 'VpcVirtualRouter' : 'VirtualRouter']);
  const capabilities = entriesArg(call, 'servicecapabilitylist');
  return [...chosen]
    .filter(([name]) => name !== 'Gateway')
    .map(([name, providers]) => ({
      name,
      provider: providers.map((provider) => ({ name: provider })),
      capability: capabilities
        .filter(({ service }) => service === name)
        .map(({ capabilitytype, capabilityvalue }) => ({
          name: capabilitytype,
          value: capabilityvalue,
          canchooseservicecapability: false,
        })),
    }));
};

const nameOf = (service: Value): string => String((service as Fields)['name']);

/** Makes a copy of the offering that a call names, with what the call states of its own; 431 where the name is taken. */
export const cloneOffering = (call: Call, kind: string): Resource => {
  const { world } = call;
  const source = needRow(call, 'sourceofferingid');
  const name = textArg(call, 'name');
  const own = ['NetworkOffering', 'VpcOffering', 'BackupOffering'].includes(kind);
  if (own && world.all(kind).some(({ fields }) => fields['name'] === name))
    throw badValue(`An offering with name ${name} already exists`);
  const { id: _id, created: _created, isdefault: _default, ...copied } = source.fields;
  const { sourceofferingid: _source, ...stated } = statedFields(call, kind).fields;
  const given = ['domainid', 'zoneid'].filter((place) => call.args[place] !== undefined);
  const services = Array.isArray(copied['service']) ? copied['service'] : undefined;
  const dropped = listArg(call, 'dropservices');
  const added = servicesOffered({ ...call, args: { ...call.args, supportedservices: listArg(call, 'addservices') } });
  const offered = call.args['supportedservices'] === undefined ? services : servicesOffered(call);
  return insertKind(world, kind, {
    ...copied,
    ...Object.fromEntries(Object.entries(stated).filter(([field]) => !given.includes(field))),
    ...Object.fromEntries(
      Object.entries(places(call)).filter(([field]) => given.includes(field.replace(/^(domain|zone)$/, '$1id'))),
    ),
    ...(services ? { state: flagArg(call, 'enable') ? 'Enabled' : 'Disabled' } : {}),
    ...(offered
      ? {
          service: [...offered, ...added].filter((service) => !dropped.includes(nameOf(service))),
          supportedservices: undefined,
        }
      : {}),
  });
};

/** Deletes a network or VPC offering that nothing uses. */
export const deleteOffering: Behaviour = (call) => {
  const row = needRow(call, 'id');
  const [field, kind, noun] =
    row.kind === 'VpcOffering' ? ['vpcofferingid', 'Vpc', 'VPC'] : ['networkofferingid', 'Network', 'network'];
  const users = [...call.world.where(kind, field, row.id)].length;
  if (row.fields['isdefault'] === true) throw badValue(`Default ${noun} offering can't be deleted`);
  if (users > 0)
    throw inUse(
      `Can't delete ${noun} offering ${row.id} as its used by ${users} ${noun}s. To make the network offering unavailable, disable it`,
    );
  const drop = () => {
    call.world.remove(row);
    return success();
  };
  return call.command.async ? work(row, drop) : drop();
};

/** Changes what a call states of an offering. */
export const updateOffering: Behaviour = (call) => {
  const row =
    rowArg(call, 'id') ??
    call.world.all(call.command.response).find(({ fields }) => fields['name'] === textArg(call, 'name'));
  if (!row) throw badValue('Unable to find the offering');
  const { id: _, domainid, zoneid, tags, ...fields } = statedFields(call, row.kind).fields;
  const state = textArg(call, 'state');
  const apply = () => {
    call.world.update(row, {
      ...fields,
      ...(state === undefined ? {} : { state: state.charAt(0).toUpperCase() + state.slice(1).toLowerCase() }),
      ...(tags === undefined ? {} : { tags }),
      ...(domainid === undefined ? {} : { domainid: domainid === 'public' ? undefined : domainid }),
      ...(zoneid === undefined ? {} : { zoneid: zoneid === 'all' ? undefined : zoneid }),
    });
    return object(row);
  };
  return call.command.async ? work(row, apply) : apply();
};

/** Domain-scoped offerings are seen in those domains and below. */
const visible = (call: Call): Test[] => {
  const { world, caller, args } = call;
  const zone = rowArg(call, 'zoneid');
  const inDomain = ({ fields }: Resource): boolean =>
    typeof fields['domainid'] !== 'string' ||
    fields['domainid']
      .split(',')
      .some((id) => isWithin(world, caller.domain.id, id) || isWithin(world, id, caller.domain.id));
  const inZone = ({ fields }: Resource): boolean =>
    !zone || typeof fields['zoneid'] !== 'string' || fields['zoneid'].split(',').includes(zone.id);
  const tests: Test[] = [inZone];
  if (!caller.root) tests.push(inDomain);
  // A named domain shows what is bound to it, and not what is for all (QueryManagerImpl).
  const domain = rowArg(call, 'domainid');
  if (domain)
    tests.push(({ fields }) =>
      String(fields['domainid'] ?? '')
        .split(',')
        .includes(domain.id),
    );
  if (args['state'] === undefined) tests.push(({ fields }) => fields['state'] !== 'Inactive');
  return tests;
};

/** Lists the offerings of a kind that the caller may see. */
export const listOfferings =
  (kind: string): Behaviour =>
  (call) => {
    const { zoneid: _zone, domainid: _domain, supportedservices: _services, ...args } = call.args;
    const wanted = listArg(call, 'supportedservices');
    const nat = call.args['sourcenatsupported'];
    const has = (row: Resource, name: string): boolean =>
      Array.isArray(row.fields['service']) &&
      row.fields['service'].some((service) => (service as Fields)['name'] === name);
    const tests: Test[] = [...visible(call)];
    if (wanted.length > 0) tests.push((row) => wanted.every((name) => has(row, name)));
    if (nat !== undefined) tests.push((row) => has(row, 'SourceNat') === nat);
    if (kind === 'ServiceOffering' && call.args['issystem'] === undefined)
      tests.push(({ fields }) => fields['issystem'] !== true);
    if (kind === 'NetworkOffering' && !call.caller.root) tests.push(({ fields }) => fields['state'] === 'Enabled');
    // Offerings have no owner: listall and account say nothing about them.
    return listKind(
      {
        ...call,
        args,
        command: {
          ...call.command,
          params: call.command.params.filter(({ name }) => !['listall', 'account', 'projectid'].includes(name)),
        },
      },
      kind,
      tests,
    );
  };
