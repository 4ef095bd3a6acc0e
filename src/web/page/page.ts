import { publicUrlOf } from '../../config/public-url.ts';
import type { HttpSettings } from '../../config/http.ts';
import { CallError, describeError } from '../../errors.ts';
import { entryOf } from '../../guard/roles.ts';
import { isRecord } from '../../rows.ts';
import { version } from '../../version.ts';
import type { BodyBudget } from '../body-budget.ts';
import { dropBody, readJson, type BodyLimits } from '../body.ts';
import type { ReportError } from '../core.ts';
import type { Identity } from '../identity.ts';
import type { Limits } from '../limits.ts';
import type { RequestContext } from '../request-context.ts';
import { hashToken } from '../tokens.ts';
import { createApi, requesterOf, type ApiOptions, type PageCaller } from './api.ts';
import { pageHeaders, serveAsset } from './assets.ts';
import type { Links } from './links.ts';
import type { Live } from './live.ts';
import type { OAuthSignIn } from './oauth.ts';
import { isFromOwnPage } from './own-origin.ts';
import type { PageSession, PageSessions, SignedIn } from './sessions.ts';

/** What the page needs of the HTTP door. */
export interface PageOptions extends ApiOptions {
  sessions: PageSessions;
  identity: Pick<Identity, 'identify'>;
  limits: Limits;
  bodyBudget: BodyBudget;
  settings: BodyLimits & Pick<HttpSettings, 'rateLimit'>;
  report: ReportError;
  /** Links of the terminal that started this server; without them people sign in as callers of the API do. */
  links?: Links | undefined;
  oauth: OAuthSignIn;
  live: Live;
}

/** The page at `/` and its own questions under `/page/`; undefined for any other path. */
export interface WebPage {
  fetch(request: Request, context: RequestContext): Promise<Response | undefined>;
}

/** Bytes of a question: a form's values, and the longest user data. */
const maxBody = 2 ** 21;
/** Bytes of a sign-in: a token. */
const maxSignIn = 2 ** 14;
const signInName = 'page sign-in';
/** One address may try to sign in so many times less often than all together. */
const signInParts = 20;

const json = (value: unknown, status = 200, more: Record<string, string> = {}): Response =>
  Response.json(value, { status, headers: { ...pageHeaders, 'cache-control': 'no-store', ...more } });

const problem = (
  status: number,
  kind: string,
  message: string,
  hint: string,
  more?: Record<string, string>,
): Response => json({ error: { kind, message, hint } }, status, more);

const withHeaders = (response: Response): Response => {
  for (const [name, value] of Object.entries(pageHeaders)) response.headers.set(name, value);
  return response;
};

