import { listKind, listRows, type Test, testsOf } from '../engine/list.ts';
import { isWithin, projectsOf } from '../rules/access.ts';
import { deleteAccount } from '../rules/accounts.ts';
import { flagArg, needRow, rowArg, rowsArg, text, textArg } from '../rules/args.ts';
import type { Behaviour, Behaviours, Call } from '../rules/call.ts';
import { checkLimit } from '../rules/limits.ts';
import { ownerOf } from '../rules/owner.ts';
import { accountOfProject, membersOf } from '../rules/projects.ts';
import { object, success, work } from '../rules/results.ts';
import { findAccount } from '../rules/scope.ts';
import { ApiError, badValue, failure, forbidden } from '../world/errors.ts';
import { insertKind } from '../world/insert.ts';
import { isOn } from '../world/settings.ts';
import type { Fields, Resource } from '../world/types.ts';
import type { World } from '../world/world.ts';

/** Makes an account, or one of its users, a member. */
const join = (world: World, project: Resource, account: Resource, role: string, user?: Resource): Resource =>
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
  // An account's id counts only beside a user's (ProjectManagerImpl.validateUser).
  const owner = (rowArg(call, 'userid') && rowArg(call, 'accountid')) ?? ownerOf(call);
  const name = textArg(call, 'name') ?? '';
  const domainid = owner.fields['domainid'];
  if (world.all('Project').some(({ fields }) => fields['name'] === name && fields['domainid'] === domainid))
    throw badValue(`Project with name ${name} already exists in domain id=${String(domainid)}`);
  checkLimit(world, owner, 'project');
  const project = insertKind(
    world,
    'Project',
    { name, displaytext: textArg(call, 'displaytext') || name, state: 'Active', domainid },
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
  world.give(account, account.id);
  join(world, project, owner, 'Admin', rowArg(call, 'userid'));
  return work(project, () => object(project));
};

/** Whether the caller may administer a project. */
const isProjectAdmin = (call: Call, project: Resource): boolean =>
  call.caller.root ||
  (call.caller.role === 'DomainAdmin' && isWithin(call.world, text(project, 'domainid'), call.caller.domain.id)) ||
  membersOf(call.world, project).some(
    ({ fields }) => fields['accountid'] === call.caller.account.id && fields['role'] === 'Admin',
  );

