import { CallError } from '../errors.ts';
import { isRecord, type Row } from '../rows.ts';
import { toLabel } from '../text.ts';
import type { ViewAnswer } from './overview.ts';
import { orProblem, type ReadView } from './show.ts';

/** Networks of a VPC, and load balancers of a network, that are looked at. */
const maxTiers = 12;
const maxBalancers = 20;

/** A rule that leads from a public address to machines. */
interface MapRule {
  id: string;
  kind: 'port forwarding' | 'load balancer' | 'static NAT';
  protocol: string;
  port: string;
  /** Ids of machines. */
  machines: string[];
  privatePort: string;
}

interface MapAddress {
  id: string;
  address: string;
  /** What it is for, beside its rules. */
  use: string;
  rules: MapRule[];
  /** What its firewall lets in; undefined where the network's ACLs say it. */
  open: string[];
}

interface MapMachine {
  id: string;
  name: string;
  state: string;
  address: string;
  /** Id of its network. */
  tier: string;
}

const textOf = (row: Row, ...fields: string[]): string => {
  const value = fields.map((field) => row[field]).find((one) => one !== undefined && one !== null && one !== '');
  return typeof value === 'string' || typeof value === 'number' ? toLabel(String(value), 80) : '';
};

const portsOf = (row: Row, start: string, end: string): string => {
  const [from, to] = [textOf(row, start), textOf(row, end)];
  return from === to || to === '' ? from : `${from}-${to}`;
};

/**
 * How traffic comes in to the machines of a network or a VPC: public address → rule → machine. Several reads; what the account
 * may not list is named in `notSeen`. Throws a CallError where the network or VPC itself cannot be seen.
 */
