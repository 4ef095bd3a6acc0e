import { noCapacity } from '../world/errors.ts';
import { insertKind } from '../world/insert.ts';
import { numberSetting, settingOf } from '../world/settings.ts';
import type { Fields, Resource } from '../world/types.ts';
import type { World } from '../world/world.ts';
import { freeAddress, nextGuestAddress, takeAddress } from './addresses.ts';
import { flagArg, needRow } from './args.ts';
import type { Behaviour } from './call.ts';
import { maskOf, parseBlock } from './ip.ts';
import { hostsFor } from './placement.ts';
import { object, work } from './results.ts';

interface Service {
  name: string;
  provider: { name: string }[];
}

/** Services that a network has from its offering. */
export const servicesOf = (world: World, network: Resource): Service[] => {
  const offering = world.get(String(network.fields['networkofferingid'] ?? network.fields['vpcofferingid']));
  const services = offering?.fields['service'];
  return Array.isArray(services) ? (services as unknown as Service[]) : [];
};

/** Whether a network (or VPC) has a service. */
export const hasService = (world: World, network: Resource, name: string): boolean =>
  servicesOf(world, network).some((service) => service.name === name);

const usesVirtualRouter = (world: World, network: Resource): boolean =>
  servicesOf(world, network).some(({ provider }) => provider.some(({ name }) => name === 'VirtualRouter'));

const freeVlan = (world: World, network: Resource): number => {
  const physical = world.get(String(network.fields['physicalnetworkid']));
  const [first = 0, last = first] = String(physical?.fields['vlan'] ?? '')
    .split('-')
    .map(Number);
  const taken = new Set(world.all('Network').map(({ fields }) => Number(fields['vlan'])));
  for (let vlan = first; vlan <= last; vlan += 1) if (vlan > 0 && !taken.has(vlan)) return vlan;
  throw noCapacity('Insufficient virtual network capacity', 4330);
};

const macOf = (world: World): string => {
  const number = world.count('mac');
  const hex =
    (0x02010000 + Math.floor(number / 65536)).toString(16).padStart(8, '0') +
    (number % 65536).toString(16).padStart(4, '0');
  return (hex.match(/../g) ?? []).join(':');
};

/** A MAC address as CloudStack writes it (NetUtils.standardizeMacAddress). */
export const standardMac = (mac: string | undefined): string | undefined =>
  mac?.replace(/[:-]/g, '').toLowerCase().match(/../g)?.join(':');

/** What a caller may choose of an interface. */
interface NicWishes {
  address?: string | undefined;
  address6?: string | undefined;
  mac?: string | undefined;
}

/** Fields of one interface on a network. */
const nicFields = (world: World, network: Resource, index: number, { address, address6, mac }: NicWishes): Fields => {
  const { gateway, cidr, ip6cidr, ip6gateway, broadcasturi, traffictype, type } = network.fields;
  const block = parseBlock(String(cidr ?? ''));
  return {
    networkid: network.id,
    ipaddress: address ?? nextGuestAddress(world, network),
    gateway,
    netmask: block && maskOf(block),
    ...(address6 === undefined ? {} : { ip6address: address6, ip6cidr, ip6gateway }),
    isdefault: index === 0,
    macaddress: mac ?? macOf(world),
    deviceid: String(index),
    traffictype: traffictype ?? 'Guest',
    type,
    broadcasturi,
    isolationuri: broadcasturi,
  };
};

/** Adds an interface to a machine. */
export const addNic = (world: World, machine: Resource, network: Resource, wishes: NicWishes = {}): Resource => {
  const index = [...world.where('Nic', 'virtualmachineid', machine.id)].length;
  return world.insert(
    'Nic',
    { ...nicFields(world, network, index, wishes), virtualmachineid: machine.id },
    { owner: machine.owner },
  );
};

/** The offering of virtual routers that name no other. */
export const routerOffering = (world: World): Resource | undefined =>
  world.all('ServiceOffering').find(({ fields }) => fields['systemvmtype'] === 'domainrouter');

