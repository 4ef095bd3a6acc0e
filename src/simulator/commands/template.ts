import { statedFields } from '../engine/generic.ts';
import { listRows, type Test, testsOf } from '../engine/list.ts';
import { extractResource, uploadParameters } from '../engine/transfers.ts';
import { isWithin, projectsOf } from '../rules/access.ts';
import { flagArg, listArg, mapArg, needRow, rowArg, rowsArg, text, textArg } from '../rules/args.ts';
import type { Behaviour, Behaviours, Call, Result } from '../rules/call.ts';
import { gib } from '../rules/figures.ts';
import { checkLimit } from '../rules/limits.ts';
import { needLive } from '../rules/machines.ts';
import { ownerOf } from '../rules/owner.ts';
import { accountOfProject } from '../rules/projects.ts';
import { list, object, success, work } from '../rules/results.ts';
import { findAccount } from '../rules/scope.ts';
import { checkDownloadUrl, checkFileFormat } from '../rules/urls.ts';
import { badParameter, badValue } from '../world/errors.ts';
import { insertKind } from '../world/insert.ts';
import { isOn, settingIn } from '../world/settings.ts';
import type { Fields, Resource, Value } from '../world/types.ts';
import type { World } from '../world/world.ts';

const attachIso: Behaviour = (call) => {
  const vm = needRow(call, 'virtualmachineid');
  const iso = needRow(call, 'id');
  if (iso.fields['format'] !== 'ISO') throw badValue(`Unable to find an ISO with id ${iso.id}`);
  needLive(vm);
  return work(vm, () => {
    call.world.update(vm, { isoid: iso.id, isoname: iso.fields['name'], isodisplaytext: iso.fields['displaytext'] });
    return object(vm);
  });
};

const detachIso: Behaviour = (call) => {
  const vm = needRow(call, 'virtualmachineid');
  needLive(vm);
  if (vm.fields['isoid'] === undefined) throw badValue(`The specified VM has no ISO attached to it.`);
  return work(vm, () => {
    call.world.update(vm, { isoid: undefined, isoname: undefined, isodisplaytext: undefined });
    return object(vm);
  });
};

const zonesOf = (row: Resource): string[] =>
  Array.isArray(row.hidden['zones']) ? row.hidden['zones'].map(String) : [];

const isIso = (row: Resource): boolean => row.fields['format'] === 'ISO';

const shares = (row: Resource, call: Call): boolean => {
  const accounts = row.hidden['accounts'];
  return Array.isArray(accounts) && accounts.includes(call.caller.account.id);
};

const filterTest = (call: Call, filter: string): Test => {
  const { world, caller } = call;
  const mine = ({ owner }: Resource): boolean => owner === caller.account.id;
  const project = rowArg(call, 'projectid');
  const projects = projectsOf(world, caller);
  const inProject = ({ owner }: Resource): boolean => {
    const id = world.get(owner ?? '')?.hidden['projectid'];
    return typeof id === 'string' && (project ? id === project.id : projects.has(id));
  };
  // Public templates are seen in their owner's domain and below; elsewhere only if the setting says so.
  const visible = ({ owner }: Resource): boolean => {
    const theirs = text(world.get(owner ?? ''), 'domainid');
    return (
      caller.root ||
      isWithin(world, caller.domain.id, theirs) ||
      isOn(world, 'share.public.templates.with.other.domains')
    );
  };
  const shown: Record<string, Test> = {
    featured: (row) => row.fields['isfeatured'] === true && row.fields['ispublic'] === true && visible(row),
    community: (row) => row.fields['isfeatured'] !== true && row.fields['ispublic'] === true && visible(row),
    self: (row) => (project ? inProject(row) : mine(row)),
    selfexecutable: (row) => (project ? inProject(row) : mine(row)) && row.fields['isready'] === true,
    sharedexecutable: (row) => shares(row, call) && row.fields['isready'] === true,
    shared: (row) => shares(row, call),
    executable: (row) =>
      row.fields['isready'] === true &&
      (row.fields['ispublic'] === true || mine(row) || shares(row, call) || inProject(row)),
    all: () => true,
  };
  const test = shown[filter];
  if (!test) throw badValue(`Unable to parse template filter ${filter}`);
  if (filter === 'all' && caller.role === 'User') throw badValue('Filter all can be specified by admin only');
  return test;
};

