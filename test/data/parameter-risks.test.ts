import { expect, test } from 'vitest';
import { joinCatalog, loadCatalog } from '../../src/catalog/catalog.ts';
import { effectiveRisk } from '../../src/catalog/effective-risk.ts';
import { isGrave, looksOnly, raisesOf, type ParameterRisks } from '../../src/catalog/parameter-risks.ts';
import { fits } from '../../src/catalog/patterns.ts';
import { loadData } from '../../src/data.ts';
import { isAlwaysAsked, type RiskReview } from '../../scripts/docs/risk-review.ts';
import { isSecretName } from '../../src/secrets/names.ts';

const { tools } = loadCatalog();
const { effects, rules, harmless } = loadData<ParameterRisks>('parameter-risks.json');
const changing = tools.filter(({ command, risk }) => !looksOnly(command, risk));

test('every parameter of every command that is more than a look was judged', () => {
  const unjudged = changing.flatMap(({ command, risk }) =>
    raisesOf(command, risk)
      .filter(({ effect }) => effect === 'unjudged')
      .map(
        ({ parameter }) =>
          `${command.name}: ${parameter} is not judged; add a rule or a harmless entry to data/parameter-risks.json (until then it is asked about)`,
      ),
  );
  expect(unjudged).toEqual([]);
});

test('a command that brings a parameter no one has judged makes the test above red', () => {
  const [first] = changing.filter(({ risk }) => !isGrave(risk));
  const command = { ...first!.command, params: [{ name: 'howmuchofit', type: 'string' as const }] };
  expect(raisesOf(command, first!.risk)).toMatchObject([{ effect: 'unjudged', risk: 'change', severity: 'high' }]);
});

test('each rule has a known effect, a plain sentence, reasons for what it leaves out, and commands that exist', () => {
  const names = tools.map(({ command }) => command.name);
  for (const { effect, worst, except = {}, commands = [], severity, risk } of rules) {
    expect(Object.keys(effects)).toContain(effect);
    expect(worst).toMatch(/^[A-Z].{10,140}\.$/);
    for (const [command, reason] of Object.entries(except)) {
      expect(names).toContain(command);
      expect(reason.length).toBeGreaterThan(10);
    }
    for (const pattern of commands)
      expect(
        names.some((name) => fits([pattern], name)),
        pattern,
      ).toBe(true);
    expect(risk === 'destroy' || severity !== 'low', worst).toBe(true);
  }
  for (const { why, parameters } of harmless) {
    expect(why).toMatch(/^[A-Z].{10,140}\.$/);
    expect(parameters.length).toBeGreaterThan(0);
  }
});

/** Kinds of parameters that do harm wherever they stand, unless a rule excepts the command and says why. */
const kinds: Record<string, RegExp> = {
  'what somebody logs in with': /(password|passwd|secretkey|apikey|accesskey|psk)$/,
  rights: /^(roleid|projectroleid|accounttype|roletype|permission|rules?|apikeyaccess|mandate2fa)$/,
  'a switch': /^(managedstate|deleteprotection|readonly|haenable)$/,
  publishing: /^(ispublic|payloadurl|policy)$/,
  code: /^(activationrule|heuristicrule|extraconfig|externaldetails|istagarule)$/,
  'a limit that takes copies or machines': /^(maxsnaps|maxbackups|minmembers|maxmembers)$/,
  'what CloudStack would have refused': /^(forced|shrinkok|bypassvlanoverlapcheck)$/,
};
const isExcepted = (command: string, parameter: string): boolean =>
  rules.some(({ parameters, except }) => except?.[command] !== undefined && fits(parameters, parameter));

test.each(Object.entries(kinds))('no parameter of the kind "%s" is without a rule', (_kind, names) => {
  const without = changing
    .filter(({ risk }) => !isGrave(risk))
    .flatMap(({ command, risk }) => {
      const ruled = new Set(raisesOf(command, risk).flatMap(({ when }) => Object.keys(when)));
      return command.params
        .filter(({ name }) => names.test(name) && !ruled.has(name) && !isExcepted(command.name, name))
        .map(({ name }) => `${command.name} ${name}`);
    });
  expect(without).toEqual([]);
});

