import { object, success } from '../engine/results.ts';
import { listArg, needRow, rowsArg, text, textArg } from '../engine/args.ts';
import { badValue } from '../world/errors.ts';
import { findAccount } from '../rules/scope.ts';
import type { Behaviour, Call } from '../world/types.ts';

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

/** Who may use a template or ISO. */
export const templateSharing: Record<string, Behaviour> = {
  updateTemplatePermissions: permit,
  updateIsoPermissions: permit,
  listTemplatePermissions: permissions,
  listIsoPermissions: permissions,
};