/** A template is listed once for each zone that has it. */
const copies = (call: Call, rows: readonly Resource[], zone: Resource | undefined): Fields[] =>
  rows.flatMap((row): Fields[] =>
    zonesOf(row)
      .filter((id) => zone === undefined || id === zone.id)
      .map((zoneid) => asItem(row, zoneid)),
  );

// A row's stand-in for one zone: it shares the fields, so filters and rendering see it as the row.
const asItem = (row: Resource, zoneid: Value): Fields => ({ ...row, fields: { ...row.fields, zoneid } });

const listTemplates =
  (parameter: string, fallback: string | undefined, iso: boolean): Behaviour =>
  (call): Result => {
    const { world, args, rows } = call;
    const filter = (textArg(call, parameter) ?? fallback)?.toLowerCase();
    if (filter === undefined)
      throw badParameter(
        `Unable to execute API command ${call.command.name.toLowerCase()} due to missing parameter ${parameter}`,
      );
    const zone = rowArg(call, 'zoneid');
    const vnf = call.command.name === 'listVnfTemplates' || flagArg(call, 'isvnf');
    const filtered = filterTest(call, filter);
    const byId = rows.get('id') ?? rows.get('ids');
    const tests: Test[] = [
      (row) => isIso(row) === iso,
      (row) => !vnf || row.hidden['vnf'] === true,
      ...testsOf({ ...call, args: { ...args, zoneid: undefined } }, 'Template'),
    ];
    if (!(byId && call.caller.root)) tests.push(filtered);
    if (filter !== 'all' && !iso && !byId) tests.push(({ fields }) => fields['templatetype'] !== 'SYSTEM');
    const own = textArg(call, 'account');
    if (own !== undefined) {
      const account = findAccount(world, own, rowArg(call, 'domainid')?.id ?? call.caller.domain.id);
      tests.push(({ owner }) => owner === account?.id);
    }
    const found = (byId ?? world.all('Template')).filter(
      (row) => row.kind === 'Template' && row.removed === undefined && tests.every((test) => test(row)),
    );
    // Shown once, a template keeps its first zone (TemplateJoinDaoImpl).
    if (flagArg(call, 'showunique')) {
      const once = found.map((row) => copies(call, [row], zone)[0] ?? row);
      return listRows(call, 'Template', once as unknown as Resource[], []);
    }
    const spread = found.flatMap((row) =>
      iso && zonesOf(row).length === 0 ? [row] : (copies(call, [row], zone) as unknown as Resource[]),
    );
    return listRows(call, 'Template', spread, []);
  };

const copy: Behaviour = (call) => {
  const row = needRow(call, 'id');
  const zones = [...rowsArg(call, 'destzoneids'), ...rowsArg(call, 'destzoneid')];
  if (zones.length === 0) throw badValue('Either destzoneid or destzoneids parameters have to be specified.');
  const source = rowArg(call, 'sourcezoneid');
  if (source && zones.includes(source)) throw badValue('Please specify different source and destination zones.');
  return work(row, () => {
    call.world.hide(row, { zones: [...new Set([...zonesOf(row), ...zones.map(({ id }) => id)])] });
    return object(row);
  });
};

const remove: Behaviour = (call) => {
  const row = needRow(call, 'id');
  const zone = rowArg(call, 'zoneid');
  if (row.fields['templatetype'] === 'SYSTEM' && !flagArg(call, 'issystem'))
    throw badValue('Could not delete template as it is a SYSTEM template and isSystem is set to false.');
  const using = call.world
    .all('UserVm')
    .find(({ fields }) => fields['templateid'] === row.id || fields['isoid'] === row.id);
  if (using && !flagArg(call, 'forced'))
    throw badValue(
      `Unable to delete the ${isIso(row) ? 'ISO' : 'template'} because VM: [${String(using.fields['instancename'])}] are using it.`,
    );
  return work(row, () => {
    const left = zone ? zonesOf(row).filter((id) => id !== zone.id) : [];
    call.world.hide(row, { zones: left });
    if (left.length === 0) call.world.remove(row);
    return success();
  });
};

