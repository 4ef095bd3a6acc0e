import { list, object, success } from '../engine/results.ts';
import { isWithin } from '../rules/access.ts';
import { needRow, rowArg, text, textArg } from '../engine/args.ts';
import { badValue, forbidden, unknownId } from '../world/errors.ts';
import { listKind, listRows, testsOf } from '../engine/list.ts';
import { findSetting, isOn, numberSetting, settingOf } from '../world/settings.ts';
import type { Behaviour, Call, Fields, Resource } from '../world/types.ts';

const query: Behaviour = (call) => {
  const { world, caller } = call;
  const id = textArg(call, 'jobid') ?? '';
  const job = world.find('AsyncJob', id);
  if (!job) throw unknownId(call.command.name, 'jobid', id);
  const owner = world.get(job.owner ?? '');
  const mine =
    job.owner === caller.account.id ||
    (caller.role !== 'User' && isWithin(world, text(owner, 'domainid'), caller.domain.id));
  if (!caller.root && !mine) throw forbidden();
  return object(job);
};

const SCOPES: Record<string, string> = {
  zoneid: 'Zone',
  clusterid: 'Cluster',
  storageid: 'StoragePool',
  imagestoreuuid: 'ImageStore',
  imagestoreid: 'ImageStore',
  accountid: 'Account',
  domainid: 'Domain',
};

const scopeOf = (call: Call): Resource | undefined => {
  const given = Object.keys(SCOPES).flatMap((name) => rowArg(call, name) ?? []);
  if (given.length > 1) throw badValue('cannot handle multiple IDs, provide only one ID corresponding to the scope');
  return given[0];
};

// A scoped value overrides the global one and is shown in its place.
const scoped = (call: Call, row: Resource, scope: Resource | undefined): Fields => {
  const value =
    scope &&
    [...call.world.where('ScopedSetting', 'scopeid', scope.id)].find(
      ({ fields }) => fields['name'] === row.fields['name'],
    );
  return {
    ...row.fields,
    ...(value ? { value: value.fields['value'] } : {}),
    ...(scope ? { scope: scope.kind.toLowerCase() } : {}),
  };
};

const settingNamed = (call: Call): Resource => {
  const name = textArg(call, 'name') ?? '';
  const row = findSetting(call.world, name);
  if (!row) throw badValue(`Config parameter with name ${name} doesn't exist`);
  return row;
};

const setValue = (call: Call, value: string | undefined): ReturnType<Behaviour> => {
  const { world } = call;
  const row = settingNamed(call);
  const scope = scopeOf(call);
  const type = text(row, 'type');
  if (value !== undefined && type === 'Number' && Number.isNaN(Number(value)))
    throw badValue(
      `There was an error trying to parse the integer value for configuration parameter: ${text(row, 'name')}`,
    );
  if (value !== undefined && type === 'Boolean' && !/^(true|false)$/.test(value))
    throw badValue(`Please enter either 'true' or 'false'.`);
  if (!scope) world.update(row, { value: value ?? row.fields['defaultvalue'] });
  else {
    const old = [...world.where('ScopedSetting', 'scopeid', scope.id)].find(
      ({ fields }) => fields['name'] === row.fields['name'],
    );
    if (old) world.remove(old);
    if (value !== undefined) world.insert('ScopedSetting', { scopeid: scope.id, name: row.fields['name'], value });
  }
  return object(scoped(call, row, scope));
};

const listSettings: Behaviour = (call) => {
  const scope = scopeOf(call);
  const wanted = textArg(call, 'name')?.toLowerCase();
  const { name: _, ...args } = call.args;
  for (const field of Object.keys(SCOPES)) delete args[field];
  const kind = scope?.kind;
  const answer = listRows(call, 'Configuration', call.world.all('Configuration'), [
    ...testsOf({ ...call, args }, 'Configuration'),
    (row) => wanted === undefined || text(row, 'name').includes(wanted),
    ({ fields }) => fields['category'] !== 'Hidden',
    (row) => kind === undefined || text(row, 'scope').toLowerCase() === kind.toLowerCase(),
  ]);
  if (answer.form !== 'list' || !scope) return answer;
  return { ...answer, items: answer.items.map((item) => scoped(call, item as Resource, scope)) };
};

