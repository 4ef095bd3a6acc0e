import { listRows } from '../../engine/list.ts';
import { flagArg, needRow, rowArg, text, textArg } from '../../rules/args.ts';
import { isWithin, mayUse } from '../../rules/access.ts';
import type { Behaviour, Behaviours, Call } from '../../rules/call.ts';
import { addKeyPair, isInForce, pairsOf, readPair } from '../../rules/key-pairs.ts';
import { pairAllows, rulesOfPair } from '../../rules/permit.ts';
import { list, object, success, work } from '../../rules/results.ts';
import { forbidden } from '../../world/errors.ts';
import type { Fields, Resource } from '../../world/types.ts';

const needUser = (call: Call): Resource => {
  const user = needRow(call, 'id');
  if (call.caller.role === 'User' && user.owner !== call.caller.account.id) throw forbidden();
  return user;
};

/** A pair with its secret, as its answers show it. */
const shown = ({ world }: Call, pair: Resource, permissions: boolean): Fields => {
  const user = world.get(text(pair, 'userid'));
  const account = world.get(user?.owner ?? '');
  const role = world.get(text(account, 'roleid'));
  const domain = world.get(text(account, 'domainid'));
  return {
    ...pair.fields,
    id: pair.id,
    secretkey: pair.hidden['secretkey'],
    state: isInForce(world, pair) ? 'ENABLED' : 'EXPIRED',
    username: user?.fields['username'],
    accountid: account?.id,
    accountname: account?.fields['name'],
    accounttype: role?.fields['type'],
    roleid: role?.id,
    rolename: role?.fields['name'],
    roletype: role?.fields['type'],
    domainid: domain?.id,
    domain: domain?.fields['name'],
    domainpath: domain?.fields['path'],
    ...(permissions ? { permissions: rulesOfPair(pair) } : {}),
  };
};

const register: Behaviour = (call) => {
  const { world } = call;
  const user = needUser(call);
  const { rules, ...fields } = readPair(call);
  const make = () => {
    const [apiKey, secretKey] = [world.random.key(86), world.random.key(86)];
    const pair = addKeyPair(world, user, { ...fields, apiKey, secretKey, rules });
    return object(pair ? shown(call, pair, rules.length > 0) : { apikey: apiKey, secretkey: secretKey });
  };
  return call.command.async ? work(user, make) : make();
};

/** The pairs that the caller may see: its user's own, and with `listall` those of its domains. */
const visible = (call: Call): Resource[] => {
  const { world, caller } = call;
  const user = rowArg(call, 'userid');
  const mine = (pair: Resource): boolean =>
    user
      ? pair.fields['userid'] === user.id
      : flagArg(call, 'listall') && caller.role !== 'User'
        ? isWithin(world, text(world.get(pair.owner ?? ''), 'domainid'), caller.domain.id)
        : pair.fields['userid'] === caller.user.id;
  return world
    .all('ApiKeyPair')
    .filter((pair) => mine(pair) && world.get(text(pair, 'userid'))?.removed === undefined && !isWider(call, pair));
};

/** A pair does not see one that may do more than itself. */
const isWider = ({ world, caller: { pair: own } }: Call, pair: Resource): boolean =>
  own !== undefined &&
  rulesOfPair(own).length > 0 &&
  [...world.catalog.commands.keys()].some((command) => pairAllows(pair, command) && !pairAllows(own, command));

const needPair = (call: Call): Resource => {
  const pair = needRow(call, 'keypairid');
  if (!mayUse(call.world, call.caller, pair) || isWider(call, pair)) throw forbidden();
  return pair;
};

/** API keys of users: one pair of each, or from 4.23 on several, with rules and dates. */
export const userKeys: Behaviours = {
  registerUserKeys: register,
  getUserKeys: (call) => {
    const { fields, hidden } = needUser(call);
    if (fields['apikey'] === undefined) return object({ apikeyaccess: true });
    return object({
      apikey: fields['apikey'],
      secretkey: hidden['secretkey'],
      apikeyaccess: fields['apikeyaccess'] !== 'DISABLED',
    });
  },
  listUserKeys: (call) => {
    const [id, key] = [rowArg(call, 'keypairid')?.id, textArg(call, 'apikeyfilter')];
    const keyword = textArg(call, 'keyword')?.toLowerCase() ?? '';
    const result = listRows(call, 'ApiKeyPair', visible(call), [
      (pair) => id === undefined || pair.id === id,
      ({ fields }) => key === undefined || fields['apikey'] === key,
      (pair) => text(pair, 'name').toLowerCase().includes(keyword),
    ]);
    if (result.form !== 'list') return result;
    const permissions = flagArg(call, 'showpermissions');
    return { ...result, items: result.items.map((pair) => shown(call, pair as Resource, permissions)) };
  },
  listUserKeyRules: (call) => list(rulesOfPair(needPair(call))),
  deleteUserKeys: (call) => {
    const pair = needPair(call);
    return work(pair, () => {
      const { world } = call;
      world.remove(pair);
      const user = world.get(text(pair, 'userid'));
      if (user && user.fields['apikey'] === pair.fields['apikey']) {
        const last = pairsOf(world, user).at(-1);
        world.update(user, { apikey: last?.fields['apikey'] });
        world.hide(user, { secretkey: last?.hidden['secretkey'] });
      }
      return success();
    });
  },
};
