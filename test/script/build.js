// A shop: one VPC with two tiers, four machines, rules, a balancer. 40 changes.
const [zone] = await cloudstack.listZones({ name: 'Frankfurt' });
const [offering] = await cloudstack.listVPCOfferings({ name: 'Default VPC offering' });
const tierOfferings = await cloudstack.listNetworkOfferings({ forvpc: true, state: 'Enabled' });
const [template] = await cloudstack.listTemplates({ templatefilter: 'executable' }, { where: 'name contains Ubuntu' });
const [size] = await cloudstack.listServiceOfferings({ name: 'Small Instance' });
// Of one VPC, one tier balances load to the outside.
const tierOffering = (name) => find(tierOfferings, `name = DefaultIsolatedNetworkOfferingForVpcNetworks${name}`);

const vpc = await cloudstack.createVPC({
  name: 'shop',
  displaytext: 'shop',
  cidr: '10.9.0.0/16',
  zoneid: zone.id,
  vpcofferingid: offering.id,
});
const tiers = {};
for (const [name, net, kind] of [
  ['front', '10.9.1', ''],
  ['back', '10.9.2', 'NoLB'],
]) {
  const list = await cloudstack.createNetworkACLList({ name, vpcid: vpc.id });
  for (const [number, port] of [22, 80, 443, 3306].entries())
    await cloudstack.createNetworkACL({
      aclid: list.id,
      number: number + 1,
      action: 'allow',
      protocol: 'tcp',
      startport: port,
      endport: port,
      cidrlist: ['10.0.0.0/8'],
      traffictype: 'ingress',
    });
  tiers[name] = await cloudstack.createNetwork({
    name,
    displaytext: name,
    zoneid: zone.id,
    vpcid: vpc.id,
    gateway: `${net}.1`,
    netmask: '255.255.255.0',
    networkofferingid: tierOffering(kind).id,
    aclid: list.id,
  });
}
const machines = [];
for (const [name, tier] of [
  ['web-a', 'front'],
  ['web-b', 'front'],
  ['db-a', 'back'],
  ['db-b', 'back'],
]) {
  const machine = await cloudstack.deployVirtualMachine({
    name,
    zoneid: zone.id,
    templateid: template.id,
    serviceofferingid: size.id,
    networkids: [tiers[tier].id],
  });
  machines.push(machine);
  await cloudstack.createTags({
    resourcetype: 'UserVm',
    resourceids: [machine.id],
    tags: [{ key: 'shop', value: tier }],
  });
  const disk = await cloudstack.createVolume({ name: `${name}-data`, zoneid: zone.id, diskofferingid: 'Small' });
  await cloudstack.attachVolume({ id: disk.id, virtualmachineid: machine.id });
}
const address = await cloudstack.associateIpAddress({ vpcid: vpc.id });
const balancers = [];
for (const port of [80, 443]) {
  const rule = await cloudstack.createLoadBalancerRule({
    name: `shop-${port}`,
    algorithm: 'roundrobin',
    publicipid: address.id,
    publicport: port,
    privateport: port,
    networkid: tiers.front.id,
    cidrlist: ['10.0.0.0/8'],
  });
  await cloudstack.assignToLoadBalancerRule({ id: rule.id, virtualmachineids: [machines[0].id, machines[1].id] });
  balancers.push(rule);
}
const admin = await cloudstack.associateIpAddress({ vpcid: vpc.id });
await cloudstack.createPortForwardingRule({
  ipaddressid: admin.id,
  protocol: 'tcp',
  publicport: 22,
  privateport: 22,
  virtualmachineid: machines[2].id,
  networkid: tiers.back.id,
  cidrlist: ['10.0.0.0/8'],
});
for (const [type, resource] of [
  ['Vpc', vpc],
  ['Network', tiers.front],
  ['Network', tiers.back],
])
  await cloudstack.createTags({
    resourcetype: type,
    resourceids: [resource.id],
    tags: [{ key: 'shop', value: 'yes' }],
  });
await cloudstack.createAffinityGroup({ name: 'shop', type: 'host anti-affinity' });
return { vpc: vpc.id, machines: machines.length, balancers: balancers.length };