const capabilities: Behaviour = ({ world }) =>
  object({
    securitygroupsenabled: world.all('Zone').some(({ fields }) => fields['securitygroupsenabled'] === true),
    dynamicrolesenabled: true,
    cloudstackversion: `${world.catalog.release}.0`,
    userpublictemplateenabled: true,
    supportELB: 'false',
    projectinviterequired: isOn(world, 'project.invite.required'),
    allowusercreateprojects: isOn(world, 'allow.user.create.projects'),
    customdiskofferingminsize: numberSetting(world, 'custom.diskoffering.size.min', 1),
    customdiskofferingmaxsize: numberSetting(world, 'custom.diskoffering.size.max', 1024),
    regionsecondaryenabled: false,
    kvmsnapshotenabled: true,
    allowuserviewdestroyedvm: isOn(world, 'allow.user.view.destroyed.vm'),
    allowuserexpungerecovervm: isOn(world, 'allow.user.expunge.recover.vm'),
    allowuserexpungerecovervolume: isOn(world, 'allow.user.expunge.recover.volume'),
    allowuserviewalldomainaccounts: isOn(world, 'allow.user.view.all.domain.accounts'),
    allowuserforcestopvm: isOn(world, 'allow.user.force.stop.vm'),
    kubernetesserviceenabled: isOn(world, 'cloud.kubernetes.service.enabled'),
    kubernetesclusterexperimentalfeaturesenabled: false,
    customhypervisordisplayname: settingOf(world, 'hypervisor.custom.display.name'),
    defaultuipagesize: numberSetting(world, 'default.ui.page.size', 20),
    ...(isOn(world, 'api.throttling.enabled')
      ? {
          apilimitinterval: numberSetting(world, 'api.throttling.interval', 1),
          apilimitmax: numberSetting(world, 'api.throttling.max', 25),
        }
      : {}),
    instancesstatsretentiontime: 720,
    instancesstatsuseronly: false,
    instancesdisksstatsretentionenabled: false,
    instancesdisksstatsretentiontime: 720,
    sharedfsvmmincpucount: 2,
    sharedfsvmminramsize: 1024,
  });

/** Jobs, settings, limits, events, alerts and what the cloud says of itself. */
export const bookkeeping: Record<string, Behaviour> = {
  queryAsyncJobResult: query,
  listAsyncJobs: (call) => listKind(call, 'AsyncJob'),
  listConfigurations: listSettings,
  updateConfiguration: (call) => setValue(call, textArg(call, 'value') ?? ''),
  resetConfiguration: (call) => setValue(call, undefined),
  listConfigurationGroups: (call) => {
    const groups = new Map<string, Set<string>>();
    for (const row of call.world.all('Configuration'))
      groups.set(text(row, 'group'), (groups.get(text(row, 'group')) ?? new Set()).add(text(row, 'subgroup')));
    return list(
      [...groups].map(([name, subgroups]) => ({
        name,
        description: name,
        precedence: 1,
        subgroup: [...subgroups].map((subgroup) => ({ name: subgroup, precedence: 1 })),
      })),
    );
  },
  listCapabilities: capabilities,
  getApiLimit: (call) =>
    object({
      accountid: call.caller.account.id,
      account: call.caller.account.fields['name'],
      apiIssued: 0,
      apiAllowed: numberSetting(call.world, 'api.throttling.max', 25),
      expireAfter: numberSetting(call.world, 'api.throttling.interval', 1) * 1000,
    }),
  resetApiLimit: () => success(),
  getCloudIdentifier: (call) =>
    object({
      userid: needRow(call, 'userid').id,
      cloudidentifier: '00000000-0000-4000-8000-000000000000',
      signature: call.world.random.key(27),
    }),
};
