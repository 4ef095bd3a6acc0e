import type { CallingUser } from '../rules/call.ts';
import { hasKeyPairs, isInForce } from '../rules/key-pairs.ts';
import { parseDate } from '../world/clock.ts';
import { unauthenticated } from '../world/errors.ts';
import type { Resource } from '../world/types.ts';
import type { World } from '../world/world.ts';
import type { Received } from './request.ts';
import type { LoginSessions } from './session.ts';
import { type AcceptedAlgorithm, isSigned } from './signature.ts';

/** Everything about a user that decides what a call may do. */
export const callerOf = (world: World, user: Resource): CallingUser => {
  const account = world.get(String(user.fields['accountid'])) ?? user;
  const domain = world.get(String(account.fields['domainid'])) ?? user;
  const role = String(world.get(String(account.fields['roleid']))?.fields['type'] ?? 'User');
  return { user, account, domain, role, root: role === 'Admin' };
};

/** Who asks on the integration port: CloudStack's own system account, which may do everything. */
export const systemCaller = (world: World): CallingUser => {
  const [user] = world.where('User', 'username', 'system');
  if (!user) throw unauthenticated();
  return callerOf(world, user);
};

const isUsable = (world: World, user: Resource): boolean => {
  const account = world.get(String(user.fields['accountid']));
  const access = user.fields['apikeyaccess'] ?? account?.fields['apikeyaccess'];
  return (
    user.removed === undefined &&
    user.fields['state'] === 'enabled' &&
    account?.fields['state'] === 'enabled' &&
    !/^disabled$/i.test(String(access ?? ''))
  );
};

/** Before 4.23 a pair is a part of its user. */
const ownerOfOnlyPair = (world: World, apiKey: string): Resource | undefined =>
  hasKeyPairs(world) ? undefined : [...world.where('User', 'apikey', apiKey)][0];

/** Who sent a request, by key and signature or by session, and which of the two; throws CloudStack's 401. */
export const authenticate = (
  world: World,
  sessions: LoginSessions,
  received: Received,
  algorithms?: readonly AcceptedAlgorithm[],
): { caller: CallingUser; session: boolean } => {
  const { params, raw } = received;
  const apiKey = params.get('apikey');
  if (apiKey === undefined || params.get('signature') === undefined) {
    const user = sessions.userOf(received);
    if (user === 'mismatch') throw unauthenticated('unable to verify user credentials');
    if (!user || !isUsable(world, user)) throw unauthenticated();
    return { caller: callerOf(world, user), session: true };
  }
  const pair = [...world.where('ApiKeyPair', 'apikey', apiKey)][0];
  if (pair && !isInForce(world, pair)) throw unauthenticated();
  const user = pair ? world.get(String(pair.fields['userid'])) : ownerOfOnlyPair(world, apiKey);
  const secret = (pair ?? user)?.hidden['secretkey'];
  if (!user || typeof secret !== 'string' || !isUsable(world, user)) throw unauthenticated();
  if (params.get('signatureversion') === '3') {
    const expires = parseDate(params.get('expires') ?? '');
    if (expires === undefined || expires <= world.clock.now()) throw unauthenticated();
  }
  if (!isSigned(raw, secret, params.get('signature') ?? '', algorithms)) throw unauthenticated();
  return { caller: { ...callerOf(world, user), ...(pair ? { pair } : {}) }, session: false };
};
