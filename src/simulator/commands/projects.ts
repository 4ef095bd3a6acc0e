import { object, success, work } from '../engine/results.ts';
import { isWithin, projectsOf } from '../rules/access.ts';
import { flagArg, needRow, rowArg, rowsArg, text, textArg } from '../engine/args.ts';
import { insertKind } from '../world/insert.ts';
import { badValue, failure, forbidden } from '../world/errors.ts';
import { checkLimit } from '../rules/limits.ts';
import { listRows, type Test, testsOf } from '../engine/list.ts';
import { ownerOf } from '../engine/owner.ts';
import { isOn } from '../world/settings.ts';
import type { Behaviour, Call, Fields, Resource } from '../world/types.ts';
import type { World } from '../world/world.ts';
import { deleteAccount } from './accounts.ts';

/** Members of a project. */
export const membersOf = (world: World, project: Resource): Resource[] => [
  ...world.where('ProjectAccount', 'projectid', project.id),
];

/** The hidden account that owns what a project owns. */
const accountOfProject = (world: World, project: Resource): Resource | undefined =>
  world.all('Account').find(({ hidden }) => hidden['projectid'] === project.id);

/** Makes an account, or one of its users, a member. */
export const join = (world: World, project: Resource, account: Resource, role: string, user?: Resource): Resource =>
  insertKind(world, 'ProjectAccount', {
    projectid: project.id,
    project: project.fields['name'],
    accountid: account.id,
    account: account.fields['name'],
    accounttype: account.fields['accounttype'],
    domainid: account.fields['domainid'],
    role,
    ...(user ? { userid: user.id, username: user.fields['username'] } : {}),
  });

const create: Behaviour = (call) => {
  const { world, caller } = call;
  if (caller.role === 'User' && !isOn(world, 'allow.user.create.projects'))
    throw forbidden('Regular user is not permitted to create a project');
  const owner = rowArg(call, 'accountid') ?? ownerOf(call);
  const name = textArg(call, 'name') ?? '';
  const domainid = owner.fields['domainid'];
  if (world.all('Project').some(({ fields }) => fields['name'] === name && fields['domainid'] === domainid))
    throw badValue(`Project with name ${name} already exists in domain id=${String(domainid)}`);
  checkLimit(world, owner, 'project');
  const project = insertKind(
    world,
    'Project',
    { name, displaytext: textArg(call, 'displaytext') ?? name, state: 'Active', domainid },
    { owner: owner.id },
  );
  const account = insertKind(
    world,
    'Account',
    {
      name: `PrjAcct-${name}-${project.no}`,
      accounttype: 5,
      domainid,
      state: 'enabled',
      roleid: owner.fields['roleid'],
    },
    { hidden: { projectid: project.id } },
  );
  account.owner = account.id;
  join(world, project, owner, 'Admin', rowArg(call, 'userid'));
  return work(project, () => object(project));
};

/** Whether the caller may administer a project. */
export const isProjectAdmin = (call: Call, project: Resource): boolean =>
  call.caller.root ||
  (call.caller.role === 'DomainAdmin' && isWithin(call.world, text(project, 'domainid'), call.caller.domain.id)) ||
  membersOf(call.world, project).some(
    ({ fields }) => fields['accountid'] === call.caller.account.id && fields['role'] === 'Admin',
  );

/** Refuses whoever may not administer the project. */
export const needAdmin = (call: Call, project: Resource): void => {
  if (!isProjectAdmin(call, project))
    throw forbidden(`Account ${text(call.caller.account, 'name')} is not the admin of project id=${project.id}`);
};

const setState =
  (state: string): Behaviour =>
  (call) => {
    const project = needRow(call, 'id');
    needAdmin(call, project);
    return work(project, () => {
      call.world.update(project, { state });
      return object(project);
    });
  };