const routerFields = (world: World, of: Resource, number: number): Fields => {
  const zone = world.get(String(of.fields['zoneid']));
  const publicIp = [...world.where('IPAddress', of.kind === 'Vpc' ? 'vpcid' : 'associatednetworkid', of.id)].find(
    ({ fields }) => fields['issourcenat'] === true,
  );
  const offering = routerOffering(world);
  const template = world.all('Template').find(({ fields }) => fields['templatetype'] === 'SYSTEM');
  const block = parseBlock(String(of.fields['cidr'] ?? ''));
  return {
    name: `r-${number}-${settingOf(world, 'instance.name')}`,
    state: 'Running',
    role: 'VIRTUAL_ROUTER',
    redundantstate: 'UNKNOWN',
    isredundantrouter: false,
    requiresupgrade: false,
    healthchecksfailed: false,
    version: world.catalog.release,
    softwareversion: world.catalog.release,
    scriptsversion: world.catalog.release,
    zoneid: of.fields['zoneid'],
    dns1: zone?.fields['dns1'],
    gateway: publicIp ? publicIp.fields['gateway'] : of.fields['gateway'],
    publicip: publicIp?.fields['ipaddress'],
    hypervisor: 'Simulator',
    serviceofferingid: offering?.id,
    templateid: template?.id,
    cpunumber: 1,
    cpuspeed: 500,
    memory: 256,
    networkdomain: of.fields['networkdomain'],
    linklocalip: `169.254.${Math.floor(number / 250) % 250}.${(number % 250) + 2}`,
    linklocalnetmask: '255.255.0.0',
    created: world.now(),
    ...(of.kind === 'Vpc'
      ? { vpcid: of.id }
      : { guestnetworkid: of.id, guestipaddress: of.fields['gateway'], guestnetmask: block && maskOf(block) }),
  };
};

/** The router of a network or VPC, made if there is none. */
export const ensureRouter = (world: World, of: Resource): Resource => {
  const field = of.kind === 'Vpc' ? 'vpcid' : 'guestnetworkid';
  const present = [...world.where('DomainRouter', field, of.id)][0];
  if (present) return present;
  const number = world.count('vm');
  const fields = routerFields(world, of, number);
  const router = insertKind(world, 'DomainRouter', fields, { owner: of.owner, no: number });
  const [host] = hostsFor(world, router);
  if (!host) {
    world.remove(router);
    throw noCapacity('Unable to create a deployment for VM instance with the requested capacity');
  }
  world.update(router, { hostid: host.id, podid: host.fields['podid'] });
  return router;
};

/** The machine that balances load inside a network, made if there is none for the address. */
export const ensureInternalBalancer = (world: World, network: Resource, address: string | undefined): void => {
  const present = [...world.where('DomainRouter', 'balances', network.id)];
  if (present.some(({ fields }) => fields['guestipaddress'] === address)) return;
  const number = world.count('vm');
  const { guestnetworkid: _network, ...fields } = routerFields(world, network, number);
  const name = `b-${number}-${settingOf(world, 'instance.name')}`;
  const row = insertKind(
    world,
    'DomainRouter',
    { ...fields, name, role: 'INTERNAL_LB_VM', guestipaddress: address, balances: network.id },
    { owner: network.owner, no: number },
  );
  const [host] = hostsFor(world, row);
  if (host) world.update(row, { hostid: host.id, podid: host.fields['podid'] });
  else world.update(row, { state: 'Stopped' });
};