test('a read takes no secret, and no host to connect to', () => {
  const reaching = tools
    .filter(({ risk }) => risk.risk === 'read')
    .flatMap(({ command }) => command.params.map(({ name }) => `${command.name} ${name}`))
    .filter((one) => {
      const name = one.split(' ')[1]!;
      return isSecretName(name) || /^(host|password|token|vcenter|url|endpoint|activationrule)$/.test(name);
    });
  // These only narrow what is shown, or say how much of it.
  const narrowing =
    /^(listImportVmTasks vcenter|getUser userapikey|list(VirtualMachines|VirtualMachinesMetrics|VnfAppliances) userdata)$/;
  expect(reaching.filter((one) => !narrowing.test(one))).toEqual([]);
});

const riskOf = (name: string, params: Record<string, unknown>): string => {
  const { command, risk } = loadCatalog().find(name)!;
  const { risk: now } = effectiveRisk(command, risk, params);
  return `${now.risk}/${now.severity}`;
};

test.each<[string, Record<string, unknown>, string]>([
  ['checkVolume', { repair: 'LEAKS' }, 'change/high'],
  ['checkVolume', { repair: ' l e a k s ' }, 'change/high'],
  ['createVMSchedule', { action: 'START' }, 'change/medium'],
  ['createVMSchedule', { action: 'force_stop' }, 'destroy/high'],
  ['createVMSchedule', { action: 'whatever comes' }, 'destroy/high'],
  ['updateCluster', { managedstate: 'UNMANAGED' }, 'change/high'],
  ['updateCluster', { managedstate: 'Managed' }, 'change/medium'],
  ['updateResourceLimit', { max: 0 }, 'change/high'],
  ['updateResourceLimit', { max: -1 }, 'change/high'],
  ['updateResourceLimit', { max: 20 }, 'change/high'],
  // CloudStack takes no max for no limit.
  ['updateResourceLimit', { resourcetype: '0' }, 'change/high'],
  ['quotaCredits', { value: 1_000_000 }, 'change/high'],
  ['quotaTariffUpdate', { enddate: '2030-01-01' }, 'change/high'],
  ['updateVirtualMachine', { displayname: 'x' }, 'change/low'],
  ['updateVirtualMachine', { details: { rootDiskController: 'scsi' } }, 'change/low'],
  ['updateVirtualMachine', { details: { 'extraconfig-1': '<x/>' } }, 'change/high'],
  ['updateVirtualMachine', { details: { 'SSH.PublicKey': 'ssh-rsa AAAA' } }, 'change/high'],
  ['updateVirtualMachine', { details: { 'kvm.vnc.address': '0.0.0.0' } }, 'change/high'],
  ['updateVirtualMachine', { userdata: '' }, 'change/high'],
  ['updateVirtualMachine', { securitygroupids: [] }, 'change/high'],
  ['updateVirtualMachine', { displayname: '' }, 'change/low'],
  ['updateVirtualMachine', { leaseduration: 1, leaseexpiryaction: 'DESTROY' }, 'destroy/high'],
  ['deployVirtualMachine', { userdata: 'x', password: 'y', keypair: 'z' }, 'change/low'],
  ['createFirewallRule', { cidrlist: ['10.1.2.3/32'], protocol: 'tcp', startport: 22 }, 'change/medium'],
  ['createFirewallRule', { cidrlist: ['0.0.0.0/0'], protocol: 'tcp', startport: 443, endport: 443 }, 'change/medium'],
  ['createFirewallRule', { cidrlist: ['0.0.0.0/0'], protocol: 'tcp', startport: 443 }, 'change/medium'],
  ['createFirewallRule', { protocol: 'icmp' }, 'change/medium'],
  ['createFirewallRule', { protocol: 'tcp', startport: 22, endport: 22 }, 'change/high'],
  ['createFirewallRule', { protocol: 'tcp', startport: 80, endport: 443 }, 'change/high'],
  ['createFirewallRule', { protocol: 'all' }, 'change/high'],
  ['createFirewallRule', { cidrlist: ['0.0.0.0/1', '128.0.0.0/1'], protocol: 'tcp', startport: 22 }, 'change/high'],
  [
    'createFirewallRule',
    { cidrlist: Array.from({ length: 256 }, (_, n) => `${n}.0.0.0/8`), protocol: 'tcp', startport: 22 },
    'change/high',
  ],
  ['createFirewallRule', { cidrlist: '1.0.0.0/8,2.0.0.0/8', protocol: 'tcp', startport: 22 }, 'change/high'],
  ['createFirewallRule', { cidrlist: ['0.0.0.0/0.0.0.0'], protocol: 'tcp', startport: 22 }, 'change/high'],
  [
    'createFirewallRule',
    { cidrlist: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'], protocol: 'tcp', startport: 22 },
    'change/medium',
  ],
  [
    'createIpv6FirewallRule',
    { cidrlist: Array.from({ length: 8 }, (_, n) => `2${n}00::/19`), protocol: 'tcp', startport: 22 },
    'change/high',
  ],
  ['createFirewallRule', { cidrlist: ['10.0.0.0/8'], protocol: 'tcp', startport: 22 }, 'change/medium'],
  ['createIpv6FirewallRule', { cidrlist: ['::/0'], protocol: 'tcp', startport: 22 }, 'change/high'],
  ['createIpv6FirewallRule', { cidrlist: ['fd00::/8'], protocol: 'tcp', startport: 22 }, 'change/medium'],
  ['createNetworkACL', { action: 'deny', protocol: 'tcp', cidrlist: ['10.1.0.0/16'] }, 'change/high'],
  ['createNetworkACL', { protocol: 'all', traffictype: 'egress' }, 'change/medium'],
  ['createNetworkACL', { protocol: 'tcp', traffictype: 'Egress' }, 'change/high'],
  ['updateNetworkACLItem', { action: 'allow' }, 'change/high'],
  ['updateLoadBalancerRule', { cidrlist: ['192.0.2.7/32'] }, 'change/high'],
  ['authorizeSecurityGroupEgress', {}, 'change/high'],
  ['createEgressFirewallRule', { protocol: 'all' }, 'change/low'],
  ['enableStaticNat', { virtualmachineid: 'x' }, 'change/high'],
  ['createPortForwardingRule', { publicport: 443, privateport: 443 }, 'change/medium'],
  ['createPortForwardingRule', { publicport: 2222, privateport: 22 }, 'change/high'],
  ['createPortForwardingRule', { publicport: 443, privateport: 22 }, 'change/high'],
  ['createPortForwardingRule', { publicport: ' 80 ', privateport: '3389', openfirewall: false }, 'change/high'],
  ['createPortForwardingRule', { publicport: 80, privateport: 8080 }, 'change/medium'],
  ['createLoadBalancerRule', { publicport: 443, privateport: 22 }, 'change/high'],
  ['authorizeSecurityGroupIngress', { usersecuritygrouplist: [{ account: 'eve', group: 'default' }] }, 'change/high'],
  ['enableHAForHost', {}, 'change/high'],
  ['createPortForwardingRule', { publicport: 2222, privateport: 22, openfirewall: false }, 'change/medium'],
  ['createPortForwardingRule', { publicport: 2222, privateport: 22, cidrlist: ['192.0.2.7/32'] }, 'change/medium'],
  ['createStaticRoute', { cidr: '0.0.0.0/0' }, 'change/high'],
  ['createStaticRoute', { cidr: '10.3.0.0/16' }, 'change/low'],
  ['createNetwork', { name: 'n', networkofferingid: 'x', gateway: '10.1.1.1' }, 'change/low'],
  ['createNetwork', { vlan: '102' }, 'change/high'],
  ['createNetwork', { acltype: 'Domain' }, 'change/high'],
  ['createNetworkOffering', { details: { promiscuousMode: 'true' } }, 'change/high'],
  ['createVlanIpRange', { startip: '192.0.2.1' }, 'change/high'],
  ['addNicToVirtualMachine', { networkid: 'x', ipaddress: '10.1.1.9' }, 'change/low'],
  ['addNicToVirtualMachine', { macaddress: '02:00:4c:00:00:01' }, 'change/high'],
  ['deployVirtualMachine', { iptonetworklist: [{ networkid: 'x', ip: '10.1.1.9' }] }, 'change/low'],
  ['deployVirtualMachine', { iptonetworklist: [{ networkid: 'x', mac: '02:00:4c:00:00:01' }] }, 'change/high'],
  ['createSnapshot', { volumeid: 'x', name: 's' }, 'change/low'],
  ['createSnapshot', { volumeid: 'x', policyid: 'y' }, 'change/high'],
  ['createVMFromBackup', { backupid: 'x', preserveip: false }, 'change/low'],
  ['createVMFromBackup', { backupid: 'x', preserveip: true }, 'change/high'],
  ['attachVolume', { id: 'x', deviceid: 3 }, 'change/low'],
  ['attachVolume', { id: 'x', deviceid: 0 }, 'change/high'],
  ['attachIso', { id: 'x' }, 'change/high'],
  ['createVolume', { snapshotid: 'x', name: 'v' }, 'change/low'],
  ['createVolume', { account: 'eve', domainid: 'x', diskofferingid: 'x' }, 'change/low'],
  ['createVolume', { snapshotid: 'x', account: 'eve', domainid: 'x' }, 'change/high'],
  ['updateDiskOffering', { cachemode: 'none' }, 'change/low'],
  ['updateDiskOffering', { cachemode: 'writeback' }, 'change/high'],
  ['updateNetworkOffering', { availability: 'Unavailable' }, 'change/high'],
  ['updateHost', { hosttags: '' }, 'change/high'],
  ['updateAccount', { newname: 'x' }, 'change/high'],
  ['updateOauthProvider', { enabled: false }, 'destroy/high'],
  ['updateOauthProvider', { clientid: 'x' }, 'sensitive/high'],
  ['createBucket', { policy: 'Public' }, 'sensitive/high'],
  ['createBucket', { policy: ' PRIVATE' }, 'sensitive/medium'],
  ['updateBucket', { policy: 'private' }, 'change/high'],
  ['executeWebhookDelivery', { id: 'x' }, 'change/low'],
  ['executeWebhookDelivery', { webhookid: 'x', payload: '{}' }, 'change/high'],
])('%s with %j is %s', (command, params, expected) => {
  expect(riskOf(command, params)).toBe(expected);
});

test('what only the connected cloud knows is asked about', () => {
  const live = [
    { name: 'updateVolume', params: [{ name: 'id' }, { name: 'name' }, { name: 'wipedata' }, { name: 'description' }] },
    { name: 'listVolumes', params: [{ name: 'id' }, { name: 'fromhost' }, { name: 'networkid' }] },
  ];
  const { find } = joinCatalog(live);
  const [update, list] = [find('updateVolume')!, find('listVolumes')!];
  expect(effectiveRisk(update.command, update.risk, { name: 'x' }).risk.severity).toBe('medium');
  for (const name of ['wipedata', 'description'])
    expect(effectiveRisk(update.command, update.risk, { [name]: true }).risk).toMatchObject({ severity: 'high' });
  // A filter of a known kind only narrows what is shown.
  expect(effectiveRisk(list.command, list.risk, { networkid: 'x' }).risk.risk).toBe('read');
  expect(effectiveRisk(list.command, list.risk, { fromhost: 'x' }).risk).toMatchObject({
    risk: 'sensitive',
    severity: 'high',
  });
});

test('a second reader has said of every command what the worst is, and why calls of it run unasked', () => {
  const { reasons, commands } = loadData<RiskReview>('risk-review.json');
  const names = new Set(tools.map(({ command }) => command.name));
  expect(Object.keys(commands).filter((name) => !names.has(name))).toEqual([]);
  const problems = changing.flatMap((tool) => {
    const { worst = '', unasked } = commands[tool.command.name] ?? {};
    const { name } = tool.command;
    // A command that always asks names its worst in its warning; of the others a reader has said it.
    const namesWorst = /^[A-Z].{18,158}\.$/.test(isGrave(tool.risk) ? worst || tool.risk.warning : worst);
    const isAnswered = Object.keys(reasons).includes(unasked ?? '') === !isAlwaysAsked(tool);
    return [
      ...(namesWorst ? [] : [`${name}: say the worst that it can do, in a sentence, in data/risk-review.json`]),
      ...(isAnswered
        ? []
        : [`${name}: unasked is ${unasked}; give a reason of data/risk-review.json, none if it always asks`]),
    ];
  });
  expect(problems).toEqual([]);
  const given = Object.values(commands).map(({ unasked }) => unasked);
  expect(Object.keys(reasons).filter((reason) => !given.includes(reason))).toEqual([]);
});

test('no sentence of the second reader fits everything', () => {
  const { reasons, commands } = loadData<RiskReview>('risk-review.json');
  const times = new Map<string, number>();
  for (const { worst } of Object.values(commands)) times.set(worst, (times.get(worst) ?? 0) + 1);
  expect([...times].filter(([, count]) => count > 3)).toEqual([]);
  for (const reason of Object.values(reasons)) expect(reason).toMatch(/^[A-Z].{15,118}\.$/);
});