const remove: Behaviour = (call) => {
  const { world } = call;
  const project = needRow(call, 'id');
  needAdmin(call, project);
  return work(project, () => {
    const account = accountOfProject(world, project);
    if (account && !flagArg(call, 'cleanup') && world.all('UserVm').some(({ owner }) => owner === account.id))
      throw failure(`Project ${project.id} still has resources; use cleanup`);
    for (const member of membersOf(world, project)) world.remove(member);
    for (const kind of ['ProjectRole', 'ProjectInvitation'])
      for (const row of [...world.where(kind, 'projectid', project.id)]) world.remove(row);
    if (account) deleteAccount(world, account);
    world.remove(project);
    return success();
  });
};

const update: Behaviour = (call) => {
  const { world } = call;
  const project = needRow(call, 'id');
  needAdmin(call, project);
  const name = textArg(call, 'account');
  return work(project, () => {
    if (name !== undefined) {
      const member = membersOf(world, project).find(({ fields }) => fields['account'] === name);
      if (!member) throw badValue(`Unable to find account name=${name} in the project`);
      if (call.args['swapowner'] !== false)
        for (const other of membersOf(world, project))
          if (other.fields['role'] === 'Admin') world.update(other, { role: 'Regular' });
      world.update(member, { role: textArg(call, 'roletype') ?? 'Admin' });
    }
    const fields: Fields = {};
    for (const field of ['displaytext', 'name']) if (call.args[field] !== undefined) fields[field] = call.args[field];
    world.update(project, fields);
    return object(project);
  });
};

const listProjects: Behaviour = (call) => {
  const { world, caller } = call;
  const mine = projectsOf(world, caller);
  const all = flagArg(call, 'listall') || call.args['domainid'] !== undefined || call.args['id'] !== undefined;
  const domain = rowArg(call, 'domainid');
  const tests: Test[] = [];
  if (!all && call.args['account'] === undefined) tests.push(({ id }) => mine.has(id));
  else if (!caller.root)
    tests.push(
      (row) => mine.has(row.id) || (caller.role !== 'User' && isWithin(world, text(row, 'domainid'), caller.domain.id)),
    );
  if (domain)
    tests.push((row) =>
      flagArg(call, 'isrecursive')
        ? isWithin(world, text(row, 'domainid'), domain.id)
        : row.fields['domainid'] === domain.id,
    );
  const account = textArg(call, 'account');
  if (account !== undefined)
    tests.push((row) => membersOf(world, row).some(({ fields }) => fields['account'] === account));
  return listRows(call, 'Project', call.rows.get('id') ?? world.all('Project'), [
    ...tests,
    ...testsOf(call, 'Project').filter(() => true),
    (row) => row.removed === undefined,
  ]);
};

/** Roles belong to whoever made them, not to the project's account, so the project is no scope for them. */
const inProject =
  (kind: string): Behaviour =>
  (call) => {
    const project = needRow(call, 'projectid');
    const args = { ...call.args, projectid: undefined };
    const rows = [...call.world.where(kind, 'projectid', project.id)];
    return listRows(call, kind, rows, testsOf({ ...call, args }, kind));
  };

/** Projects, their members and invitations. */
export const projects: Record<string, Behaviour> = {
  createProject: create,
  updateProject: update,
  deleteProject: remove,
  activateProject: setState('Active'),
  suspendProject: setState('Suspended'),
  listProjects,
  listProjectRoles: inProject('ProjectRole'),
  listProjectRolePermissions: inProject('ProjectRolePermission'),
  updateProjectRolePermission: (call) => {
    const order = rowsArg(call, 'ruleorder');
    const rule = rowArg(call, 'projectrolepermissionid');
    const permission = textArg(call, 'permission');
    if (order.length === 0 && !(rule && permission))
      throw badValue('Parameters permission and projectrolepermissionid must be provided, or ruleorder');
    order.forEach((row, i) => (row.hidden['order'] = i));
    if (rule && permission) call.world.update(rule, { permission: permission.toLowerCase() });
    call.world.touch();
    return success();
  },
};