/** Brings a network up for its first machine: VLAN, source NAT address, router. */
export const implementNetwork = (world: World, network: Resource): void => {
  const { state, zoneid, vpcid, type } = network.fields;
  // A shared network is there from the beginning; its first machine brings the router that gives out addresses.
  if (type === 'Shared' && usesVirtualRouter(world, network)) ensureRouter(world, network);
  if (state !== 'Allocated' && state !== 'Shutdown') return;
  if (network.fields['vlan'] === undefined && network.fields['type'] !== 'Shared') {
    const vlan = freeVlan(world, network);
    world.update(network, { vlan: String(vlan), broadcasturi: `vlan://${vlan}` });
    for (const nic of world.where('Nic', 'networkid', network.id))
      world.update(nic, { broadcasturi: `vlan://${vlan}`, isolationuri: `vlan://${vlan}` });
  }
  if (typeof vpcid !== 'string') {
    const nat = [...world.where('IPAddress', 'associatednetworkid', network.id)].some(
      ({ fields }) => fields['issourcenat'] === true,
    );
    if (hasService(world, network, 'SourceNat') && !nat)
      takeAddress(world, String(zoneid), network.owner, { associatednetworkid: network.id, issourcenat: true });
    if (usesVirtualRouter(world, network)) ensureRouter(world, network);
  } else {
    const vpc = world.get(vpcid);
    if (vpc) ensureRouter(world, vpc);
  }
  world.update(network, { state: 'Implemented' });
};

const usingStates = new Set(['Running', 'Starting', 'Stopping', 'Migrating']);

/** Whether no machine that runs is on a network. */
const isIdle = (world: World, network: Resource): boolean =>
  ![...world.where('Nic', 'networkid', network.id)].some(({ fields }) =>
    usingStates.has(String(world.get(String(fields['virtualmachineid']))?.fields['state'])),
  );

/** Takes down what a network has for running: router, VLAN. Its addresses stay. */
const shutNetwork = (world: World, network: Resource): void => {
  for (const router of [...world.where('DomainRouter', 'guestnetworkid', network.id)]) world.remove(router);
  world.update(network, { state: 'Allocated', vlan: undefined, broadcasturi: undefined });
};

/** Lets an unused network fall back to Allocated after the garbage collector's time. */
export const scheduleShutdown = (world: World, network: Resource): void => {
  const { type, state, ispersistent } = network.fields;
  if (type === 'Shared' || state !== 'Implemented' || ispersistent === true) return;
  const seconds = numberSetting(world, 'network.gc.interval', 600) + numberSetting(world, 'network.gc.wait', 600);
  world.queue.later(seconds * 1000, () => {
    if (network.removed === undefined && network.fields['state'] === 'Implemented' && isIdle(world, network))
      shutNetwork(world, network);
  });
};

/** Gives everything of a network back, when it is deleted. */
export const dismantleNetwork = (world: World, network: Resource): void => {
  shutNetwork(world, network);
  for (const address of [...world.where('IPAddress', 'associatednetworkid', network.id)])
    releaseRules(world, address, true);
  for (const kind of [
    'EgressFirewall',
    'LoadBalancer',
    'PortForwardingRule',
    'ApplicationLoadBalancer',
    'Ipv6FirewallRule',
    'RoutingFirewallRule',
    'NetworkPermissions',
  ])
    for (const row of [...world.where(kind, 'networkid', network.id)]) world.remove(row);
  for (const nic of [...world.where('Nic', 'networkid', network.id)]) world.remove(nic);
  for (const balancer of [...world.where('DomainRouter', 'balances', network.id)]) world.remove(balancer);
};

/** Drops every rule on a public address, and the address too if asked. */
export const releaseRules = (world: World, address: Resource, release: boolean): void => {
  for (const kind of ['Firewall', 'PortForwardingRule', 'IpForwardingRule'])
    for (const rule of [...world.where(kind, 'ipaddressid', address.id)]) world.remove(rule);
  for (const kind of ['LoadBalancer', 'RemoteAccessVpn'])
    for (const rule of [...world.where(kind, 'publicipid', address.id)]) world.remove(rule);
  if (release) freeAddress(world, address);
};

/** Enables or disables what provides a service in a network. */
export const configureNetworkElement: Behaviour = (call) => {
  const row = needRow(call, 'id');
  return work(row, () => {
    call.world.update(row, { enabled: flagArg(call, 'enabled') });
    return object(row);
  });
};
