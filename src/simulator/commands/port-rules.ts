import { object, work } from '../engine/results.ts';
import { listArg, needRow, numberArg, rowArg, text, textArg } from '../engine/args.ts';
import { insertKind } from '../world/insert.ts';
import { badParameter, badValue, conflict } from '../world/errors.ts';
import { statedFields } from '../engine/generic.ts';
import type { Behaviour, Call, Resource } from '../world/types.ts';
import { hasService } from '../rules/networks.ts';
import { activate, clashes, type Ports, portsOf, storedPorts } from './rules.ts';

const checkPublic = (call: Call, address: Resource, ports: Ports, own: 'PortForwardingRule' | 'LoadBalancer'): void => {
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
const openFirewall = (call: Call, address: Resource, ports: Ports, rule: Resource): void => {
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

/** Rules that lead from a public port to machines. */
export const portRules: Record<string, Behaviour> = {
  createPortForwardingRule: forward,
  createIpForwardingRule: ipForward,
  createLoadBalancerRule: balance,
};
