import { createHash, randomBytes } from 'node:crypto';
import type { HttpSettings } from '../../config/http.ts';
import { isRecord } from '../../rows.ts';
import type { Store } from '../../store/store.ts';

/** How a person signed in: at the issuer, with a static token, or with the link that their own terminal showed. */
export type SignInMethod = 'issuer' | 'token' | 'link';

/** Someone who is signed in. Times in milliseconds since 1970. */
export interface PageSession {
  principal: string;
  method: SignInMethod;
  /** The hash of the static token, whose end is the session's end. */
  tokenHash?: string | undefined;
  /** When it ends, however much it is used. */
  until: number;
  /** When its use was last noted. */
  seen: number;
}

/** Who has just signed in. */
export type SignedIn = Pick<PageSession, 'principal' | 'method' | 'tokenHash'>;

/** Sessions of the page: the browser holds a random id, the store what it stands for, under the id's hash. */
export interface PageSessions {
  /** Begins a session under a new id; `until`: when what it rests on ends. Returns the header that gives the browser its cookie. */
  begin(request: Request, who: SignedIn, until?: number): Promise<string>;
  /** `isUse`: someone does something, so that the session goes on. */
  find(request: Request, isUse?: boolean): Promise<PageSession | undefined>;
  /** Ends the session; returns the header that takes the cookie back. */
  end(request: Request): Promise<string>;
}

/** A session's use is noted this often (milliseconds). */
const noteIntervalMs = 30_000;

/** Whether the browser came over TLS: it says so itself where it sends an origin; a proxy that ends TLS says so, too. */
export const isSecure = ({ headers }: Request, publicUrl?: string): boolean =>
  publicUrl?.startsWith('https:') === true ||
  headers.get('origin')?.startsWith('https:') === true ||
  headers.get('x-forwarded-proto') === 'https';

/** Reads one cookie of a request. */
export const readCookie = ({ headers }: Request, name: string): string | undefined =>
  (headers.get('cookie') ?? '')
    .split(/; */)
    .flatMap((pair) => (pair.startsWith(`${name}=`) ? [pair.slice(name.length + 1)] : []))[0];

/** The cookie of a name: under `__Host-` where TLS allows it; on loopback one for each port, which browsers mix up. */
export const cookieName = (base: string, request: Request, secure: boolean): string =>
  secure ? `__Host-${base}` : `${base}-${new URL(request.url).port || '80'}`;

const base = 'cloudstack-page';
const keyOf = (id: string): string => `page:${createHash('sha256').update(id).digest('base64url')}`;
const idPattern = /^[\w-]{43}$/;

/** Opens the sessions of the page in a store that replicas share. */
export const createPageSessions = (
  store: Pick<Store, 'get' | 'set'>,
  { sessionIdle, sessionLifetime }: Pick<HttpSettings, 'sessionIdle' | 'sessionLifetime'>,
  publicUrl: () => string | undefined,
): PageSessions => {
  const save = (key: string, session: PageSession): Promise<void> =>
    store.set(key, JSON.stringify(session), Math.max(1, Math.min(sessionIdle, session.until - Date.now())));
  const idOf = (request: Request): string | undefined =>
    [true, false]
      .map((secure) => readCookie(request, cookieName(base, request, secure)))
      .find((id) => id !== undefined && idPattern.test(id));
  const cookie = (request: Request, id: string, maxAge: number): string => {
    const secure = isSecure(request, publicUrl());
    return [
      `${cookieName(base, request, secure)}=${id}`,
      'Path=/',
      'HttpOnly',
      'SameSite=Strict',
      `Max-Age=${maxAge}`,
      ...(secure ? ['Secure'] : []),
    ].join('; ');
  };
  const forget = async (request: Request): Promise<void> => {
    const old = idOf(request);
    if (old !== undefined) await store.set(keyOf(old), '', 1000);
  };
  return {
    begin: async (request, who, until = Infinity) => {
      // What the browser came with ends, so that no one signs in to a session that someone else has chosen.
      await forget(request);
      const id = randomBytes(32).toString('base64url');
      const end = Math.min(until, Date.now() + sessionLifetime);
      await save(keyOf(id), { ...who, until: end, seen: Date.now() });
      return cookie(request, id, Math.ceil((end - Date.now()) / 1000));
    },
    find: async (request, isUse = true) => {
      const id = idOf(request);
      const text = id === undefined ? undefined : await store.get(keyOf(id));
      if (id === undefined || !text) return undefined;
      const session: unknown = JSON.parse(text);
      if (!isRecord(session)) return undefined;
      // Only this file writes under these keys.
      const found = session as unknown as PageSession;
      const now = Date.now();
      if (found.until <= now) return undefined;
      if (isUse && now - found.seen > Math.min(noteIntervalMs, sessionIdle / 4))
        await save(keyOf(id), { ...found, seen: now });
      return found;
    },
    end: async (request) => {
      await forget(request);
      return cookie(request, '', 0);
    },
  };
};