/** The page of people: signed in with a cookie, everything through the same call path, nothing that the API would refuse. */
export const createPage = (options: PageOptions): WebPage => {
  const { app, sessions, identity, limits, bodyBudget, settings, report, links, oauth, live } = options;
  const api = createApi(options);
  const bodyLimits = { ...settings, bodyLimit: Math.min(settings.bodyLimit, maxBody) };

  /** Someone whose role was taken away is signed out. */
  const sessionOf = async (request: Request, isUse = true): Promise<PageSession | undefined> => {
    const session = await sessions.find(request, isUse);
    const { auth, principals } = app.config;
    if (!session || session.method === 'link') return links && session;
    const { principal, method, tokenHash = '' } = session;
    const isGood = method === 'issuer' || auth?.tokens?.[principal]?.includes(tokenHash);
    return isGood && entryOf(principals, principal) ? session : undefined;
  };

  /** Where the browser says that the page is: it was compared with the host. An address has no passkeys. */
  const siteOf = (request: Request): PageCaller['site'] => {
    const origin = request.headers.get('origin');
    const publicUrl = publicUrlOf(app.config.auth);
    if (origin === null || (publicUrl !== undefined && new URL(publicUrl).origin !== origin)) return undefined;
    const { hostname } = new URL(origin);
    return /^[\d.]+$|:/.test(hostname) ? undefined : { origin, id: hostname };
  };

  const slowDown = async (name: string, size?: number): Promise<Response | undefined> => {
    const wait = await limits.take(name, 1, size);
    return wait === undefined
      ? undefined
      : problem(429, 'rate-limit', 'Too many requests.', `Try again in ${wait} s.`, { 'retry-after': String(wait) });
  };

  /** Who signs in is no one yet: each address has a part of what all have together. */
  const slowSignIn = async ({ client = '' }: RequestContext): Promise<Response | undefined> =>
    (await slowDown(`${signInName} ${client}`, Math.ceil(settings.rateLimit / signInParts))) ?? slowDown(signInName);

  const readBody = async (name: string, request: Request, limit = bodyLimits): Promise<unknown> => {
    const release = bodyBudget.reserve(name, request);
    if (!release) {
      const isGone = !(await dropBody(request, name, bodyBudget, limit));
      const headers = { 'retry-after': '1', ...(isGone && { connection: 'close' }) };
      return problem(429, 'rate-limit', 'Too much is arriving at once.', 'Try again in a moment.', headers);
    }
    const body = await readJson(request, limit).finally(release);
    return body instanceof Response ? withHeaders(body) : body.value;
  };

  const signInWays = (): string[] => {
    const { auth } = app.config;
    if (links) return ['link'];
    return [...(auth?.issuer && auth.client ? ['issuer'] : []), ...(auth?.tokens ? ['token'] : [])];
  };

  const me = async (session: PageSession | undefined): Promise<Response> => {
    if (!session) return json({ signIn: signInWays(), version });
    const requester = requesterOf(session);
    const [{ role, policy }, profiles] = await Promise.all([app.rulesFor(requester), app.profilesFor(requester)]);
    const { principal, method, until } = session;
    return json({ principal, method, until, role, policy, profiles, version });
  };

  const begin = async (request: Request, who: SignedIn): Promise<Response> => {
    const cookie = await sessions.begin(request, who);
    return json({ principal: who.principal }, 200, { 'set-cookie': cookie });
  };

  /** With the code of a link, or with a static token: both come in the body, so that no log or history has them. */
  const signIn = async (request: Request, context: RequestContext): Promise<Response> => {
    const slow = await slowSignIn(context);
    if (slow) return slow;
    const body = await readBody(`${signInName} ${context.client ?? ''}`, request, {
      ...bodyLimits,
      bodyLimit: maxSignIn,
    });
    if (body instanceof Response) return body;
    const { code, token } = isRecord(body) ? body : {};
    if (links) {
      if (typeof code === 'string' && links.use(code))
        return begin(request, { principal: app.config.principal, method: 'link' });
      return problem(
        401,
        'authentication',
        'This link was used already, or is too old.',
        'Start `ui` again for a new one.',
      );
    }
    if (typeof token !== 'string' || !/^[\w.~+/=-]{1,8192}$/.test(token) || !app.config.auth?.tokens)
      return problem(401, 'authentication', 'That is not a token.', 'Paste the token exactly as you got it.');
    const asked = new Request(request.url, { headers: { authorization: `Bearer ${token}` } });
    const found = await identity.identify(asked, context);
    if (found instanceof Response)
      return problem(
        401,
        'authentication',
        'The token is not valid here.',
        'Ask the operator of this server for a new one.',
      );
    return begin(request, { principal: found.principal, method: 'token', tokenHash: hashToken(token) });
  };

  const run = async (name: keyof typeof api, caller: PageCaller, body: unknown): Promise<Response> => {
    try {
      return json(await api[name](caller, body));
    } catch (error) {
      if (error instanceof CallError) return json({ error: describeError(error, 'model') });
      throw error;
    }
  };

  const answer = async (name: string, request: Request, context: RequestContext): Promise<Response> => {
    if (request.method !== 'POST') return problem(405, 'invalid', 'Only POST is taken.', '', { allow: 'POST' });
    if (!isFromOwnPage(request)) {
      context.refused = 'origin';
      return problem(403, 'refused', 'Only the page itself may ask this.', 'Open the page in a browser.');
    }
    if (name === 'sign-in') return signIn(request, context);
    const session = await sessionOf(request);
    if (name === 'me') return me(session);
    if (name === 'sign-out') return json({ done: true }, 200, { 'set-cookie': await sessions.end(request) });
    if (!session) return problem(401, 'authentication', 'You are no longer signed in.', 'Sign in again.');
    const { principal } = session;
    context.principal = principal;
    const slow = await slowDown(principal);
    if (slow) return slow;
    if (name === 'live')
      return (
        live.open(principal, async () => (await sessionOf(request, false)) !== undefined, request.signal) ??
        problem(429, 'rate-limit', 'The page is open in too many tabs.', 'Close some of its tabs.')
      );
    if (!Object.hasOwn(api, name))
      return problem(404, 'not-found', 'There is no such question.', 'Load the page again.');
    if (limits.isFull(principal))
      return problem(429, 'rate-limit', 'Too many requests at once.', 'Try again in a moment.');
    const body = await readBody(principal, request);
    if (body instanceof Response) return body;
    const leave = limits.enter(principal);
    // Only what `hasOwn` found above gets here.
    const caller = { session, context, signal: request.signal, site: siteOf(request) };
    return run(name as keyof typeof api, caller, body).finally(leave);
  };

  return {
    fetch: async (request, context) => {
      const { pathname } = new URL(request.url);
      if (pathname === '/') return serveAsset('index.html', request);
      if (request.method === 'GET' && signInWays().includes('issuer')) {
        if (pathname === '/page/sign-in') return (await slowSignIn(context)) ?? oauth.begin(request, context);
        if (pathname === '/page/callback') return (await slowSignIn(context)) ?? oauth.finish(request, context);
      }
      const [, name] = /^\/page\/api\/([a-z-]{1,30})$/.exec(pathname) ?? [];
      if (name === undefined) return pathname.startsWith('/page/') ? serveAsset(pathname.slice(6), request) : undefined;
      try {
        return await answer(name, request, context);
      } catch (error) {
        report(`${pathname}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`, context);
        return problem(500, 'bug', 'The server made a mistake.', `Its log has more under ${context.request}.`);
      }
    },
  };
};
