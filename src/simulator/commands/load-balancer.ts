import { statedFields } from '../engine/generic.ts';
import { listKind, listRows } from '../engine/list.ts';
import { nextGuestAddress } from '../rules/addresses.ts';
import { entriesArg, flagArg, listArg, needRow, numberArg, rowArg, rowsArg, text, textArg } from '../rules/args.ts';
import type { Behaviour, Behaviours, Call } from '../rules/call.ts';
import { configureNetworkElement, ensureInternalBalancer } from '../rules/networks.ts';
import { checkPort, checkPublicPorts, deleteRule, openFirewall } from '../rules/port-rules.ts';
import { list, madeRow, object, success, work } from '../rules/results.ts';
import { addMember } from '../rules/lb-members.ts';
import { startSystemVm, stopSystemVm } from '../rules/system-vms.ts';
import { badParameter, badValue, failure } from '../world/errors.ts';
import { insertKind } from '../world/insert.ts';
import type { Resource, Value } from '../world/types.ts';

const membersOf = (call: Call, rule: Resource): Resource[] => [...call.world.where('LbMember', 'lbruleid', rule.id)];

const nicFor = (call: Call, vm: Resource, networkId: string): Resource => {
  const nic = [...call.world.where('Nic', 'virtualmachineid', vm.id)].find(
    ({ fields }) => fields['networkid'] === networkId,
  );
  if (!nic)
    throw badValue(`VM ${vm.id} cannot be added because it doesn't belong in the network of the load balancing rule`);
  return nic;
};

/** Virtual machines that a call names for a rule, each with the address it is reached at. */
const named = (call: Call, rule: Resource): { vm: Resource; address: string }[] => {
  const networkId = text(rule, 'networkid');
  const mapped = entriesArg(call, 'vmidipmap').map(({ vmid = '', vmip }) => {
    const vm = call.world.find('UserVm', vmid);
    if (!vm) throw badValue(`Unable to find virtual machine ${vmid}`);
    return { vm, address: vmip ?? text(nicFor(call, vm, networkId), 'ipaddress') };
  });
  return [
    ...mapped,
    ...rowsArg(call, 'virtualmachineids').map((vm) => ({
      vm,
      address: text(nicFor(call, vm, networkId), 'ipaddress'),
    })),
  ];
};

const assign: Behaviour = (call) => {
  const rule = needRow(call, 'id');
  const vms = named(call, rule);
  if (vms.length === 0) throw badValue('Either virtualmachineids or vmidipmap must be given');
  for (const { vm, address } of vms)
    if (
      membersOf(call, rule).some(
        ({ fields }) => fields['virtualmachineid'] === vm.id && fields['ipaddress'] === address,
      )
    )
      throw failure(`VM ${text(vm, 'name')} is already mapped to load balancer.`);
  return work(rule, () => {
    for (const { vm, address } of vms) addMember(call.world, rule, vm, address);
    return success();
  });
};

const unassign: Behaviour = (call) => {
  const rule = needRow(call, 'id');
  // What is no member of the rule is passed over.
  const whole = new Set(rowsArg(call, 'virtualmachineids').map(({ id }) => id));
  const single = new Set(entriesArg(call, 'vmidipmap').map(({ vmid = '', vmip = '' }) => `${vmid}/${vmip}`));
  return work(rule, () => {
    for (const member of membersOf(call, rule)) {
      const vmid = text(member, 'virtualmachineid');
      if (whole.has(vmid) || single.has(`${vmid}/${text(member, 'ipaddress')}`)) call.world.remove(member);
    }
    if (membersOf(call, rule).length === 0) call.world.update(rule, { state: 'Add' });
    return success();
  });
};