const update: Behaviour = (call) => {
  const row = needRow(call, 'id');
  const { id: _, details, cleanupdetails, ...fields } = statedFields(call, 'Template').fields;
  const system = fields['ostypeid'];
  // Machines that were made of it change with it (TemplateManagerImpl.updateTemplateOrIso).
  if (system !== undefined && system !== row.fields['ostypeid'])
    for (const vm of call.world.where('UserVm', 'templateid', row.id))
      call.world.update(vm, { guestosid: system, ostypeid: system });
  call.world.update(row, {
    ...fields,
    ...(cleanupdetails === true ? { details: {} } : details === undefined ? {} : { details: mapArg(call, 'details') }),
  });
  return object(row);
};

const accountIds = (call: Call): string[] => {
  const { world } = call;
  const owner = world.get(needRow(call, 'id').owner ?? '') ?? call.caller.account;
  const named = listArg(call, 'accounts').map((name) => {
    const account = findAccount(world, name, text(owner, 'domainid'));
    if (!account)
      throw badValue(
        `Unable to grant a launch permission to account ${name} in domain id=${text(owner, 'domainid')}, account not found.  No permissions updated, please verify the account names and retry.`,
      );
    return account.id;
  });
  const projects = rowsArg(call, 'projectids').flatMap(({ id }) => accountOfProject(world, id)?.id ?? []);
  return [...named, ...projects];
};

const permit: Behaviour = (call) => {
  const row = needRow(call, 'id');
  const op = textArg(call, 'op');
  const { ispublic, isfeatured, isextractable } = call.args;
  const flags = Object.entries({ ispublic, isfeatured, isextractable }).filter(([, value]) => value !== undefined);
  call.world.update(row, Object.fromEntries(flags));
  if (op === undefined) return success();
  const had = Array.isArray(row.hidden['accounts']) ? row.hidden['accounts'].map(String) : [];
  const ids = accountIds(call);
  const accounts =
    op === 'reset' ? [] : op === 'add' ? [...new Set([...had, ...ids])] : had.filter((id) => !ids.includes(id));
  call.world.hide(row, { accounts });
  if (op === 'reset') call.world.update(row, { ispublic: false, isfeatured: false });
  return success();
};

const permissions: Behaviour = (call) => {
  const { world } = call;
  const row = needRow(call, 'id');
  const accounts = (Array.isArray(row.hidden['accounts']) ? row.hidden['accounts'] : []).flatMap(
    (id) => world.get(String(id)) ?? [],
  );
  const projects = accounts.flatMap(({ hidden }) =>
    typeof hidden['projectid'] === 'string' ? hidden['projectid'] : [],
  );
  return object({
    id: row.id,
    ispublic: row.fields['ispublic'] === true,
    domainid: world.get(row.owner ?? '')?.fields['domainid'],
    account: accounts.filter(({ hidden }) => hidden['projectid'] === undefined).map(({ fields }) => fields['name']),
    ...(projects.length > 0 ? { projectids: projects } : {}),
  });
};

// Downloads are shown in stages, as users see them in the web interface.
const download = (world: World, row: Resource, size: number): void => {
  const stages: [number, Fields][] = [
    [400, { status: '25% Downloaded' }],
    [800, { status: '70% Downloaded' }],
    [1200, { status: 'Installing Template' }],
    [
      1600,
      {
        status: 'Download Complete',
        isready: true,
        size,
        physicalsize: Math.round(size * 0.4),
        checksum: world.random.uuid().replaceAll('-', ''),
      },
    ],
  ];
  for (const [ms, patch] of stages) world.queue.later(ms, () => row.removed === undefined && world.update(row, patch));
};

