import { ApiError, unauthenticated } from '../world/errors.ts';
import { respond } from '../engine/envelope.ts';
import type { Received } from './request.ts';
import { numberSetting } from '../world/settings.ts';
import { hashPassword } from '../rules/password.ts';
import { beforeSecondFactor, isCode } from '../rules/two-factor.ts';
import type { Resource } from '../world/types.ts';
import type { World } from '../world/world.ts';

interface UserSession {
  userId: string;
  key: string;
  used: number;
  /** The second factor was given, or is not needed. */
  verified: boolean;
}

/** Login sessions by JSESSIONID. */
export interface LoginSessions {
  login(received: Received): Response;
  logout(received: Received): Response;
  /** The user behind a request's cookies and session key; undefined without a session, 401 text when they disagree. */
  userOf(received: Received): Resource | undefined | 'mismatch';
  /** Takes the second factor of the session's user; 511 and the end of the session when it is wrong. */
  verify(received: Received): Response;
}

const timeoutSeconds = 1800;

const refuse = (text: string): ApiError => new ApiError(531, text);

const findDomain = (world: World, params: ReadonlyMap<string, string>): Resource => {
  const id = params.get('domainid');
  const given = params.get('domain') ?? '';
  const path = `/${given.replace(/^\/+|(?<!\/)\/+$/g, '')}/`.replace('//', '/');
  const domain = world
    .all('Domain')
    .find((row) =>
      id ? row.id === id || String(row.no) === id : row.hidden['path'] === path || (path === '/ROOT/' && row.no === 1),
    );
  if (!domain) throw refuse(`Unable to find the domain from the path ${path}`);
  return domain;
};

const findUser = (world: World, name: string, domain: Resource): Resource | undefined =>
  [...world.where('User', 'username', name)].find(
    (user) => world.get(String(user.fields['accountid']))?.fields['domainid'] === domain.id,
  );

const describe = (world: World, user: Resource, domain: Resource, key: string): string => {
  const account = world.get(String(user.fields['accountid']));
  const type = String(account?.fields['accounttype']);
  const { fields } = user;
  const twoFactor = fields['is2faenabled'] === true;
  return JSON.stringify({
    username: fields['username'],
    userid: user.id,
    domainid: domain.id,
    timeout: timeoutSeconds,
    account: account?.fields['name'],
    firstname: fields['firstname'],
    lastname: fields['lastname'],
    type,
    timezone: fields['timezone'] ?? 'UTC',
    timezoneoffset: '0.0',
    registered: 'false',
    sessionkey: key,
    is2faenabled: String(twoFactor),
    is2faverified: String(!twoFactor),
    issuerfor2fa: 'CloudStack',
    ...(type === '1' ? { managementserverid: world.all('ManagementServer')[0]?.id } : {}),
  }).slice(1, -1);
};

/** An empty table of sessions. */
export const createSessions = (world: World): LoginSessions => {
  const sessions = new Map<string, UserSession>();
  const find = (received: Received): [string, UserSession] | undefined => {
    const id = received.cookies.get('JSESSIONID') ?? '';
    const session = sessions.get(id);
    if (session && world.clock.now() - session.used > timeoutSeconds * 1000) sessions.delete(id);
    return session && sessions.has(id) ? [id, session] : undefined;
  };
  return {
    login: ({ method, params }) => {
      if (method !== 'POST')
        return new Response('Please use HTTP POST to authenticate using this API', { status: 405 });
      // Without a name CloudStack writes no object at all.
      if (!params.has('username'))
        return new Response('null', { status: 531, headers: { 'content-type': 'application/json;charset=utf-8' } });
      const domain = findDomain(world, params);
      const name = params.get('username') ?? '';
      const user = findUser(world, name, domain);
      const account = user && world.get(String(user.fields['accountid']));
      const right = user?.hidden['password'] === hashPassword(params.get('password') ?? '');
      if (!user || !right || user.fields['state'] !== 'enabled' || account?.fields['state'] !== 'enabled') {
        const tries = Number(user?.hidden['tries'] ?? 0) + 1;
        if (user) world.hide(user, { tries });
        if (user && tries >= numberSetting(world, 'incorrect.login.attempts.allowed', 5))
          world.update(user, { state: 'disabled' });
        throw refuse(`Failed to authenticate user ${name} in domain ${domain.no}; please provide valid credentials`);
      }
      world.hide(user, { tries: 0 });
      const [id, key] = [world.random.key(22), world.random.key(27)];
      sessions.set(id, {
        userId: user.id,
        key,
        used: world.clock.now(),
        verified: user.fields['is2faenabled'] !== true,
      });
      const description = `user has logged in from IP Address 127.0.0.1`;
      const event = { type: 'USER.LOGIN', username: name, description, level: 'INFO', state: 'Completed' };
      world.insert('Event', { ...event, created: world.now(), archived: false }, { owner: account.id });
      const response = respond('loginresponse', describe(world, user, domain, key));
      response.headers.append('set-cookie', `JSESSIONID=${id};Path=/client;HttpOnly`);
      response.headers.append('set-cookie', `sessionkey=${key};HttpOnly;SameSite=Lax`);
      return response;
    },
    logout: (received) => {
      const found = find(received);
      if (!found) throw new ApiError(431, 'Session not found for the logout process.', 9999);
      sessions.delete(found[0]);
      return respond('logoutresponse', '"description":"success"');
    },
    verify: (received) => {
      const [id, session] = find(received) ?? [];
      const user = world.get(session?.userId ?? '');
      if (!id || !session || !user) throw unauthenticated();
      if (!isCode(user, received.params.get('codefor2fa') ?? '', world.clock.now())) {
        sessions.delete(id);
        throw new ApiError(511, 'Invalid two factor authentication code');
      }
      session.verified = true;
      return respond('validateusertwofactorauthenticationcoderesponse', '"success":true');
    },
    userOf: (received) => {
      const found = find(received);
      if (!found) return undefined;
      const [id, session] = found;
      const { key } = session;
      if (received.cookies.get('sessionkey') !== key || received.params.get('sessionkey') !== key) {
        sessions.delete(id);
        return 'mismatch';
      }
      session.used = world.clock.now();
      if (!session.verified && !beforeSecondFactor.has(received.params.get('command') ?? '')) {
        sessions.delete(id);
        throw new ApiError(511, 'Two factor authentication is needed before this command');
      }
      return world.get(session.userId);
    },
  };
};