const instances: Behaviour = (call) => {
  const rule = needRow(call, 'id');
  const inside = new Map<string, string[]>();
  for (const { fields } of membersOf(call, rule))
    inside.set(String(fields['virtualmachineid']), [
      ...(inside.get(String(fields['virtualmachineid'])) ?? []),
      String(fields['ipaddress']),
    ]);
  const wanted = call.args['applied'] !== false;
  const candidates = wanted
    ? [...inside.keys()].flatMap((id) => call.world.get(id) ?? [])
    : [...call.world.where('Nic', 'networkid', text(rule, 'networkid'))]
        .flatMap(({ fields }) => call.world.get(String(fields['virtualmachineid'])) ?? [])
        .filter((vm) => vm.kind === 'UserVm' && !inside.has(vm.id));
  if (!flagArg(call, 'lbvmips')) return listRows(call, 'UserVm', candidates, []);
  const items = candidates.map((vm) =>
    madeRow('LoadBalancerRuleVmMap', vm.id, { lbvmipaddresses: inside.get(vm.id) ?? [] }, { vmid: vm.id }),
  );
  return list(items, items.length, 'lbrulevmidip');
};

const ruleOf = (call: Call): Resource => needRow(call, 'lbruleid');

const stickiness: Behaviour = (call) => {
  const rule = ruleOf(call);
  const params = Object.fromEntries(
    entriesArg(call, 'param').map(({ name = '', value }): [string, Value] => [name, value]),
  );
  const { fields } = statedFields(call, 'LBStickiness');
  const row = insertKind(
    call.world,
    'LBStickiness',
    { ...fields, param: undefined, params, lbruleid: rule.id, state: 'Active' },
    { owner: rule.owner },
  );
  return work(row, () => object(policyOf(call, rule, 'LBStickiness', 'stickinesspolicy')));
};

const healthCheck: Behaviour = (call) => {
  const rule = ruleOf(call);
  const { fields } = statedFields(call, 'LBHealthCheck');
  const row = insertKind(
    call.world,
    'LBHealthCheck',
    {
      pingpath: '/',
      responsetime: numberArg(call, 'responsetimeout') ?? 2,
      healthcheckinterval: numberArg(call, 'intervaltime') ?? 5,
      healthcheckthresshold: numberArg(call, 'healthythreshold') ?? 2,
      unhealthcheckthresshold: numberArg(call, 'unhealthythreshold') ?? 10,
      ...fields,
      lbruleid: rule.id,
      state: 'Active',
    },
    { owner: rule.owner },
  );
  return work(row, () => object(policyOf(call, rule, 'LBHealthCheck', 'healthcheckpolicy')));
};

// CloudStack answers with one object a rule, the policies inside it.
const policyOf = (call: Call, rule: Resource, kind: string, key: string) => ({
  lbruleid: rule.id,
  name: rule.fields['name'],
  account: call.world.get(rule.owner ?? '')?.fields['name'],
  zoneid: rule.fields['zoneid'],
  [key]: [...call.world.where(kind, 'lbruleid', rule.id)].map(({ id, fields: { lbruleid: _, ...fields } }) => ({
    id,
    ...fields,
  })),
});

const policies =
  (kind: string, key: string): Behaviour =>
  (call) => {
    const own = rowArg(call, 'id');
    const rule = rowArg(call, 'lbruleid') ?? call.world.get(text(own, 'lbruleid'));
    if (!rule || rule.removed !== undefined) return list([]);
    return list([policyOf(call, rule, kind, key)]);
  };

const internal: Behaviour = (call) => {
  const network = needRow(call, 'networkid');
  const { fields } = statedFields(call, 'ApplicationLoadBalancer');
  const source = textArg(call, 'sourceipaddress') ?? nextGuestAddress(call.world, network);
  const row = insertKind(
    call.world,
    'ApplicationLoadBalancer',
    {
      ...fields,
      sourceipaddress: source,
      networkid: network.id,
      loadbalancerrule: [
        { sourceport: numberArg(call, 'sourceport'), instanceport: numberArg(call, 'instanceport'), state: 'Add' },
      ],
    },
    { owner: network.owner },
  );
  return work(row, () => {
    ensureInternalBalancer(call.world, network, source);
    return object(row);
  });
};

const certificate: Behaviour = (call) => {
  const rule = ruleOf(call);
  const cert = needRow(call, 'certid');
  if (typeof rule.hidden['certid'] === 'string' && !flagArg(call, 'forced'))
    throw badValue(`Another certificate is already bound to the LB rule ${rule.id}`);
  return work(rule, () => {
    call.world.hide(rule, { certid: cert.id });
    return success();
  });
};

