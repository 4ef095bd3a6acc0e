import { badValue, conflict } from '../world/errors.ts';
import { insertKind } from '../world/insert.ts';
import type { Resource } from '../world/types.ts';
import { listArg, needRow, numberArg, text, textArg } from './args.ts';
import type { Behaviour, Call } from './call.ts';
import { hasService } from './networks.ts';
import { object, success, work } from './results.ts';

/** A protocol and a range of its ports. */
export interface Ports {
  protocol: string;
  start: number;
  end: number;
}

/** Refuses a number that is no port, in the words of FirewallManagerImpl and LoadBalancingRulesManagerImpl. */
export const checkPort = (port: number | undefined, name: string): void => {
  if (port !== undefined && (port < 1 || port > 65_535)) throw badValue(`${name} is an invalid value: ${port}`);
};

/** Type and code of ICMP that a call names, in the bounds and words of FirewallManagerImpl, or of NetworkACLServiceImpl. */
export const icmpOf = (call: Call, of: 'firewall' | 'acl'): { type: number | undefined; code: number | undefined } => {
  const [type, code] = [numberArg(call, 'icmptype'), numberArg(call, 'icmpcode')];
  const last = of === 'acl' ? 16 : 15;
  const within = (what: string, value: number): string => (of === 'acl' ? `${what} [${value}]. It` : `${what};`);
  if (type !== undefined && (type < -1 || type > 255))
    throw badValue(`Invalid icmp ${within('type', type)} should belong to [0-255] range`);
  if (type !== undefined && code !== undefined && (code < -1 || code > last))
    throw badValue(
      `Invalid icmp ${within('code', code)} should belong to [0-${last}] range and can be defined when icmpType belongs to [0-40] range`,
    );
  return { type, code };
};

/** Protocol and ports that a call names. */
export const portsOf = (call: Call, first = 'startport', last = 'endport'): Ports => {
  const start = numberArg(call, first);
  const end = numberArg(call, last) ?? start;
  const protocol = (textArg(call, 'protocol') ?? 'tcp').toLowerCase();
  checkPort(start, first === 'privateport' ? 'privatePort' : 'publicPort');
  checkPort(end, first === 'privateport' ? 'privatePort' : 'Public port range');
  if (start !== undefined && end !== undefined && start > end)
    throw badValue("Start port can't be bigger than end port");
  return { protocol, start: start ?? 1, end: end ?? 65_535 };
};

/** Whether two rules share a port. */
export const clashes = (a: Ports, b: Ports): boolean =>
  a.protocol === b.protocol && a.start <= b.end && b.start <= a.end;

/** Protocol and ports of a rule that exists. */
export const storedPorts = ({ fields }: Resource, first: string, last: string): Ports => ({
  protocol: String(fields['protocol'] ?? 'tcp').toLowerCase(),
  start: Number(fields[first] ?? 1),
  end: Number(fields[last] ?? fields[first] ?? 65_535),
});

/** Ends a job that puts a rule in force. */
export const activate = (call: Call, rule: Resource): ReturnType<Behaviour> =>
  work(rule, () => {
    call.world.update(rule, { state: 'Active' });
    return object(rule);
  });

/** Takes a rule and the firewall rule that came with it away. */
export const deleteRule: Behaviour = (call) => {
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

/** Ports that a remote access VPN takes of its address. */
const vpnPorts: readonly Ports[] = [500, 1701, 4500].map((port) => ({ protocol: 'udp', start: port, end: port }));

const checkFree = (ports: Ports, others: readonly Resource[]): void => {
  for (const other of others) {
    const theirs = storedPorts(other, 'publicport', 'publicendport');
    if (clashes(ports, theirs))
      throw conflict(
        `The range specified, ${ports.start}-${ports.end}, conflicts with rule ${other.no} which has ${theirs.start}-${theirs.end}`,
      );
  }
};

const rulesOn = ({ world }: Call, address: Resource): Resource[] => [
  ...world.where('PortForwardingRule', 'ipaddressid', address.id),
  ...world.where('LoadBalancer', 'publicipid', address.id),
];

/** Refuses a VPN on an address of which a rule has its ports. */
export const checkVpnPorts = (call: Call, address: Resource): void => {
  for (const ports of vpnPorts) checkFree(ports, rulesOn(call, address));
};

/** Refuses ports of a public address that another rule has, or that static NAT takes. */
export const checkPublicPorts = (
  call: Call,
  address: Resource,
  ports: Ports,
  own: 'PortForwardingRule' | 'LoadBalancer',
): void => {
  const { world } = call;
  if (address.fields['isstaticnat'] === true)
    throw badValue(
      `Can't create ${own === 'LoadBalancer' ? 'load balancing' : 'port forwarding'} rule: IP ${text(address, 'ipaddress')} is used for static NAT`,
    );
  checkFree(ports, rulesOn(call, address));
  for (const vpn of world.where('RemoteAccessVpn', 'publicipid', address.id))
    if (vpnPorts.some((taken) => clashes(ports, taken)))
      throw conflict(
        `The range specified, ${ports.start}-${ports.end}, conflicts with the VPN ${vpn.no} of the address`,
      );
};

/** Opens a rule's ports in the firewall of its address too, as CloudStack does outside VPCs unless asked not to. */
export const openFirewall = (call: Call, address: Resource, ports: Ports, rule: Resource): void => {
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
