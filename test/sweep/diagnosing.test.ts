import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Fields, Resource } from '../../src/simulator/world/types.ts';
import { openDiagnosis, type Diagnosis } from './diagnosed.ts';

// Faults are put into the simulator's world, one a row; one call says which it is.

/** Of all faults so many must be named. */
const minNamed = 28;

let here: Diagnosis;

beforeAll(async () => {
  here = await openDiagnosis();
});
afterAll(() => here.close());
beforeEach(() => here.cloud.renew());

const all = (kind: string): readonly Resource[] => here.cloud.simulator.world.all(kind);
const named = (kind: string, name: string): Resource => {
  const found = all(kind).find(({ fields }) => fields['name'] === name);
  if (!found) throw new Error(`no ${kind} ${name}`);
  return found;
};
const of = (kind: string, field: string, value: unknown): Resource[] =>
  all(kind).filter(({ fields }) => fields[field] === value);
const set = (resource: Resource, patch: Fields): void => {
  here.cloud.simulator.world.update(resource, patch);
};
const drop = (resources: readonly Resource[]): void => {
  for (const one of resources) here.cloud.simulator.world.remove(one);
};
const vm = (): Resource => named('UserVm', 'web-1');
const hostOf = (machine: Resource): Resource => here.cloud.simulator.world.get(String(machine.fields['hostid']))!;
const networkOf = (machine: Resource): Resource =>
  here.cloud.simulator.world.get(String(of('Nic', 'virtualmachineid', machine.id)[0]!.fields['networkid']))!;
const routerOf = (machine: Resource): Resource => of('DomainRouter', 'guestnetworkid', networkOf(machine).id)[0]!;
const address = (): Resource => {
  const [rule] = of('PortForwardingRule', 'virtualmachineid', vm().id);
  return here.cloud.simulator.world.get(String(rule!.fields['ipaddressid']))!;
};
const rootOf = (machine: Resource): Resource =>
  of('Volume', 'virtualmachineid', machine.id).find(({ fields }) => fields['type'] === 'ROOT')!;
const poolOf = (machine: Resource): Resource =>
  here.cloud.simulator.world.get(String(rootOf(machine).fields['storageid']))!;
const template = (): Resource => named('Template', 'Debian 12');
const zone = (): Resource => named('Zone', 'Frankfurt');
const secondaryVm = (): Resource => of('SystemVm', 'systemvmtype', 'secondarystoragevm')[0]!;
const spare = (): Resource => named('Volume', 'spare');

interface Fault {
  /** What is done to the world; gives what is asked about. */
  make: () => Resource;
  kind: string;
  question: string;
  /** What the verdict must say. */
  cause: RegExp;
}

const fault = (kind: string, question: string, cause: RegExp, make: () => Resource): Fault => ({
  kind,
  question,
  cause,
  make,
});

/** Changes a resource and asks about it, or about another one. */
const changed = (resource: Resource, patch: Fields, about = resource): Resource => {
  set(resource, patch);
  return about;
};