const dropCertificate: Behaviour = (call) => {
  const rule = ruleOf(call);
  if (typeof rule.hidden['certid'] !== 'string') throw badValue('No certificate is bound to lb with id: ' + rule.id);
  return work(rule, () => {
    call.world.hide(rule, { certid: undefined });
    return success();
  });
};

const globalRules =
  (add: boolean): Behaviour =>
  (call) => {
    const rule = needRow(call, 'id');
    const given = rowsArg(call, 'loadbalancerrulelist').map(({ id }) => id);
    return work(rule, () => {
      const had = Array.isArray(rule.hidden['rules']) ? rule.hidden['rules'] : [];
      call.world.hide(rule, {
        rules: add ? [...new Set([...had, ...given])] : had.filter((id) => !given.includes(String(id))),
      });
      return success();
    });
  };

const balance: Behaviour = (call) => {
  const { world } = call;
  const address = rowArg(call, 'publicipid');
  if (!address)
    throw badParameter('Unable to execute API command createloadbalancerrule due to missing parameter publicipid');
  const port = numberArg(call, 'publicport') ?? 0;
  const ports = { protocol: 'tcp', start: port, end: port };
  checkPort(numberArg(call, 'privateport'), 'privatePort');
  checkPort(port, 'publicPort');
  checkPublicPorts(call, address, ports, 'LoadBalancer');
  const networkid = rowArg(call, 'networkid')?.id ?? address.fields['associatednetworkid'];
  const { fields } = statedFields(call, 'LoadBalancer');
  const rule = insertKind(
    world,
    'LoadBalancer',
    {
      ...fields,
      protocol: textArg(call, 'protocol'),
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

/** Load balancers. */
export const loadBalancer: Behaviours = {
  assignToLoadBalancerRule: assign,
  removeFromLoadBalancerRule: unassign,
  listLoadBalancerRuleInstances: instances,
  createLBStickinessPolicy: stickiness,
  createLBHealthCheckPolicy: healthCheck,
  listLBStickinessPolicies: policies('LBStickiness', 'stickinesspolicy'),
  listLBHealthCheckPolicies: policies('LBHealthCheck', 'healthcheckpolicy'),
  createLoadBalancer: internal,
  assignCertToLoadBalancer: certificate,
  removeCertFromLoadBalancer: dropCertificate,
  assignToGlobalLoadBalancerRule: globalRules(true),
  removeFromGlobalLoadBalancerRule: globalRules(false),
  updateLoadBalancerRule: (call) => {
    const rule = needRow(call, 'id');
    return work(rule, () => {
      const { id: _, ...fields } = statedFields(call, 'LoadBalancer').fields;
      call.world.update(rule, {
        ...fields,
        ...(call.args['cidrlist'] === undefined ? {} : { cidrlist: listArg(call, 'cidrlist').join(',') }),
      });
      return object(rule);
    });
  },
  deleteLoadBalancerRule: deleteRule,
  deleteLoadBalancer: deleteRule,
  listInternalLoadBalancerVMs: (call) => {
    const { networkid, ...args } = call.args;
    return listKind(
      { ...call, args: networkid === undefined ? args : { ...args, balances: networkid } },
      'DomainRouter',
      [
        ({ fields }) =>
          fields['role'] === 'INTERNAL_LB_VM' && (networkid === undefined || fields['balances'] === networkid),
      ],
    );
  },
  startInternalLoadBalancerVM: startSystemVm,
  stopInternalLoadBalancerVM: stopSystemVm,
  getLoadBalancerSslCertificate: (call) => {
    const rule = needRow(call, 'id');
    const cert = call.world.get(String(rule.hidden['certid'] ?? ''));
    if (!cert) throw badValue('No certificate is bound to the rule');
    return object({ crt: cert.fields['certificate'], chain: cert.fields['certchain'] });
  },
  createLoadBalancerRule: balance,
  configureInternalLoadBalancerElement: configureNetworkElement,
  createInternalLoadBalancerElement: (call) => {
    const row = insertKind(call.world, 'InternalLoadBalancerElement', {
      nspid: needRow(call, 'nspid').id,
      enabled: false,
    });
    return work(row, () => object(row));
  },
};