const register =
  (iso: boolean): Behaviour =>
  (call) => {
    const { world } = call;
    const owner = ownerOf(call);
    checkLimit(world, owner, 'template');
    if (
      !call.caller.root &&
      flagArg(call, 'ispublic') &&
      settingIn(world, owner.id, 'allow.public.user.templates') === 'false'
    )
      throw badValue('Only private templates/ISO can be created.');
    const zones = [...rowsArg(call, 'zoneids'), ...rowsArg(call, 'zoneid')];
    const chosen = zones.length > 0 ? zones : world.all('Zone');
    const { fields } = statedFields(call, 'Template');
    // An IllegalArgumentException, which is a parameter error without a code of its own (ApiServer).
    const url = textArg(call, 'url') ?? '';
    checkDownloadUrl(url, badParameter);
    checkFileFormat(url, iso ? 'iso' : (textArg(call, 'format') ?? ''), badParameter);
    if (flagArg(call, 'ispublic') === false && flagArg(call, 'isfeatured') && !call.caller.root)
      delete fields['isfeatured'];
    const row = insertKind(
      world,
      'Template',
      {
        isfeatured: false,
        ispublic: false,
        isextractable: false,
        passwordenabled: false,
        sshkeyenabled: false,
        isdynamicallyscalable: false,
        crossZones: zones.length === 0,
        directdownload: false,
        deployasis: false,
        requireshvm: true,
        ...(iso ? { format: 'ISO', hypervisor: 'None', bootable: call.args['bootable'] !== false } : {}),
        ...fields,
        zoneid: undefined,
        zoneids: undefined,
        isready: false,
        status: 'Processing',
        templatetype: textArg(call, 'templatetype') ?? 'USER',
        sortkey: 0,
        details: mapArg(call, 'details'),
      },
      {
        owner: owner.id,
        hidden: {
          zones: chosen.map(({ id }) => id),
          ...(call.command.name === 'registerVnfTemplate' ? { vnf: true } : {}),
        },
      },
    );
    download(world, row, iso ? gib : 8 * gib);
    return list(copies(call, [row], undefined), chosen.length);
  };

const create: Behaviour = (call) => {
  const { world } = call;
  const owner = ownerOf(call);
  const volume = rowArg(call, 'volumeid');
  const snapshot = rowArg(call, 'snapshotid');
  const source = volume ?? snapshot;
  if (!source)
    throw badValue('Failed to create private template record, neither volume ID nor snapshot ID were specified.');
  const vm = world.get(text(volume, 'virtualmachineid'));
  if (vm && text(vm, 'state') !== 'Stopped')
    throw badValue(`Failed to create template, the VM of the volume: ${vm.id} is not stopped`);
  checkLimit(world, owner, 'template');
  const { fields } = statedFields(call, 'Template');
  const size = Number(source.fields['size'] ?? source.fields['virtualsize'] ?? gib);
  const row = insertKind(
    world,
    'Template',
    {
      isfeatured: false,
      ispublic: false,
      isextractable: false,
      passwordenabled: false,
      crossZones: false,
      ...fields,
      isready: false,
      status: 'Creating',
      size,
      format: 'QCOW2',
      hypervisor: vm?.fields['hypervisor'] ?? 'Simulator',
      templatetype: 'USER',
      sortkey: 0,
    },
    { owner: owner.id, hidden: { zones: [String(rowArg(call, 'zoneid')?.id ?? source.fields['zoneid'])] } },
  );
  return work(row, () => {
    world.update(row, { isready: true, status: 'Download Complete' });
    return object(row);
  });
};

/** Templates, ISOs and network appliances (VNF). */
export const template: Behaviours = {
  attachIso,
  detachIso,
  listTemplates: listTemplates('templatefilter', undefined, false),
  listVnfTemplates: listTemplates('templatefilter', undefined, false),
  listIsos: listTemplates('isofilter', 'selfexecutable', true),
  copyTemplate: copy,
  copyIso: copy,
  deleteTemplate: remove,
  deleteVnfTemplate: remove,
  deleteIso: remove,
  updateTemplate: update,
  updateVnfTemplate: update,
  updateIso: update,
  prepareTemplate: (call) => {
    const row = needRow(call, 'templateid');
    call.world.hide(row, { prepared: rowArg(call, 'storageid')?.id ?? 'all' });
    return list([row]);
  },
  updateTemplatePermissions: permit,
  updateIsoPermissions: permit,
  listTemplatePermissions: permissions,
  listIsoPermissions: permissions,
  extractTemplate: extractResource,
  extractIso: extractResource,
  getUploadParamsForTemplate: uploadParameters('Template', 'template'),
  getUploadParamsForIso: uploadParameters('Template', 'iso'),
  registerTemplate: register(false),
  registerVnfTemplate: register(false),
  registerIso: register(true),
  createTemplate: create,
};