export const readNetworkMap = async (
  read: ReadView,
  { network, vpc }: { network?: string | undefined; vpc?: string | undefined },
): Promise<ViewAnswer> => {
  if ((network === undefined) === (vpc === undefined))
    throw new CallError('invalid', 'network-map takes one of network and vpc.', 'An id or a name. Nothing was sent.');
  const notSeen = new Set<string>();
  const rows = async (tool: string, args: Record<string, unknown>): Promise<readonly Row[]> => {
    const answer = await orProblem(read({ tool, args, pagesize: 500 }));
    if (!('error' in answer)) return answer.rows();
    notSeen.add(tool);
    return [];
  };
  const title = vpc === undefined ? 'network' : 'VPC';
  const one = await read({ tool: vpc === undefined ? 'list-networks' : 'list-vpcs', args: { id: network ?? vpc } });
  const [whole] = one.rows();
  if (!whole)
    throw new CallError('not-found', `There is no ${title} ${toLabel(network ?? vpc ?? '')} to see.`, 'Check the id.');
  const id = textOf(whole, 'id');
  const tiers = vpc === undefined ? [whole] : (await rows('list-networks', { vpcid: id })).slice(0, maxTiers);
  const tierIds = tiers.map((tier) => textOf(tier, 'id'));
  const inTiers = async (tool: string): Promise<Row[]> =>
    (await Promise.all(tierIds.map((networkid) => rows(tool, { networkid })))).flat();
  const ofWhole = vpc === undefined ? { networkid: id } : { vpcid: id };
  const [addressRows, machineRows, forwardings, balancers, openings] = await Promise.all([
    rows('list-public-ip-addresses', vpc === undefined ? { associatednetworkid: id } : { vpcid: id }),
    rows('list-virtual-machines', ofWhole),
    inTiers('list-port-forwarding-rules'),
    inTiers('list-load-balancer-rules'),
    vpc === undefined ? rows('list-firewall-rules', { networkid: id }) : [],
  ]);
  const balanced = new Map(
    await Promise.all(
      balancers.slice(0, maxBalancers).map(async (rule) => {
        const behind = await rows('list-load-balancer-rule-instances', { id: textOf(rule, 'id') });
        return [textOf(rule, 'id'), behind.map((machine) => textOf(machine, 'id'))] as const;
      }),
    ),
  );
  const machines = machineRows.map((row): MapMachine => {
    const nics = (Array.isArray(row['nic']) ? row['nic'] : []).filter(isRecord);
    const nic = nics.find((one) => tierIds.includes(textOf(one, 'networkid'))) ?? {};
    const [tier, address] = [textOf(nic, 'networkid') || tierIds[0] || '', textOf(nic, 'ipaddress')];
    return {
      id: textOf(row, 'id'),
      name: textOf(row, 'displayname', 'name'),
      state: textOf(row, 'state'),
      address,
      tier,
    };
  });
  const rulesOf = (addressId: string, row: Row): MapRule[] => [
    ...(row['isstaticnat'] === true
      ? [
          {
            id: addressId,
            kind: 'static NAT' as const,
            protocol: 'all',
            port: '',
            privatePort: '',
            machines: [textOf(row, 'virtualmachineid')],
          },
        ]
      : []),
    ...forwardings
      .filter((rule) => textOf(rule, 'ipaddressid') === addressId)
      .map((rule) => ({
        id: textOf(rule, 'id'),
        kind: 'port forwarding' as const,
        protocol: textOf(rule, 'protocol'),
        port: portsOf(rule, 'publicport', 'publicendport'),
        privatePort: portsOf(rule, 'privateport', 'privateendport'),
        machines: [textOf(rule, 'virtualmachineid')],
      })),
    ...balancers
      .filter((rule) => textOf(rule, 'publicipid') === addressId)
      .map((rule) => ({
        id: textOf(rule, 'id'),
        kind: 'load balancer' as const,
        protocol: textOf(rule, 'protocol') || 'tcp',
        port: textOf(rule, 'publicport'),
        privatePort: textOf(rule, 'privateport'),
        machines: balanced.get(textOf(rule, 'id')) ?? [],
      })),
  ];
  const addresses = addressRows.map((row): MapAddress => {
    const addressId = textOf(row, 'id');
    const open = openings
      .filter((rule) => textOf(rule, 'ipaddressid') === addressId)
      .map((rule) =>
        [
          textOf(rule, 'protocol'),
          portsOf(rule, 'startport', 'endport'),
          `from ${textOf(rule, 'cidrlist') || 'anywhere'}`,
        ]
          .filter(Boolean)
          .join(' '),
      );
    const use = row['issourcenat'] === true ? 'source NAT' : row['isstaticnat'] === true ? 'static NAT' : '';
    return { id: addressId, address: textOf(row, 'ipaddress'), use, rules: rulesOf(addressId, row), open };
  });
  const of = { kind: title, id, name: textOf(whole, 'displaytext', 'name'), cidr: textOf(whole, 'cidr') };
  const map = {
    ...of,
    state: textOf(whole, 'state'),
    tiers: tiers.map((tier) => ({ id: textOf(tier, 'id'), name: textOf(tier, 'name'), cidr: textOf(tier, 'cidr') })),
    addresses,
    machines,
    notSeen: [...notSeen],
  };
  return { text: inWords(map), structured: map };
};

interface NetworkMap {
  kind: string;
  name: string;
  cidr: string;
  state: string;
  addresses: MapAddress[];
  machines: MapMachine[];
  notSeen: string[];
}

const inWords = ({ kind, name, cidr, state, addresses, machines, notSeen }: NetworkMap): string => {
  const nameOf = (id: string, port: string): string => {
    const machine = machines.find((one) => one.id === id);
    if (!machine) return id || 'nothing';
    return `${machine.name} (${machine.address}${port ? `:${port}` : ''}, ${machine.state})`;
  };
  const lines = addresses.flatMap(({ address, use, rules, open }) => [
    `${address}${use ? `, ${use}` : ''}`,
    ...rules.map((rule) => {
      const to = rule.machines.map((id) => nameOf(id, rule.privatePort)).join(', ') || 'no machine';
      return `  ${rule.kind} ${[rule.protocol, rule.port].filter(Boolean).join(' ')} → ${to}`;
    }),
    ...open.map((one) => `  firewall lets in ${one}`),
  ]);
  const reached = new Set(addresses.flatMap(({ rules }) => rules.flatMap((rule) => rule.machines)));
  const others = machines.filter(({ id }) => !reached.has(id)).map(({ id }) => nameOf(id, ''));
  return [
    `${kind} ${name} ${cidr}, ${state}: ${addresses.length} public addresses, ${machines.length} machines`,
    ...lines,
    ...(others.length ? [`no rule leads to: ${others.join(', ')}`] : []),
    ...(notSeen.length ? [`not seen, because the account may not list it: ${notSeen.join(', ')}`] : []),
  ].join('\n');
};
