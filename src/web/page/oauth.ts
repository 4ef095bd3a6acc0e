import { decodeJwt } from 'jose';
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { App } from '../../app/app.ts';
import { publicUrlOf } from '../../config/public-url.ts';
import { isLoopback } from '../../loopback.ts';
import { isRecord } from '../../rows.ts';
import type { Store } from '../../store/store.ts';
import type { ReportError } from '../core.ts';
import type { Identity } from '../identity.ts';
import { issuerTimeoutMs, readMetadata } from '../jwt.ts';
import type { RequestContext } from '../request-context.ts';
import { pageHeaders } from './assets.ts';
import { cookieName, isSecure, readCookie, type PageSessions } from './sessions.ts';

/** Signing in at the issuer: OAuth's code flow with PKCE (RFC 7636), as a public client. */
export interface OAuthSignIn {
  /** Sends the browser to the issuer. */
  begin(request: Request, context: RequestContext): Promise<Response>;
  /** Takes the browser back: the code becomes a token here, and the token a session. */
  finish(request: Request, context: RequestContext): Promise<Response>;
}

/** What the sign-in needs. */
export interface OAuthOptions {
  app: App;
  store: Pick<Store, 'get' | 'set' | 'setIfAbsent'>;
  sessions: PageSessions;
  identity: Pick<Identity, 'identify'>;
  report: ReportError;
}

/** Milliseconds that a person may take at the issuer. */
const signInMs = 10 * 60_000;
const base = 'cloudstack-sign-in';

interface Begun {
  verifier: string;
  nonce: string;
}

const newSecret = (): string => randomBytes(32).toString('base64url');
const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();
const isSame = (one: string, other: string): boolean => timingSafeEqual(sha256(one), sha256(other));

/** An endpoint that a code, and a person, may be sent to. Throws for one in clear text beyond this machine. */
const endpointOf = (metadata: Readonly<Record<string, unknown>>, name: string): URL => {
  const value = metadata[name];
  if (typeof value !== 'string' || !URL.canParse(value)) throw new Error(`the issuer's metadata has no ${name}`);
  const url = new URL(value);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.hostname)))
    throw new Error(`the issuer's ${name} is not https`);
  return url;
};

/** Opens the sign-in at the configured issuer. */
export const createOAuthSignIn = ({ app, store, sessions, identity, report }: OAuthOptions): OAuthSignIn => {
  const settings = () => {
    const { auth } = app.config;
    const resource = publicUrlOf(auth);
    if (!auth?.issuer || !auth.client || resource === undefined) throw new Error('no client id is configured');
    const { issuer, client, scopes } = auth;
    return { issuer, client, scopes, resource, callback: new URL('/page/callback', resource).href };
  };
  const keyOf = (state: string): string => `page-sign-in:${sha256(state).toString('base64url')}`;
  const cookie = (request: Request, state: string, maxAge: number): string => {
    const secure = isSecure(request, publicUrlOf(app.config.auth));
    // Lax: the browser comes back from the issuer's site, and brings no strict cookie.
    const flags = ['Path=/', 'HttpOnly', 'SameSite=Lax', `Max-Age=${maxAge}`, ...(secure ? ['Secure'] : [])];
    return [`${cookieName(base, request, secure)}=${state}`, ...flags].join('; ');
  };
  /** To our own page, and nowhere else. */
  const toPage = (request: Request, problem: string | undefined, session?: string): Response => {
    const headers = new Headers({ ...pageHeaders, location: problem === undefined ? '/' : `/#problem=${problem}` });
    headers.append('set-cookie', cookie(request, '', 0));
    if (session !== undefined) headers.append('set-cookie', session);
    return new Response(null, { status: 303, headers });
  };

  const fetchToken = async (code: string, { verifier, nonce }: Begun): Promise<string> => {
    const { issuer, client, resource, callback } = settings();
    const response = await fetch(endpointOf(await readMetadata(issuer), 'token_endpoint'), {
      method: 'POST',
      headers: { accept: 'application/json' },
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        code,
        redirect_uri: callback,
        client_id: client,
        code_verifier: verifier,
        resource,
      }),
      redirect: 'error',
      signal: AbortSignal.timeout(issuerTimeoutMs),
    });
    if (!response.ok) throw new Error(`the issuer gave no token for a code (${response.status})`);
    const answer: unknown = await response.json();
    const { access_token: token, id_token: idToken } = isRecord(answer) ? answer : {};
    if (typeof token !== 'string') throw new Error('the issuer gave no access token for a code');
    // It came straight from the issuer: that it is of this sign-in is what is left to check.
    if (typeof idToken === 'string' && decodeJwt(idToken)['nonce'] !== nonce)
      throw new Error("the issuer's id token is of another sign-in");
    return token;
  };

  /** The one sign-in that this browser began; anyone who comes with its state again comes too late. */
  const take = async (request: Request, state: string): Promise<Begun | undefined> => {
    const own = [true, false]
      .map((secure) => readCookie(request, cookieName(base, request, secure)))
      .find((value) => value !== undefined);
    if (own === undefined || !isSame(own, state)) return undefined;
    const text = await store.get(keyOf(state));
    if (!text || !(await store.setIfAbsent(`${keyOf(state)}:used`, signInMs))) return undefined;
    return JSON.parse(text) as Begun;
  };

  return {
    begin: async (request, context) => {
      try {
        const { issuer, client, scopes, resource, callback } = settings();
        const url = endpointOf(await readMetadata(issuer), 'authorization_endpoint');
        const [state, verifier, nonce] = [newSecret(), newSecret(), newSecret()];
        await store.set(keyOf(state), JSON.stringify({ verifier, nonce } satisfies Begun), signInMs);
        const query = {
          response_type: 'code',
          client_id: client,
          redirect_uri: callback,
          ...(scopes.length ? { scope: scopes.join(' ') } : {}),
          state,
          nonce,
          code_challenge: sha256(verifier).toString('base64url'),
          code_challenge_method: 'S256',
          resource,
        };
        for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
        const headers = { ...pageHeaders, location: url.href, 'set-cookie': cookie(request, state, signInMs / 1000) };
        return new Response(null, { status: 302, headers });
      } catch (error) {
        report(`No one can sign in at the issuer: ${String(error)}`, context);
        return toPage(request, 'issuer');
      }
    },
    finish: async (request, context) => {
      const { searchParams } = new URL(request.url);
      const [state, code, from] = ['state', 'code', 'iss'].map((name) => searchParams.get(name));
      const begun = await take(request, state ?? '');
      if (!begun) return toPage(request, 'other');
      if (code === null || code === undefined) return toPage(request, 'denied');
      try {
        // RFC 9207: a code of another issuer goes nowhere.
        if (from && from !== settings().issuer) throw new Error('the answer is of another issuer');
        const token = await fetchToken(code, begun);
        const asked = new Request(request.url, { headers: { authorization: `Bearer ${token}` } });
        const found = await identity.identify(asked, context);
        if (found instanceof Response) return toPage(request, found.status === 403 ? 'role' : 'token');
        const { exp } = decodeJwt(token);
        const who = { principal: found.principal, method: 'issuer' } as const;
        return toPage(
          request,
          undefined,
          await sessions.begin(request, who, exp === undefined ? undefined : exp * 1000),
        );
      } catch (error) {
        report(`A sign-in at the issuer failed: ${String(error)}`, context);
        return toPage(request, 'issuer');
      }
    },
  };
};
