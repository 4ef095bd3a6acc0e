import { success, work } from '../engine/results.ts';
import { projectsOf } from '../rules/access.ts';
import { needRow, rowArg, text, textArg } from '../engine/args.ts';
import { insertKind } from '../world/insert.ts';
import { ApiError, badValue } from '../world/errors.ts';
import { listKind, listRows, testsOf } from '../engine/list.ts';
import { findAccount } from '../rules/scope.ts';
import { isOn } from '../world/settings.ts';
import type { Behaviour, Call, Resource } from '../world/types.ts';
import { isProjectAdmin, join, membersOf, needAdmin } from './projects.ts';

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
      if (
        membersOf(world, project).some(
          ({ fields }) => fields['accountid'] === account.id && fields['userid'] === user?.id,
        )
      )
        throw badValue(`Account ${text(account, 'name')} is already a part of project id=${project.id}`);
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

/** Members of projects and invitations to become one. */
export const projectMembers: Record<string, Behaviour> = {
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
