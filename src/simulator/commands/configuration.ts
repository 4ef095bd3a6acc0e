import type { Command, CommandsFile, Field } from '../../catalog/types.ts';
import { loadData } from '../../data.ts';
import { listKind, listRows, testsOf } from '../engine/list.ts';
import { checkSetting } from '../engine/refused-values.ts';
import { loadInstallation } from '../engine/installation.ts';
import { needRow, rowArg, text, textArg } from '../rules/args.ts';
import type { Behaviour, Behaviours, Call } from '../rules/call.ts';
import { isOffered, isPermitted } from '../rules/permit.ts';
import { list, object } from '../rules/results.ts';
import { ApiError, badValue } from '../world/errors.ts';
import { kindOf } from '../world/kinds.ts';
import { findSetting, isOn, numberSetting, settingOf } from '../world/settings.ts';
import type { Fields, Resource, Value } from '../world/types.ts';
import type { ReleaseCatalog } from '../world/catalog.ts';

const words = (name: string): string => name.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();

const describeField = (catalog: ReleaseCatalog, field: Field, depth: number): Fields => {
  const nested = field.ref === undefined || depth > 2 ? [] : [...catalog.fields(field.ref).values()];
  return {
    name: field.name,
    description: words(field.name),
    type: field.list ? 'set' : field.type,
    ...(nested.length > 0 ? { response: nested.map((inner) => describeField(catalog, inner, depth + 1)) } : {}),
  };
};

const relatives = new WeakMap<ReleaseCatalog, Map<string, string[]>>();

const relatedTo = (catalog: ReleaseCatalog, kind: string): string[] => {
  let known = relatives.get(catalog);
  if (!known) {
    known = new Map();
    for (const command of catalog.commands.values()) {
      if (command.result !== 'list' && command.result !== 'object') continue;
      const made = kindOf(command);
      known.set(made, [...(known.get(made) ?? []), command.name]);
    }
    relatives.set(catalog, known);
  }
  return known.get(kind) ?? [];
};

// CloudStack writes a moment's job into the response type of every command.
const jobFields: Fields[] = [
  { name: 'jobid', description: 'id of the job that works on it', type: 'string' },
  { name: 'jobstatus', description: 'status of that job', type: 'integer' },
];

/** The release that brought something, where it is not as old as the catalog. */
const sinceOf = (releases: string | undefined): Fields => {
  const [first = ''] = (releases ?? '').split('-');
  return first === '' || first === loadData<CommandsFile>('commands.json').releases[0] ? {} : { since: first };
};

const hasRequestType = (catalog: ReleaseCatalog): boolean => {
  const field = catalog.fields('ApiDiscovery').get('httprequesttype');
  return field !== undefined && catalog.hasField(field);
};

const takesGet = ({ name, get }: Command): boolean => get === true || /^(get|list|query|find)\w+$/i.test(name);

const describe = (catalog: ReleaseCatalog, command: Command, root: boolean): Fields => ({
  name: command.name,
  description: `${words(command.name)} (simulated)`,
  isasync: command.async === true,
  ...(hasRequestType(catalog) ? { httprequesttype: takesGet(command) ? 'GET' : 'POST' } : {}),
  ...sinceOf(command.releases),
  related: relatedTo(catalog, kindOf(command))
    .filter((name) => name !== command.name)
    .join(','),
  params: command.params
    .filter(({ admin }) => root || !admin)
    .map((parameter): Fields => ({
      name: parameter.name,
      description: words(parameter.name),
      type: parameter.type,
      length: parameter.length ?? 255,
      required: parameter.required === true,
      ...sinceOf(parameter.releases),
      ...(parameter.kind === undefined ? {} : { related: relatedTo(catalog, parameter.kind).join(',') }),
    })),
  response: [
    ...[...catalog.fields(command.response).values()].map((field): Value => describeField(catalog, field, 0)),
    ...jobFields,
    {},
  ],
});

const described = new WeakMap<ReleaseCatalog, Map<string, Fields>>();

/** The description of a command, made once for all worlds of its release, as CloudStack makes it once at its start. */
const descriptionOf = (catalog: ReleaseCatalog, command: Command, root: boolean): Fields => {
  let known = described.get(catalog);
  if (!known) described.set(catalog, (known = new Map<string, Fields>()));
  const key = `${root ? '+' : '-'}${command.name}`;
  const description = known.get(key) ?? Object.freeze(describe(catalog, command, root));
  known.set(key, description);
  return description;
};

/** What the caller may use, straight from the catalog. */
const listApis: Behaviour = (call) => {
  const { world, caller } = call;
  const name = textArg(call, 'name');
  const found = [...world.catalog.commands.values()].filter(
    (command) =>
      (name === undefined || command.name === name) && isOffered(world, command) && isPermitted(world, caller, command),
  );
  if (found.length === 0)
    throw new ApiError(530, 'Api Discovery plugin was unable to find an api by that name or process any apis', 9999);
  return list(found.map((command) => descriptionOf(world.catalog, command, caller.root)));
};

