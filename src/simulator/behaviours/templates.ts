import { list, object, success, work } from '../answers.ts';
import { flagArg, listArg, mapArg, needRow, rowArg, rowsArg, text, textArg } from '../args.ts';
import { insertKind } from '../birth.ts';
import { isWithin, projectsOf } from '../access.ts';
import { badParameter, badValue, failure } from '../errors.ts';
import { statedFields } from '../generic.ts';
import { checkLimit } from '../limits.ts';
import { listRows, testsOf, type Test } from '../list.ts';
import { ownerOf } from '../owner.ts';
import { findAccount } from '../scope.ts';
import type { Answer, Behaviour, Call, Fields, Row, Value } from '../types.ts';
import type { World } from '../world.ts';

const GIB = 2 ** 30;

const zonesOf = (row: Row): string[] => (Array.isArray(row.hidden['zones']) ? row.hidden['zones'].map(String) : []);

// Downloads are told in stages, the way people watch them in the web interface.
const download = (world: World, row: Row, size: number): void => {
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
    const zones = [...rowsArg(call, 'zoneids'), ...rowsArg(call, 'zoneid')];
    const chosen = zones.length > 0 ? zones : world.all('Zone');
    const { fields } = statedFields(call, 'Template');
    if (!/^https?:\/\/|^ftp:\/\/|^nfs:\/\//.test(textArg(call, 'url') ?? ''))
      throw badValue(`Please specify a valid URL.`);
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
        crossZones: false,
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
    download(world, row, iso ? GIB : 8 * GIB);
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
  const size = Number(source.fields['size'] ?? source.fields['virtualsize'] ?? GIB);
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

const isIso = (row: Row): boolean => row.fields['format'] === 'ISO';

const shares = (row: Row, call: Call): boolean => {
  const accounts = row.hidden['accounts'];
  return Array.isArray(accounts) && accounts.includes(call.caller.account.id);
};

const filterTest = (call: Call, filter: string): Test => {
  const { world, caller } = call;
  const mine = ({ owner }: Row): boolean => owner === caller.account.id;
  const project = rowArg(call, 'projectid');
  const projects = projectsOf(world, caller);
  const inProject = ({ owner }: Row): boolean => {
    const id = world.get(owner ?? '')?.hidden['projectid'];
    return typeof id === 'string' && (project ? id === project.id : projects.has(id));
  };
  const visible = ({ owner }: Row): boolean => {
    const theirs = text(world.get(owner ?? ''), 'domainid');
    return caller.root || theirs === '' || isWithin(world, caller.domain.id, theirs) || true;
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
const copies = (call: Call, rows: readonly Row[], zone: Row | undefined): Fields[] =>
  rows.flatMap((row): Fields[] =>
    zonesOf(row)
      .filter((id) => zone === undefined || id === zone.id)
      .map((zoneid) => asItem(row, zoneid)),
  );

// A row's stand-in for one zone: it shares the fields, so filters and rendering see it as the row.
const asItem = (row: Row, zoneid: Value): Fields =>
  ({ ...row, fields: { ...row.fields, zoneid } }) as unknown as Fields;

const listTemplates =
  (parameter: string, fallback: string | undefined, iso: boolean): Behaviour =>
  (call): Answer => {
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
    if (flagArg(call, 'showunique')) return listRows(call, 'Template', found, []);
    const spread = found.flatMap((row) =>
      iso && zonesOf(row).length === 0 ? [row] : (copies(call, [row], zone) as unknown as Row[]),
    );
    return listRows(call, 'Template', spread, []);
  };

const copy: Behaviour = (call) => {
  const row = needRow(call, 'id');
  const zones = [...rowsArg(call, 'destzoneids'), ...rowsArg(call, 'destzoneid')];
  if (zones.length === 0) throw badValue('Either destzoneid or destzoneids parameters have to be specified.');
  return work(row, () => {
    row.hidden['zones'] = [...new Set([...zonesOf(row), ...zones.map(({ id }) => id)])];
    call.world.touch();
    return object(row);
  });
};

const remove: Behaviour = (call) => {
  const row = needRow(call, 'id');
  const zone = rowArg(call, 'zoneid');
  const using = call.world
    .all('UserVm')
    .find(({ fields }) => fields['templateid'] === row.id || fields['isoid'] === row.id);
  if (using && !flagArg(call, 'forced'))
    throw badValue(
      `Unable to delete the ${isIso(row) ? 'ISO' : 'template'} because VM: [${String(using.fields['instancename'])}] are using it.`,
    );
  return work(row, () => {
    const left = zone ? zonesOf(row).filter((id) => id !== zone.id) : [];
    row.hidden['zones'] = left;
    call.world.touch();
    if (left.length === 0) call.world.remove(row);
    return success();
  });
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
  const projects = rowsArg(call, 'projectids').flatMap(
    ({ id }) => world.all('Account').find(({ hidden }) => hidden['projectid'] === id)?.id ?? [],
  );
  return [...named, ...projects];
};

const permit: Behaviour = (call) => {
  const row = needRow(call, 'id');
  const op = textArg(call, 'op');
  const { ispublic, isfeatured, isextractable } = call.args;
  const flags = Object.entries({ ispublic, isfeatured, isextractable }).filter(([, value]) => value !== undefined);
  call.world.update(row, Object.fromEntries(flags));
  if (op === undefined) return success();
  if (!['add', 'remove', 'reset'].includes(op))
    throw badValue('Invalid operation on accounts, please specify one of: "add", "remove" or "reset"');
  const had = Array.isArray(row.hidden['accounts']) ? row.hidden['accounts'].map(String) : [];
  const ids = accountIds(call);
  row.hidden['accounts'] =
    op === 'reset' ? [] : op === 'add' ? [...new Set([...had, ...ids])] : had.filter((id) => !ids.includes(id));
  if (op === 'reset') call.world.update(row, { ispublic: false, isfeatured: false });
  call.world.touch();
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

const extract: Behaviour = (call) => {
  const row = needRow(call, 'id');
  const { world, caller } = call;
  if (row.kind === 'Template' && row.fields['isextractable'] !== true && !caller.root)
    throw badValue(`Template ${row.id} is not extractable`);
  return work(row, () => {
    const owner = world.get(row.owner ?? '');
    if (row.kind === 'Volume' && world.get(text(row, 'virtualmachineid'))?.fields['state'] === 'Running')
      throw failure('The volume is attached to a running virtual machine');
    return object({
      id: row.id,
      name: row.fields['name'],
      extractId: world.random.uuid(),
      accountid: owner?.id,
      state: 'DOWNLOAD_URL_CREATED',
      status: 'DOWNLOAD_URL_CREATED',
      extractMode: textArg(call, 'mode') ?? 'HTTP_DOWNLOAD',
      created: world.now(),
      zoneid: rowArg(call, 'zoneid')?.id,
      url: `http://127.0.0.1/userdata/${world.random.uuid()}.${text(row, 'format').toLowerCase() || 'qcow2'}`,
    });
  });
};

const uploadParams =
  (kind: string, field: string): Behaviour =>
  (call) => {
    const { world } = call;
    const { fields } = statedFields(call, kind);
    const zone = rowArg(call, 'zoneid');
    const more: Fields =
      kind === 'Volume'
        ? { type: 'DATADISK', state: 'NotUploaded' }
        : {
            isready: false,
            status: 'Not Uploaded',
            templatetype: 'USER',
            ...(field === 'iso' ? { format: 'ISO' } : {}),
          };
    const row = insertKind(
      world,
      kind,
      { ...fields, ...more, ...(kind === 'Template' ? { zoneid: undefined } : {}) },
      { owner: ownerOf(call).id, hidden: { zones: zone ? [zone.id] : [] } },
    );
    const uploaded: Fields =
      kind === 'Volume' ? { state: 'Uploaded', size: 10 * GIB } : { isready: true, status: 'Download Complete' };
    row.hidden['uploaded'] = uploaded;
    return object({
      id: row.id,
      postURL: `https://127.0.0.1/upload/${row.id}`,
      metadata: world.random.key(60),
      expires: world.now(),
      signature: world.random.key(40),
    });
  };

const update: Behaviour = (call) => {
  const row = needRow(call, 'id');
  const { id: _, details, cleanupdetails, ...fields } = statedFields(call, 'Template').fields;
  call.world.update(row, {
    ...fields,
    ...(cleanupdetails === true ? { details: {} } : details === undefined ? {} : { details: mapArg(call, 'details') }),
  });
  return object(row);
};

/** Templates, ISOs, and what is taken out of the cloud or put into it. */
export const templates: Record<string, Behaviour> = {
  registerTemplate: register(false),
  registerVnfTemplate: register(false),
  registerIso: register(true),
  createTemplate: create,
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
  updateTemplatePermissions: permit,
  updateIsoPermissions: permit,
  listTemplatePermissions: permissions,
  listIsoPermissions: permissions,
  extractTemplate: extract,
  extractIso: extract,
  extractVolume: extract,
  extractSnapshot: extract,
  getUploadParamsForTemplate: uploadParams('Template', 'template'),
  getUploadParamsForIso: uploadParams('Template', 'iso'),
  getUploadParamsForVolume: uploadParams('Volume', 'volume'),
  prepareTemplate: (call) => {
    const row = needRow(call, 'templateid');
    row.hidden['prepared'] = rowArg(call, 'storageid')?.id ?? 'all';
    return list([row]);
  },
  linkUserDataToTemplate: (call) => {
    const template = rowArg(call, 'templateid');
    const row = template ?? rowArg(call, 'isoid');
    if (!row) throw badValue('Either templateid or isoid must be given');
    const data = rowArg(call, 'userdataid');
    call.world.update(row, {
      userdataid: data?.id,
      userdataname: data?.fields['name'],
      userdatapolicy: data ? (textArg(call, 'userdatapolicy') ?? 'ALLOWOVERRIDE') : undefined,
    });
    return object(row, template ? 'template' : 'iso');
  },
};
