import { isWithin } from '../../rules/access.ts';
import { numberArg, rowArg, text, textArg } from '../../rules/args.ts';
import type { Behaviour, Behaviours, Call } from '../../rules/call.ts';
import { countFor, limitOf, resourceTypes } from '../../rules/limits.ts';
import { accountOfProject } from '../../rules/projects.ts';
import { list, object, success } from '../../rules/results.ts';
import { checkDomain, findAccount } from '../../rules/scope.ts';
import { ApiError, badValue, forbidden } from '../../world/errors.ts';
import { isOn, numberSetting } from '../../world/settings.ts';
import type { Fields, Resource } from '../../world/types.ts';

const holderOf = (call: Call): Resource => {
  const { world, caller } = call;
  const project = rowArg(call, 'projectid');
  if (project) return accountOfProject(world, project.id) ?? caller.account;
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

const limitFields = (call: Call, holder: Resource, type: (typeof resourceTypes)[number]): Fields => {
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

const typeArg = (call: Call): (typeof resourceTypes)[number] | undefined => {
  const number = numberArg(call, 'resourcetype');
  const name = textArg(call, 'resourcetypename');
  const found = resourceTypes.find((each) => (number === undefined ? each.name === name : each.type === number));
  if (!found && (number !== undefined || name !== undefined)) throw badValue(`Please specify a valid resource type.`);
  return found;
};

const listLimits: Behaviour = (call) => {
  const type = typeArg(call);
  const holder = holderOf(call);
  const rows = resourceTypes
    .filter((each) => type === undefined || each === type)
    .map((each) => limitFields(call, holder, each));
  return list(rows);
};

const setLimit: Behaviour = (call) => {
  const { world, caller } = call;
  if (caller.role === 'User') throw forbidden();
  const type = typeArg(call);
  const holder = holderOf(call);
  const max = numberArg(call, 'max') ?? -1;
  if (max < -1) throw badValue("Please specify either '-1' for an infinite limit, or a limit that is at least '0'.");
  if (!type) throw badValue('Please specify valid resource type');
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
  const rows = resourceTypes
    .filter((each) => type === undefined || each === type)
    .map((each): Fields => {
      const { max: _, ...who } = limitFields(call, holder, each);
      return { ...who, resourcecount: countFor(world, each.name, owners) };
    });
  return list(rows);
};

/** Limits of resources and of API calls. */
export const limits: Behaviours = {
  getApiLimit: (call) => {
    if (!isOn(call.world, 'api.throttling.enabled'))
      throw new ApiError(432, 'This api is only available when api.throttling.enabled = true.', 9999);
    return object({
      accountid: call.caller.account.id,
      account: call.caller.account.fields['name'],
      apiIssued: 0,
      apiAllowed: numberSetting(call.world, 'api.throttling.max', 25),
      expireAfter: numberSetting(call.world, 'api.throttling.interval', 1) * 1000,
    });
  },
  resetApiLimit: () => success(),
  listResourceLimits: listLimits,
  updateResourceLimit: setLimit,
  updateResourceCount: recount,
};
