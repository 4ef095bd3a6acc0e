import { createHash, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { CallError } from '../errors.ts';
import { openEnvelope } from './envelope.ts';
import { minTimeMs } from './not-sent.ts';
import { waitForPromise } from './wait.ts';
import { expiresAt, toQuery, toSignedQuery, type Algorithm } from './sign.ts';
import type { HttpRequest, HttpResponse } from './transport.ts';

/** A user's name and password, for a login session. */
interface UserPassword {
  username: string;
  password: string;
  domain?: string | undefined;
}

/** A key pair, or what a user logs in with. */
export type Secret = { apiKey: string; secretKey: string } | UserPassword;

/** A request before it is addressed, with its signature or session. */
export type Draft = Pick<HttpRequest, 'body'> & {
  query: string;
  headers: Record<string, string>;
  /** How it is signed, if it is. */
  algorithm?: Algorithm;
};

/** How an endpoint takes signatures, once it has taken one; all credentials share what was learned. */
export interface KnownAlgorithm {
  value?: Algorithm;
}

/** Authenticates requests. */
export interface Credential {
  /**
   * The parameters with whatever proves who asks. Waits for a login until `deadline` (milliseconds since 1970); with
   * `login: false` no one is logged in, and the request may prove nothing. `refused`: the draft that this one replaces.
   */
  prove(
    params: Readonly<Record<string, string>>,
    signal: AbortSignal,
    options?: { deadline?: number | undefined; login?: boolean | undefined; refused?: Draft | undefined },
  ): Promise<Draft>;
  /** Drops what CloudStack refused, a session or a way to sign. True if a retry makes sense: the request was not run. */
  renew(refused: Draft): boolean;
  /** Notes that CloudStack took a draft for what it is. */
  accept(draft: Draft): void;
  /** Whether a refusal would be the last word: how to prove who asks need not be found out any more. */
  isSettled(): boolean;
  /** Ends a login session. */
  close(signal: AbortSignal): Promise<void>;
}

/** Minutes that a signed request is valid; CloudStack refuses more than 15 where it enforces time stamps. */
const lifetime = 10 * 60_000;

/** How signatures are made: with one algorithm, or with the one that the cloud takes. */
export type SignatureSetting = 'auto' | Algorithm;

/**
 * Signs every request with a key pair. With `auto` the first read finds out how: with SHA-1, which every release up to 4.22
 * takes and no other, then with SHA-512. A wrong algorithm looks like a wrong key (401), so what is unknown stays unknown
 * until a request was taken.
 */
export const createKeyCredential = (
  { apiKey, secretKey }: { apiKey: string; secretKey: string },
  setting: SignatureSetting = 'auto',
  known: KnownAlgorithm = {},
): Credential => {
  const chosen = (): Algorithm | undefined => (setting === 'auto' ? known.value : setting);
  const other = (algorithm: Algorithm | undefined): Algorithm => (algorithm === 'sha1' ? 'sha512' : 'sha1');
  return {
    prove: (params, _signal, { refused } = {}) => {
      const algorithm = chosen() ?? other(refused?.algorithm);
      const all = { ...params, apiKey, signatureVersion: '3', expires: expiresAt(Date.now(), lifetime) };
      return Promise.resolve({ query: toSignedQuery(all, secretKey, algorithm), headers: {}, algorithm });
    },
    // Another request may have found out meanwhile.
    renew: ({ algorithm }) => chosen() !== algorithm,
    accept: ({ algorithm }) => {
      if (algorithm) known.value ??= algorithm;
    },
    isSettled: () => chosen() !== undefined,
    close: () => Promise.resolve(),
  };
};

interface LoginSession {
  key: string;
  cookie: string;
}

const cookiesOf = (response: HttpResponse): string => {
  const header = response.headers['set-cookie'] ?? [];
  return (Array.isArray(header) ? header : [header]).map((cookie) => cookie.split(';', 1)[0]).join('; ');
};

/** CloudStack's answer to a wrong name or password, and to a user who is disabled. */
const loginRefused = 531;
/** Time for which a login that was refused is not repeated; doubles each time, up to an hour. */
const refusedMs = 5 * 60_000;
const maxRefusedMs = 60 * 60_000;

/**
 * Remembers that a login was refused: CloudStack disables a user after a few (`incorrect.login.attempts.allowed`), and no
 * retry, probe or second caller shall use them up.
 */
const createRefusals = (now: () => number) => {
  let last: { error: CallError; at: number; until: number; count: number } | undefined;
  return {
    record: (error: unknown): void => {
      if (!(error instanceof CallError) || error.code !== loginRefused) return;
      const count = (last?.count ?? 0) + 1;
      last = { error, at: now(), until: now() + Math.min(refusedMs * 2 ** (count - 1), maxRefusedMs), count };
    },
    forget: (): void => {
      last = undefined;
    },
    /** Throws what was answered then, while it is too early to ask again. */
    check: (): void => {
      if (!last || now() >= last.until) return;
      const [ago, left] = [now() - last.at, last.until - now()].map((time) => Math.ceil(time / 1000));
      throw new CallError(
        'authentication',
        `${last.error.message} (${ago} s ago; nothing was sent)`,
        `The next login is tried in ${left} s at the earliest, because CloudStack disables a user after a few refused ones. Correct the name or the password, then restart this program.`,
      );
    },
  };
};

/**
 * Logs in with the first request and again when the session has ended; one login for many requests. It does not end with
 * the request that asked for it first, because others wait for it too.
 */
export const createSessionCredential = (
  { username, password, domain }: { username: string; password: string; domain?: string | undefined },
  post: (command: string, body: string, headers: Record<string, string>, signal: AbortSignal) => Promise<HttpResponse>,
  now: () => number = Date.now,
): Credential => {
  const refusals = createRefusals(now);
  let session: LoginSession | undefined;
  let opening: Promise<LoginSession> | undefined;
  const login = async (): Promise<LoginSession> => {
    const params = { command: 'login', response: 'json', username, password, ...(domain ? { domain } : {}) };
    const response = await post('login', toQuery(params), {}, new AbortController().signal);
    const { sessionkey, is2faenabled, is2faverified } = openEnvelope('login', response);
    if (is2faenabled === 'true' && is2faverified === 'false')
      throw new CallError(
        'authentication',
        'login: this user has a second factor.',
        'Use an API key pair: keys skip the second factor.',
      );
    return (session = { key: String(sessionkey), cookie: cookiesOf(response) });
  };
  const open = (): Promise<LoginSession> => {
    refusals.check();
    opening ??= login()
      .then(
        (opened) => {
          refusals.forget();
          return opened;
        },
        (error: unknown) => {
          refusals.record(error);
          throw error;
        },
      )
      .finally(() => (opening = undefined));
    return opening;
  };
  return {
    prove: async (params, signal, { deadline = Infinity, login: mayLogIn = true } = {}) => {
      if (!session && !mayLogIn) {
        refusals.check();
        return { query: toQuery(params), headers: {} };
      }
      const limit = { command: params['command'] ?? 'login', signal, deadline: deadline - minTimeMs };
      const { key, cookie } = session ?? (await waitForPromise(limit, open(), 'the login took too long'));
      return { query: toQuery({ ...params, sessionkey: key }), headers: { cookie } };
    },
    renew: ({ headers }) => {
      // Another request that was refused with it may have renewed it already.
      if (headers['cookie'] === session?.cookie) session = undefined;
      return true;
    },
    accept: () => undefined,
    isSettled: () => true,
    close: async (signal) => {
      await opening?.catch(() => undefined);
      const open = session;
      session = undefined;
      if (!open) return;
      const body = toQuery({ command: 'logout', response: 'json', sessionkey: open.key });
      // The session expires by itself if this fails; the server is closing, so nothing is reported.
      await post('logout', body, { cookie: open.cookie }, signal).catch(() => undefined);
    },
  };
};

const stretch = promisify(scrypt) as (secret: string, salt: string, length: number) => Promise<Buffer>;

/**
 * A name for an endpoint and a credential that does not reveal the credential: the same wherever both are the same.
 * Passwords are stretched: they are short enough to be guessed from a plain hash.
 */
export const identityOf = async (endpoint: string, secret: Secret): Promise<string> => {
  const text = JSON.stringify([endpoint, ...Object.entries(secret).sort()]);
  const hash = 'apiKey' in secret ? createHash('sha256').update(text).digest() : await stretch(text, endpoint, 32);
  return hash.subarray(0, 20).toString('base64url');
};
