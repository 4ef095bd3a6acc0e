import { list, object, success, work } from '../answers.ts';
import { isWithin } from '../access.ts';
import { flagArg, needRow, numberArg, rowArg, text, textArg } from '../args.ts';
import { insertKind } from '../birth.ts';
import { parseDate } from '../clock.ts';
import { badValue, forbidden, unknownId } from '../errors.ts';
import { countFor, limitOf, RESOURCE_TYPES } from '../limits.ts';
import { listKind, listRows, testsOf } from '../list.ts';
import { checkDomain, findAccount } from '../scope.ts';
import { findSetting, isOn, numberSetting, settingOf } from '../settings.ts';
import type { Behaviour, Call, Fields, Row } from '../types.ts';

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

const scopeOf = (call: Call): Row | undefined => {
  const given = Object.keys(SCOPES).flatMap((name) => rowArg(call, name) ?? []);
  if (given.length > 1) throw badValue('cannot handle multiple IDs, provide only one ID corresponding to the scope');
  return given[0];
};

// A scoped value overrides the global one and is shown in its place.
const scoped = (call: Call, row: Row, scope: Row | undefined): Fields => {
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

const settingNamed = (call: Call): Row => {
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
  return { ...answer, items: answer.items.map((item) => scoped(call, item as Row, scope)) };
};

const holderOf = (call: Call): Row => {
  const { world, caller } = call;
  const project = rowArg(call, 'projectid');
  if (project) return world.all('Account').find(({ hidden }) => hidden['projectid'] === project.id) ?? caller.account;
  const domain = rowArg(call, 'domainid');
  const name = textArg(call, 'account');
  if (domain) checkDomain(world, caller, domain.id);
  if (name !== undefined) {
    const account = findAccount(world, name, domain?.id ?? caller.domain.id);
    if (!account) throw badValue(`could not find account ${name} in domain ${domain?.id ?? caller.domain.id}`);
    return account;
  }
  return domain ?? caller.account;
};

const limitFields = (call: Call, holder: Row, type: (typeof RESOURCE_TYPES)[number]): Fields => {
  const { world } = call;
  const domain = holder.kind === 'Domain' ? holder : world.get(text(holder, 'domainid'));
  return {
    ...(holder.kind === 'Account'
      ? holder.hidden['projectid'] === undefined
        ? { account: holder.fields['name'] }
        : { projectid: holder.hidden['projectid'] }
      : {}),
    domainid: domain?.id,
    domain: domain?.fields['name'],
    domainpath: domain?.fields['path'],
    resourcetype: String(type.type),
    resourcetypename: type.name,
    max: limitOf(world, holder, type.name),
  };
};

const typeArg = (call: Call): (typeof RESOURCE_TYPES)[number] | undefined => {
  const number = numberArg(call, 'resourcetype');
  const name = textArg(call, 'resourcetypename');
  const found = RESOURCE_TYPES.find((each) => (number === undefined ? each.name === name : each.type === number));
  if (!found && (number !== undefined || name !== undefined)) throw badValue(`Please specify a valid resource type.`);
  return found;
};

const listLimits: Behaviour = (call) => {
  const type = typeArg(call);
  const holder = holderOf(call);
  const rows = RESOURCE_TYPES.filter((each) => type === undefined || each === type).map((each) =>
    limitFields(call, holder, each),
  );
  return list(rows);
};

const setLimit: Behaviour = (call) => {
  const { world, caller } = call;
  if (caller.role === 'User') throw forbidden();
  const type = typeArg(call);
  const holder = holderOf(call);
  const max = numberArg(call, 'max') ?? -1;
  if (!type) throw badValue('Please specify a valid resource type.');
  if (holder.kind === 'Account' && holder.fields['accounttype'] === 1 && max !== -1)
    throw badValue('Only -1 limit is supported for Root Admin accounts');
  const old = [...world.where('ResourceLimit', 'holder', holder.id)].find(
    ({ fields }) => fields['resourcetype'] === String(type.type),
  );
  if (old) world.remove(old);
  world.insert('ResourceLimit', {
    holder: holder.id,
    resourcetype: String(type.type),
    resourcetypename: type.name,
    max,
  });
  return object(limitFields(call, holder, type));
};

const recount: Behaviour = (call) => {
  const { world } = call;
  const type = typeArg(call);
  const holder = holderOf(call);
  const owners = new Set(
    holder.kind === 'Account'
      ? [holder.id]
      : world
          .all('Account')
          .filter(({ fields }) => isWithin(world, String(fields['domainid']), holder.id))
          .map(({ id }) => id),
  );
  const rows = RESOURCE_TYPES.filter((each) => type === undefined || each === type).map((each): Fields => {
    const { max: _, ...who } = limitFields(call, holder, each);
    return { ...who, resourcecount: countFor(world, each.name, owners) };
  });
  return list(rows);
};

const between = (call: Call, kind: string): Row[] => {
  const ids = call.rows.get('ids');
  const [from, to] = [parseDate(textArg(call, 'startdate') ?? ''), parseDate(textArg(call, 'enddate') ?? '', true)];
  const type = textArg(call, 'type');
  if (!ids && from === undefined && to === undefined && type === undefined)
    throw badValue('Either ids or type or enddate are needed');
  return (ids ?? [...call.world.all(kind)]).filter((row) => {
    const at = parseDate(text(row, kind === 'Alert' ? 'sent' : 'created')) ?? 0;
    return (
      (type === undefined || text(row, 'type') === type) &&
      (from === undefined || at >= from) &&
      (to === undefined || at <= to)
    );
  });
};

const dropAll =
  (kind: string): Behaviour =>
  (call) => {
    for (const row of between(call, kind)) call.world.remove(row);
    return success();
  };

const archive =
  (kind: string): Behaviour =>
  (call) => {
    for (const row of between(call, kind)) call.world.update(row, { archived: true });
    return success();
  };

const ALERTS =
  'MEMORY CPU STORAGE STORAGE.ALLOCATED NETWORK.PUBLICIP NETWORK.PRIVATEIP STORAGE.SECONDARY COMPUTE.HOST USERVM SERVICE.DOMAINROUTER SERVICE.CONSOLEPROXY NETWORK.ROUTING STORAGE.MISC USAGE MANAGEMENT USERVM.MIGRATE SERVICE.DOMAINROUTER.MIGRATE SERVICE.CONSOLEPROXY.MIGRATE NETWORK.VLAN SERVICE.SSVM USAGE.RESULT STORAGE.DELETE RESOURCE.COUNT USAGE.SANITY NETWORK.DIRECTPUBLICIP STORAGE.LOCAL RESOURCE.EXCEED TYPE.SYNC UPLOAD.FAILED OOBM.AUTHERROR HA.ACTION CA.CERT VM.SNAPSHOT'.split(
    ' ',
  );

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
  listResourceLimits: listLimits,
  updateResourceLimit: setLimit,
  updateResourceCount: recount,
  listCapabilities: capabilities,
  listEvents: (call) =>
    listKind(call, 'Event', [({ fields }) => flagArg(call, 'archived') || fields['archived'] !== true]),
  deleteEvents: dropAll('Event'),
  archiveEvents: archive('Event'),
  listEventTypes: ({ world }) =>
    list(
      [...new Set([...world.catalog.commands.values()].flatMap(({ event }) => event ?? []))]
        .sort()
        .map((name) => ({ name })),
    ),
  listAlerts: (call) => listKind(call, 'Alert', [({ fields }) => fields['archived'] !== true]),
  deleteAlerts: dropAll('Alert'),
  archiveAlerts: archive('Alert'),
  listAlertTypes: () => list(ALERTS.map((name, type) => ({ alerttypeid: type, name: `ALERT.${name}` }))),
  generateAlert: (call) => {
    const type = numberArg(call, 'type') ?? 0;
    const row = insertKind(call.world, 'Alert', {
      type,
      name: `ALERT.${ALERTS[type] ?? 'UNKNOWN'}`,
      description: textArg(call, 'description'),
      sent: call.world.now(),
    });
    return work(row, () => success());
  },
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
