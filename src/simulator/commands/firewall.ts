import { statedFields } from '../engine/generic.ts';
import { listArg, needRow, numberArg, rowArg, text, textArg } from '../rules/args.ts';
import type { Behaviour, Behaviours, Call } from '../rules/call.ts';
import { holds, parseBlock } from '../rules/ip.ts';
import {
  activate,
  checkPublicPorts,
  clashes,
  deleteRule,
  openFirewall,
  type Ports,
  portsOf,
  storedPorts,
  icmpOf,
} from '../rules/port-rules.ts';
import { badParameter, badValue, conflict } from '../world/errors.ts';
import { insertKind } from '../world/insert.ts';
import type { Fields } from '../world/types.ts';

const describe = ({ protocol, start, end }: Ports): string => `${protocol} ${start}-${end}`;

const icmp = (call: Call, ports: Ports): Fields => {
  if (ports.protocol === 'icmp') {
    const { type = -1, code = -1 } = icmpOf(call, 'firewall');
    return { icmptype: type, icmpcode: code };
  }
  return numberArg(call, 'startport') === undefined ? {} : { startport: ports.start, endport: ports.end };
};

/** Refuses sources that are no blocks, or lie outside a network's own. */
const checkCidrs = (call: Call, inside?: string): void => {
  const outer = inside === undefined ? undefined : parseBlock(inside);
  for (const cidr of listArg(call, 'cidrlist')) {
    const block = parseBlock(cidr);
    if (!block && !cidr.includes(':')) throw badParameter(`Source cidrs formatting error ${cidr}`);
    if (block && outer && block.bits > 0 && !holds(outer, block))
      throw badParameter(`${cidr} is not within the guest cidr ${outer.text}`);
  }
};

const firewall: Behaviour = (call) => {
  checkCidrs(call);
  const address = needRow(call, 'ipaddressid');
  const ports = portsOf(call);
  const { world } = call;
  if (address.fields['vpcid'] !== undefined) throw badValue("Can't create firewall rule for VPC IP: use network ACLs");
  if (address.fields['associatednetworkid'] === undefined)
    throw badValue('Unable to create firewall rule ; ip id is not associated with any network');
  const cidrs = listArg(call, 'cidrlist').join(',') || '0.0.0.0/0';
  for (const other of world.where('Firewall', 'ipaddressid', address.id)) {
    if (other.fields['cidrlist'] !== cidrs || ports.protocol === 'icmp') continue;
    if (clashes(ports, storedPorts(other, 'startport', 'endport')))
      throw conflict(
        `The range specified, ${ports.start}-${ports.end}, conflicts with rule ${other.no} which has ${describe(storedPorts(other, 'startport', 'endport'))}`,
      );
  }
  const rule = insertKind(
    world,
    'Firewall',
    {
      protocol: ports.protocol,
      ...icmp(call, ports),
      cidrlist: cidrs,
      ipaddressid: address.id,
      networkid: address.fields['associatednetworkid'],
      state: 'Staged',
      fordisplay: true,
    },
    { owner: address.owner },
  );
  return activate(call, rule);
};

const onNetwork =
  (kind: string): Behaviour =>
  (call) => {
    const network = needRow(call, 'networkid');
    checkCidrs(call, kind === 'EgressFirewall' ? text(network, 'cidr') : undefined);
    const ports = portsOf(call);
    const cidrs =
      listArg(call, 'cidrlist').join(',') || (kind === 'EgressFirewall' ? text(network, 'cidr') : '0.0.0.0/0');
    const traffic = textArg(call, 'traffictype');
    for (const other of call.world.where(kind, 'networkid', network.id))
      if (
        other.fields['cidrlist'] === cidrs &&
        ports.protocol !== 'icmp' &&
        (traffic === undefined || other.fields['traffictype'] === traffic) &&
        clashes(ports, storedPorts(other, 'startport', 'endport'))
      )
        throw conflict(
          `The range specified, ${ports.start}-${ports.end}, conflicts with rule ${other.no} which has ${describe(storedPorts(other, 'startport', 'endport'))}`,
        );
    const { fields } = statedFields(call, kind);
    const rule = insertKind(
      call.world,
      kind,
      {
        ...fields,
        protocol: ports.protocol,
        ...icmp(call, ports),
        cidrlist: cidrs,
        destcidrlist: listArg(call, 'destcidrlist').join(','),
        networkid: network.id,
        state: 'Staged',
        fordisplay: true,
      },
      { owner: network.owner },
    );
    return activate(call, rule);
  };

const forward: Behaviour = (call) => {
  const { world } = call;
  const address = needRow(call, 'ipaddressid');
  const vm = needRow(call, 'virtualmachineid');
  const ports = portsOf(call, 'publicport', 'publicendport');
  const inner = portsOf(call, 'privateport', 'privateendport');
  if (!['tcp', 'udp'].includes(ports.protocol)) throw badValue(`Protocol ${ports.protocol} cannot be forwarded`);
  if (ports.end - ports.start !== inner.end - inner.start)
    throw badValue('Source port and destination port ranges should be of equal sizes.');
  if (vm.fields['state'] === 'Destroyed' || vm.fields['state'] === 'Expunging')
    throw badValue(`Invalid user vm: ${vm.id}`);
  checkPublicPorts(call, address, ports, 'PortForwardingRule');
  const nics = [...world.where('Nic', 'virtualmachineid', vm.id)];
  const networkId = rowArg(call, 'networkid')?.id ?? address.fields['associatednetworkid'];
  const nic =
    nics.find(({ fields }) => fields['networkid'] === networkId) ??
    (address.fields['vpcid'] === undefined ? undefined : nics[0]);
  if (!nic)
    throw badValue(
      `Vm ${vm.id} does not have a nic in the network of the address; unable to create port forwarding rule`,
    );
  const rule = insertKind(
    world,
    'PortForwardingRule',
    {
      protocol: ports.protocol,
      publicport: String(ports.start),
      publicendport: String(ports.end),
      privateport: String(inner.start),
      privateendport: String(inner.end),
      ipaddressid: address.id,
      networkid: nic.fields['networkid'],
      virtualmachineid: vm.id,
      vmguestip: textArg(call, 'vmguestip') ?? nic.fields['ipaddress'],
      cidrlist: listArg(call, 'cidrlist').join(','),
      state: 'Staged',
      fordisplay: true,
    },
    { owner: address.owner },
  );
  openFirewall(call, address, ports, rule);
  return activate(call, rule);
};

/** Firewall and port forwarding rules. */
export const firewalls: Behaviours = {
  createFirewallRule: firewall,
  createEgressFirewallRule: onNetwork('EgressFirewall'),
  createIpv6FirewallRule: onNetwork('Ipv6FirewallRule'),
  createRoutingFirewallRule: onNetwork('RoutingFirewallRule'),
  deleteFirewallRule: deleteRule,
  deleteEgressFirewallRule: deleteRule,
  deleteIpv6FirewallRule: deleteRule,
  deleteRoutingFirewallRule: deleteRule,
  deletePortForwardingRule: deleteRule,
  createPortForwardingRule: forward,
};
