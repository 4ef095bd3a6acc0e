import { object, success, work } from '../engine/results.ts';
import { listArg, needRow, numberArg, text, textArg } from '../engine/args.ts';
import { insertKind } from '../world/insert.ts';
import { badValue, conflict } from '../world/errors.ts';
import { statedFields } from '../engine/generic.ts';
import type { Behaviour, Call, Fields, Resource } from '../world/types.ts';

/** A protocol and a range of its ports. */
export interface Ports {
  protocol: string;
  start: number;
  end: number;
}

/** Protocol and ports that a call names. */
export const portsOf = (call: Call, first = 'startport', last = 'endport'): Ports => {
  const start = numberArg(call, first);
  const end = numberArg(call, last) ?? start;
  const protocol = (textArg(call, 'protocol') ?? 'tcp').toLowerCase();
  for (const port of [start, end])
    if (port !== undefined && (port < 1 || port > 65_535)) throw badValue(`${port} is an invalid port value`);
  if (start !== undefined && end !== undefined && start > end)
    throw badValue("Start port can't be bigger than end port");
  return { protocol, start: start ?? 1, end: end ?? 65_535 };
};

/** Whether two rules share a port. */
export const clashes = (a: Ports, b: Ports): boolean =>
  a.protocol === b.protocol && a.start <= b.end && b.start <= a.end;

/** Protocol and ports of a rule that exists. */
export const storedPorts = ({ fields }: Resource, first: string, last: string): Ports => ({
  protocol: String(fields['protocol']).toLowerCase(),
  start: Number(fields[first] ?? 1),
  end: Number(fields[last] ?? fields[first] ?? 65_535),
});

const describe = ({ protocol, start, end }: Ports): string => `${protocol} ${start}-${end}`;

/** Ends a job that puts a rule in force. */
export const activate = (call: Call, rule: Resource): ReturnType<Behaviour> =>
  work(rule, () => {
    call.world.update(rule, { state: 'Active' });
    return object(rule);
  });

/** Takes a rule and the firewall rule that came with it away. */
export const revoke: Behaviour = (call) => {
  const rule = needRow(call, 'id');
  const { world } = call;
  world.update(rule, { state: 'Deleting' });
  return work(rule, () => {
    world.remove(rule);
    for (const other of world.all('Firewall').filter(({ hidden }) => hidden['relatedruleid'] === rule.id))
      world.remove(other);
    for (const kind of ['LbMember', 'LBStickiness', 'LBHealthCheck'])
      for (const part of [...world.where(kind, 'lbruleid', rule.id)]) world.remove(part);
    return success();
  });
};

const icmp = (call: Call, ports: Ports): Fields => {
  if (ports.protocol === 'icmp')
    return { icmptype: numberArg(call, 'icmptype') ?? -1, icmpcode: numberArg(call, 'icmpcode') ?? -1 };
  return numberArg(call, 'startport') === undefined ? {} : { startport: ports.start, endport: ports.end };
};

const firewall: Behaviour = (call) => {
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

/** Firewall, port forwarding and the making of load balancing rules. */
export const rules: Record<string, Behaviour> = {
  createFirewallRule: firewall,
  createEgressFirewallRule: onNetwork('EgressFirewall'),
  createIpv6FirewallRule: onNetwork('Ipv6FirewallRule'),
  createRoutingFirewallRule: onNetwork('RoutingFirewallRule'),
  deleteFirewallRule: revoke,
  deleteEgressFirewallRule: revoke,
  deleteIpv6FirewallRule: revoke,
  deleteRoutingFirewallRule: revoke,
  deletePortForwardingRule: revoke,
  deleteIpForwardingRule: revoke,
  deleteLoadBalancerRule: revoke,
  deleteLoadBalancer: revoke,
};