/** Refuses a caller who may not administer the project. */
const needAdmin = (call: Call, project: Resource): void => {
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
    const account = accountOfProject(world, project.id);
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

/** Roles belong to the account that made them, not to the project's account, so the project is no scope for them. */
const inProject =
  (kind: string): Behaviour =>
  (call) => {
    const project = needRow(call, 'projectid');
    const args = { ...call.args, projectid: undefined };
    const rows = [...call.world.where(kind, 'projectid', project.id)];
    return listRows(call, kind, rows, testsOf({ ...call, args }, kind));
  };

const invite = (call: Call, project: Resource, account: Resource): void => {
  insertKind(
    call.world,
    'ProjectInvitation',
    {
      projectid: project.id,
      project: project.fields['name'],
      accountid: account.id,
      account: account.fields['name'],
      domainid: account.fields['domainid'],
      state: 'Pending',
    },
    { owner: account.id, hidden: { token: call.world.random.key(10) } },
  );
};

const addMember =
  (byUser: boolean): Behaviour =>
  (call) => {
    const { world } = call;
    const project = needRow(call, 'projectid');
    needAdmin(call, project);
    const domain = text(project, 'domainid');
    const user = byUser
      ? [...world.where('User', 'username', textArg(call, 'username') ?? '')].find(
          (row) => text(world.get(row.owner ?? ''), 'domainid') === domain,
        )
      : undefined;
    const account = byUser ? world.get(user?.owner ?? '') : findAccount(world, textArg(call, 'account') ?? '', domain);
    if (!account && textArg(call, 'email') === undefined)
      throw badValue(
        `Account name=${textArg(call, byUser ? 'username' : 'account')} can't be added to the project: it does not exist in the domain of the project`,
      );
    return work(project, () => {
      if (!account) return success();
      // To add a member again is no failure (ProjectManagerImpl.addAccountToProject and addUserToProject).
      const isMember = membersOf(world, project).some(
        ({ fields }) => fields['accountid'] === account.id && fields['userid'] === user?.id,
      );
      if (isMember) return success();
      if (isOn(world, 'project.invite.required')) invite(call, project, account);
      else join(world, project, account, textArg(call, 'roletype') === 'Admin' ? 'Admin' : 'Regular', user);
      return success();
    });
  };

const removeMember: Behaviour = (call) => {
  const { world } = call;
  const project = needRow(call, 'projectid');
  needAdmin(call, project);
  const user = rowArg(call, 'userid');
  const member = membersOf(world, project).find(({ fields }) =>
    user
      ? fields['userid'] === user.id || fields['accountid'] === user.owner
      : fields['account'] === textArg(call, 'account'),
  );
  if (!member) throw badValue(`${user?.id ?? textArg(call, 'account')} is not assigned to project id=${project.id}`);
  return work(project, () => {
    const admins = membersOf(world, project).filter(({ fields }) => fields['role'] === 'Admin');
    if (admins.length === 1 && admins[0] === member)
      throw badValue(`Unable to delete account from project id=${project.id} as it is the only admin of it`);
    world.remove(member);
    return success();
  });
};

const answerInvitation: Behaviour = (call) => {
  const { world } = call;
  const project = needRow(call, 'projectid');
  const name = textArg(call, 'account') ?? text(call.caller.account, 'name');
  const invitation = [...world.where('ProjectInvitation', 'projectid', project.id)].find(
    ({ fields, hidden }) =>
      fields['state'] === 'Pending' && (fields['account'] === name || hidden['token'] === call.args['token']),
  );
  if (!invitation) throw badValue(`Invitation is not found for the account ${name} to project ${project.id}`);
  return work(project, () => {
    const accepted = call.args['accept'] !== false;
    world.update(invitation, { state: accepted ? 'Completed' : 'Declined' });
    const account = world.get(text(invitation, 'accountid'));
    if (accepted && account) join(world, project, account, 'Regular');
    return success();
  });
};

/** Projects. */
export const project: Behaviours = {
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
    order.forEach((row, i) => call.world.hide(row, { order: i }));
    if (rule && permission) call.world.update(rule, { permission: permission.toLowerCase() });
    return success();
  },
  updateProjectRole: (call) => {
    const row = needRow(call, 'id');
    const { name, description } = call.args;
    call.world.update(row, {
      ...(name === undefined ? {} : { name }),
      ...(description === undefined ? {} : { description }),
    });
    return object(row);
  },
  addAccountToProject: addMember(false),
  addUserToProject: addMember(true),
  deleteAccountFromProject: removeMember,
  deleteUserFromProject: removeMember,
  updateProjectInvitation: answerInvitation,
  listProjectAccounts: (call) => {
    const project = needRow(call, 'projectid');
    if (!call.caller.root && !projectsOf(call.world, call.caller).has(project.id) && !isProjectAdmin(call, project))
      throw new ApiError(
        531,
        `Account ${text(call.caller.account, 'name')} is not authorized to list users of the project id=${project.id}`,
        4365,
      );
    return listRows(
      call,
      'ProjectAccount',
      membersOf(call.world, project),
      testsOf({ ...call, args: { ...call.args, projectid: undefined } }, 'ProjectAccount'),
    );
  },
  listProjectInvitations: (call) => {
    const pending = call.args['activeonly'] === true ? [({ fields }: Resource) => fields['state'] === 'Pending'] : [];
    const project = rowArg(call, 'projectid');
    if (!project) return listKind(call, 'ProjectInvitation', pending);
    // Invitations belong to those invited, not to the project's account, so the project is no scope for them.
    needAdmin(call, project);
    const rows = [...call.world.where('ProjectInvitation', 'projectid', project.id)];
    const args = { ...call.args, projectid: undefined };
    return listRows(call, 'ProjectInvitation', rows, [...pending, ...testsOf({ ...call, args }, 'ProjectInvitation')]);
  },
};