const settingScopes: Record<string, string> = {
  zoneid: 'Zone',
  clusterid: 'Cluster',
  storageid: 'StoragePool',
  imagestoreuuid: 'ImageStore',
  imagestoreid: 'ImageStore',
  accountid: 'Account',
  domainid: 'Domain',
};

const scopeOf = (call: Call): Resource | undefined => {
  const given = Object.keys(settingScopes).flatMap((name) => rowArg(call, name) ?? []);
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
  const row =
    findSetting(call.world, name) ??
    call.world.all('Configuration').find((one) => text(one, 'name').toLowerCase() === name.toLowerCase());
  if (!row) throw badValue(`Config parameter with name ${name} doesn't exist`);
  return row;
};

/** Refuses a value that is not of the setting's type (ConfigurationManagerImpl.validateConfigurationValue). */
const checkType = (row: Resource, value: string): void => {
  const [name, type] = [text(row, 'name'), text(row, 'type')];
  if (type === 'Number' && (value === '' || Number.isNaN(Number(value)))) {
    const kind = text(row, 'defaultvalue').includes('.') ? 'float' : 'integer';
    throw badValue(
      `There was error in trying to parse value: ${value}. Please enter a valid ${kind} value for parameter ${name}`,
    );
  }
  if (type === 'Boolean' && !/^(true|false)$/.test(value)) throw badValue(`Please enter either 'true' or 'false'.`);
};

/** Whether a setting can have a value of its own for a resource. */
const isSetFor = (row: Resource, scope: Resource): boolean => {
  const { scopes } = row.hidden;
  return Array.isArray(scopes) && scopes.includes(scope.kind);
};

const setValue = (call: Call, value: string | undefined): ReturnType<Behaviour> => {
  const { world } = call;
  const row = settingNamed(call);
  const scope = scopeOf(call);
  if (scope && !isSetFor(row, scope))
    throw badValue(`Invalid scope id provided for the parameter ${text(row, 'name')}`);
  // The database finds a name in any letter case, what knows its type does not: then any value is taken.
  if (value !== undefined && textArg(call, 'name') === text(row, 'name')) {
    checkType(row, value);
    checkSetting(text(row, 'name'), value, !['Boolean', 'Number'].includes(text(row, 'type')));
  }
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
  for (const field of Object.keys(settingScopes)) delete args[field];
  const result = listRows(call, 'Configuration', call.world.all('Configuration'), [
    ...testsOf({ ...call, args }, 'Configuration'),
    (row) => wanted === undefined || text(row, 'name').toLowerCase().includes(wanted),
    ({ fields }) => fields['category'] !== 'Hidden',
    (row) => scope === undefined || isSetFor(row, scope),
  ]);
  if (result.form !== 'list' || !scope) return result;
  return { ...result, items: result.items.map((item) => scoped(call, item as Resource, scope)) };
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
    additionalconfigenabled: isOn(world, 'enable.additional.vm.configuration'),
    dynamicscalingenabled: isOn(world, 'enable.dynamic.scale.vm'),
    extensionspath: '/usr/share/cloudstack-management/extensions',
    instanceleaseenabled: isOn(world, 'instance.lease.enabled'),
    sharedfsvmmincpucount: 2,
    sharedfsvmminramsize: 1024,
  });

/** Settings, capabilities and themes. */
export const configuration: Behaviours = {
  listApis,
  listConfigurations: listSettings,
  updateConfiguration: (call) => {
    const value = textArg(call, 'value')?.trim();
    // Without a value nothing is changed (ConfigurationManagerImpl.updateConfiguration).
    return value === undefined ? object(scoped(call, settingNamed(call), scopeOf(call))) : setValue(call, value);
  },
  resetConfiguration: (call) => setValue(call, undefined),
  listConfigurationGroups: (call) => {
    const groups = new Map<string, Set<string>>();
    const wanted = textArg(call, 'group')?.toLowerCase();
    for (const row of call.world.all('Configuration'))
      if ((wanted ?? text(row, 'group').toLowerCase()) === text(row, 'group').toLowerCase())
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
  getCloudIdentifier: (call) =>
    object({
      userid: needRow(call, 'userid').id,
      cloudidentifier: '00000000-0000-4000-8000-000000000000',
      signature: call.world.random.key(27),
    }),
  listHypervisors: (call) => listKind(call, 'Hypervisor'),
  listDeploymentPlanners: () => list(loadInstallation().deploymentPlanners.map((name) => ({ name }))),
};
