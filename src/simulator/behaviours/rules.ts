import { object, success, work } from '../answers.ts';
import { listArg, needRow, numberArg, rowArg, text, textArg } from '../args.ts';
import { insertKind } from '../birth.ts';
import { badParameter, badValue, conflict } from '../errors.ts';
import { statedFields } from '../generic.ts';
import type { Behaviour, Call, Fields, Row } from '../types.ts';
import { hasService } from '../wiring.ts';

interface Ports {
  protocol: string;
  start: number;
  end: number;
}

const portsOf = (call: Call, first = 'startport', last = 'endport'): Ports => {
  const start = numberArg(call, first);
  const end = numberArg(call, last) ?? start;
  const protocol = (textArg(call, 'protocol') ?? 'tcp').toLowerCase();
  for (const port of [start, end])
    if (port !== undefined && (port < 1 || port > 65_535)) throw badValue(`${port} is an invalid port value`);
  if (start !== undefined && end !== undefined && start > end)
    throw badValue("Start port can't be bigger than end port");
  return { protocol, start: start ?? 1, end: end ?? 65_535 };
};

const clashes = (a: Ports, b: Ports): boolean => a.protocol === b.protocol && a.start <= b.end && b.start <= a.end;

const storedPorts = ({ fields }: Row, first: string, last: string): Ports => ({
  protocol: String(fields['protocol']).toLowerCase(),
  start: Number(fields[first] ?? 1),
  end: Number(fields[last] ?? fields[first] ?? 65_535),
});

const describe = ({ protocol, start, end }: Ports): string => `${protocol} ${start}-${end}`;

const checkPublic = (call: Call, address: Row, ports: Ports, own: 'PortForwardingRule' | 'LoadBalancer'): void => {
  const { world } = call;
  if (address.fields['isstaticnat'] === true)
    throw badValue(
      `Can't create ${own === 'LoadBalancer' ? 'load balancing' : 'port forwarding'} rule: IP ${text(address, 'ipaddress')} is used for static NAT`,
    );
  const others = [
    ...world.where('PortForwardingRule', 'ipaddressid', address.id),
    ...world.where('LoadBalancer', 'publicipid', address.id),
  ];
  for (const other of others) {
    const theirs = storedPorts(other, 'publicport', 'publicendport');
    if (clashes(ports, theirs))
      throw conflict(
        `The range specified, ${ports.start}-${ports.end}, conflicts with rule ${other.no} which has ${theirs.start}-${theirs.end}`,
      );
  }
};

/** Opens a rule's ports in the firewall of its address too, as CloudStack does outside VPCs unless told not to. */
export const openFirewall = (call: Call, address: Row, ports: Ports, rule: Row): void => {
  const network = call.world.get(text(address, 'associatednetworkid'));
  if (
    call.args['openfirewall'] === false ||
    address.fields['vpcid'] !== undefined ||
    (network && !hasService(call.world, network, 'Firewall'))
  )
    return;
  insertKind(
    call.world,
    'Firewall',
    {
      protocol: ports.protocol,
      startport: ports.start,
      endport: ports.end,
      cidrlist: listArg(call, 'cidrlist').join(',') || '0.0.0.0/0',
      ipaddressid: address.id,
      networkid: network?.id,
      state: 'Active',
      fordisplay: true,
    },
    { owner: address.owner, hidden: { relatedruleid: rule.id } },
  );
};

/** Ends a job that puts a rule in force. */
export const activate = (call: Call, rule: Row): ReturnType<Behaviour> =>
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

const forward: Behaviour = (call) => {
  const { world } = call;
  const address = needRow(call, 'ipaddressid');
  const vm = needRow(call, 'virtualmachineid');
  const ports = portsOf(call, 'publicport', 'publicendport');
  const inner = portsOf(call, 'privateport', 'privateendport');
  if (ports.end - ports.start !== inner.end - inner.start)
    throw badValue('Source port and destination port ranges should be of equal sizes.');
  if (vm.fields['state'] === 'Destroyed' || vm.fields['state'] === 'Expunging')
    throw badValue(`Invalid user vm: ${vm.id}`);
  checkPublic(call, address, ports, 'PortForwardingRule');
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

const ipForward: Behaviour = (call) => {
  const address = needRow(call, 'ipaddressid');
  const ports = portsOf(call);
  if (address.fields['isstaticnat'] !== true)
    throw badValue('Unable to create an IP forwarding rule: the address has no static NAT');
  const vm = call.world.get(text(address, 'virtualmachineid'));
  const rule = insertKind(
    call.world,
    'IpForwardingRule',
    {
      protocol: ports.protocol,
      publicport: String(ports.start),
      publicendport: String(ports.end),
      privateport: String(ports.start),
      privateendport: String(ports.end),
      ipaddressid: address.id,
      networkid: address.fields['associatednetworkid'],
      virtualmachineid: vm?.id,
      vmguestip: address.fields['vmipaddress'],
      state: 'Staged',
    },
    { owner: address.owner },
  );
  return activate(call, rule);
};

const balance: Behaviour = (call) => {
  const { world } = call;
  const address = rowArg(call, 'publicipid');
  if (!address)
    throw badParameter('Unable to execute API command createloadbalancerrule due to missing parameter publicipid');
  const algorithm = textArg(call, 'algorithm') ?? '';
  if (!['roundrobin', 'leastconn', 'source'].includes(algorithm)) throw badValue(`Invalid algorithm: ${algorithm}`);
  const port = numberArg(call, 'publicport') ?? 0;
  const ports = { protocol: 'tcp', start: port, end: port };
  checkPublic(call, address, ports, 'LoadBalancer');
  const networkid = rowArg(call, 'networkid')?.id ?? address.fields['associatednetworkid'];
  const { fields } = statedFields(call, 'LoadBalancer');
  const rule = insertKind(
    world,
    'LoadBalancer',
    {
      ...fields,
      protocol: textArg(call, 'protocol') ?? 'tcp',
      publicport: String(port),
      privateport: String(numberArg(call, 'privateport')),
      publicipid: address.id,
      networkid,
      zoneid: address.fields['zoneid'],
      cidrlist: listArg(call, 'cidrlist').join(','),
      state: 'Add',
      fordisplay: true,
    },
    { owner: address.owner },
  );
  openFirewall(call, address, ports, rule);
  return work(rule, () => object(rule));
};

/** Firewall, port forwarding and the making of load balancing rules. */
export const rules: Record<string, Behaviour> = {
  createFirewallRule: firewall,
  createEgressFirewallRule: onNetwork('EgressFirewall'),
  createIpv6FirewallRule: onNetwork('Ipv6FirewallRule'),
  createRoutingFirewallRule: onNetwork('RoutingFirewallRule'),
  createPortForwardingRule: forward,
  createIpForwardingRule: ipForward,
  createLoadBalancerRule: balance,
  ...Object.fromEntries(
    [
      'FirewallRule',
      'EgressFirewallRule',
      'Ipv6FirewallRule',
      'RoutingFirewallRule',
      'PortForwardingRule',
      'IpForwardingRule',
      'LoadBalancerRule',
      'LoadBalancer',
    ].map((noun) => [`delete${noun}`, revoke]),
  ),
};