const faults: Record<string, Fault> = {
  'a stopped machine': fault('machine', 'cannot be reached', /is Stopped/, () =>
    changed(vm(), { state: 'Stopped', hostid: undefined }),
  ),
  'a machine in error': fault('machine', 'will not start', /state Error/, () =>
    changed(vm(), { state: 'Error', hostid: undefined }),
  ),
  'a destroyed machine': fault('vm', 'is gone', /destroyed/, () =>
    changed(vm(), { state: 'Destroyed', hostid: undefined }),
  ),
  'its host is down': fault('machine', 'no ping', /host .* is Down/, () =>
    changed(hostOf(vm()), { state: 'Down' }, vm()),
  ),
  'its host is disconnected': fault('machine', 'ssh times out', /host .* is Disconnected/, () =>
    changed(hostOf(vm()), { state: 'Disconnected' }, vm()),
  ),
  'its router is stopped': fault('machine', 'cannot reach it', /router .* is Stopped/, () =>
    changed(routerOf(vm()), { state: 'Stopped', hostid: undefined }, vm()),
  ),
  'no forwarding of the port': fault('machine', 'port 8443 is closed', /no port forwarding/, () => vm()),
  'no firewall rule for a forwarded port': fault('machine', 'port 2222 does not answer', /firewall/, () => {
    const about = vm();
    drop(of('Firewall', 'ipaddressid', address().id));
    return about;
  }),
  'an offering with a tag that no host has': fault('machine', 'will not start', /host tag/, () => {
    const about = vm();
    set(about, { state: 'Stopped', hostid: undefined });
    set(here.cloud.simulator.world.get(String(about.fields['serviceofferingid']))!, { hosttags: 'gpu-a100' });
    return about;
  }),
  'no host has room': fault('machine', 'will not start', /no host .* memory/i, () => {
    const about = vm();
    set(about, { state: 'Stopped', hostid: undefined });
    for (const one of all('Host')) set(one, { memorytotal: 1024 * 1024 });
    return about;
  }),
  'no other host is enabled': fault('machine', 'will not migrate', /no other host/i, () => {
    const about = vm();
    for (const one of all('Host')) if (one.id !== about.fields['hostid']) set(one, { resourcestate: 'Disabled' });
    return about;
  }),
  'its primary storage is in maintenance': fault('machine', 'will not start', /storage .* Maintenance/, () => {
    const about = vm();
    set(poolOf(about), { state: 'Maintenance' });
    return changed(about, { state: 'Stopped', hostid: undefined });
  }),
  'no egress rule': fault('network', 'no internet', /egress/, () => {
    const about = networkOf(vm());
    set(about, { egressdefaultpolicy: false });
    drop(of('EgressFirewall', 'networkid', about.id));
    return about;
  }),
  'a network whose router is stopped': fault('network', 'no internet', /router .* is Stopped/, () =>
    changed(routerOf(vm()), { state: 'Stopped' }, networkOf(vm())),
  ),
  'a network without a router': fault('network', 'no internet', /no router/, () => {
    const about = networkOf(vm());
    drop(of('DomainRouter', 'guestnetworkid', about.id));
    return about;
  }),
  'an address without rules': fault('address', 'port 443 should be open', /no rule/, () => {
    const about = address();
    for (const kind of ['PortForwardingRule', 'Firewall']) drop(of(kind, 'ipaddressid', about.id));
    drop(of('LoadBalancer', 'publicipid', about.id));
    return about;
  }),
  'an address whose firewall lacks the port': fault('address', 'port 2222 is closed', /firewall/, () => {
    const about = address();
    drop(of('Firewall', 'ipaddressid', about.id).filter(({ fields }) => Number(fields['startport']) >= 22));
    return about;
  }),
  'the machine behind an address is stopped': fault('public ip', 'port 2222 is closed', /web-1.* is Stopped/, () =>
    changed(vm(), { state: 'Stopped', hostid: undefined }, address()),
  ),
  'a volume that a machine uses': fault('volume', 'cannot be deleted', /attached to/, () =>
    of('Volume', 'type', 'DATADISK').find(({ fields }) => fields['virtualmachineid'] !== undefined)!,
  ),
  'a root disk': fault('volume', 'cannot be detached', /root disk/, () => rootOf(vm())),
  'a volume that is copied': fault('volume', 'cannot be attached', /state is Migrating/, () =>
    changed(spare(), { state: 'Migrating' }),
  ),
  'a volume whose machine has a VM snapshot': fault('volume', 'cannot be detached', /VM snapshot/, () => {
    const [snapshot] = all('VMSnapshot');
    const about = of('Volume', 'type', 'DATADISK')[0]!;
    set(snapshot!, { virtualmachineid: about.fields['virtualmachineid'] ?? vm().id });
    return changed(about, { virtualmachineid: snapshot!.fields['virtualmachineid'] });
  }),
  'a template whose download failed': fault('template', 'is not ready', /its download failed/, () =>
    changed(template(), {
      isready: false,
      status: 'Connection refused',
      downloaddetails: [{ datastore: 'frankfurt-secondary', downloadPercent: '0', downloadState: 'DOWNLOAD_ERROR' }],
    }),
  ),
  'a template without a secondary storage VM': fault('template', 'is not ready', /secondary storage VM/, () => {
    for (const one of of('SystemVm', 'systemvmtype', 'secondarystoragevm'))
      set(one, { state: 'Stopped', agentstate: 'Down' });
    return changed(template(), { isready: false, status: '' });
  }),
  'a job that failed': fault('job', 'what happened', /failed/, () =>
    changed(all('AsyncJob')[0]!, {
      jobstatus: 2,
      jobresultcode: 530,
      jobresult: { errorcode: 530, errortext: 'Insufficient capacity' },
    }),
  ),
  'a host in maintenance that failed': fault('host', 'does not empty', /ErrorInMaintenance/, () =>
    changed(hostOf(vm()), { resourcestate: 'ErrorInMaintenance' }),
  ),
  'a host without another one in its cluster': fault('host', 'does not empty', /no other host/i, () => {
    const about = hostOf(vm());
    for (const one of of('Host', 'clusterid', about.fields['clusterid']))
      if (one.id !== about.id) set(one, { resourcestate: 'Maintenance' });
    return changed(about, { resourcestate: 'PrepareForMaintenance' });
  }),
  'a host that is disabled': fault('host', 'takes no machines', /it is Disabled/, () =>
    changed(hostOf(vm()), { resourcestate: 'Disabled' }),
  ),
  'a host whose cluster is disabled': fault('host', 'takes no machines', /its cluster .* is Disabled/, () => {
    const about = hostOf(vm());
    set(here.cloud.simulator.world.get(String(about.fields['clusterid']))!, { allocationstate: 'Disabled' });
    return about;
  }),
  'two primary routers': fault('router', 'is unwell', /both the primary one/, () => {
    const about = routerOf(vm());
    const twin = { isredundantrouter: true, redundantstate: 'PRIMARY' };
    set(about, twin);
    here.cloud.simulator.world.insert(
      'DomainRouter',
      { ...about.fields, ...twin, name: 'r-99-VM' },
      { owner: about.owner },
    );
    return about;
  }),
  'a router whose host is down': fault('router', 'does not answer', /host .* is Down/, () => {
    const about = routerOf(vm());
    return changed(hostOf(about), { state: 'Down' }, about);
  }),
  'a firewall that lets in one network only': fault('machine', 'port 2222 times out', /lets in only 192.0.2.0/, () => {
    for (const rule of of('Firewall', 'ipaddressid', address().id)) set(rule, { cidrlist: '192.0.2.0/24' });
    return vm();
  }),
  'a network that is shut down': fault('network', 'no internet', /Shutdown/, () =>
    changed(networkOf(vm()), { state: 'Shutdown' }),
  ),
  'secondary storage that is read only': fault('template', 'is not ready', /read.only/i, () => {
    for (const store of all('ImageStore')) set(store, { readonly: true });
    return changed(template(), { isready: false, status: '' });
  }),
  'a router that must be upgraded': fault('router', 'is unwell', /upgrade/, () =>
    changed(routerOf(vm()), { requiresupgrade: true }),
  ),
  'a router with failed health checks': fault('router', 'is unwell', /health check/, () =>
    changed(routerOf(vm()), { healthchecksfailed: true }),
  ),
  'a system VM whose agent is down': fault('system-vm', 'is unwell', /agent .* Down/, () =>
    changed(secondaryVm(), { agentstate: 'Down' }),
  ),
  'a disabled zone': fault('zone', 'nothing can be made', /Disabled/, () =>
    changed(zone(), { allocationstate: 'Disabled' }),
  ),
  'a zone without memory': fault('zone', 'is full', /MEMORY/, () => {
    for (const one of of('Host', 'zoneid', zone().id)) set(one, { memorytotal: 2 * 1024 ** 3 });
    return zone();
  }),
  'an account at its limit': fault('account', 'cannot make machines', /virtual machines/, () => {
    const about = named('Account', 'bob');
    set(about, {});
    for (const machine of all('UserVm')
      .filter(({ owner }) => owner === about.id)
      .slice(0, 1))
      for (let at = 0; at < 20; at++)
        here.cloud.simulator.world.insert('UserVm', { ...machine.fields, name: `more-${at}` }, { owner: about.id });
    return about;
  }),
  'a locked account': fault('account', 'cannot log in', /locked/, () =>
    changed(named('Account', 'bob'), { state: 'locked' }),
  ),
};

test('one call names the cause, briefly, with few reads and nothing else', async () => {
  const missed: string[] = [];
  for (const [name, { kind, question, cause, make }] of Object.entries(faults)) {
    here.cloud.renew();
    const { text, verdict } = await here.diagnosed(kind, make().id, question);
    if (!cause.test(verdict)) missed.push(`${name}: ${text}`);
  }
  expect(Object.keys(faults).length).toBeGreaterThanOrEqual(30);
  expect(missed.join('\n\n')).toBe('');
  expect(Object.keys(faults).length - missed.length).toBeGreaterThanOrEqual(minNamed);
});
