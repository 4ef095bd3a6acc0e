import { list, object, success, work } from '../engine/results.ts';
import { flagArg, mapArg, needRow, rowArg, rowsArg, text, textArg } from '../engine/args.ts';
import { isWithin, projectsOf } from '../rules/access.ts';
import { badParameter, badValue } from '../world/errors.ts';
import { statedFields } from '../engine/generic.ts';
import { listRows, type Test, testsOf } from '../engine/list.ts';
import { findAccount } from '../rules/scope.ts';
import { isOn } from '../world/settings.ts';
import type { Result, Behaviour, Call, Fields, Resource, Value } from '../world/types.ts';

/** Bytes of a gibibyte. */
export const GIB = 2 ** 30;

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
export const copies = (call: Call, rows: readonly Resource[], zone: Resource | undefined): Fields[] =>
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
    if (flagArg(call, 'showunique')) return listRows(call, 'Template', found, []);
    const spread = found.flatMap((row) =>
      iso && zonesOf(row).length === 0 ? [row] : (copies(call, [row], zone) as unknown as Resource[]),
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
