import type { Writable } from 'node:stream';
import { createApp } from '../app/app.ts';
import { loadConfig, type Config } from '../config/config.ts';
import { toProfile } from '../config/profile.ts';
import type { Environment } from '../config/values.ts';
import { findConnectionProblem } from '../cloudstack/connection-problem.ts';
import { CallError } from '../errors.ts';
import type { Row } from '../rows.ts';
import { fetchKeyPair } from './key-pair.ts';
import type { NewProfile } from './own-files.ts';
import { callerOf, whoIs } from './who-is.ts';

/** Who a new profile is to its cloud. */
export interface Connected {
  profile: NewProfile;
  /** As `whoami` tells it. */
  who: Row;
  /** The pair was made now. */
  isNewPair?: boolean;
}

/** What of the program a connection needs. */
export interface ConnectOptions {
  env: Environment;
  stderr: Writable;
  signal: AbortSignal;
}

/** Milliseconds that a cloud may take for one answer while a person waits. */
const maxTimeoutMs = 10_000;

const isAnotherCloud = (name: string): boolean =>
  /^CLOUDSTACK_(?:API_|SECRET_|USERNAME|PASSWORD|DOMAIN|MCP_(?:CONFIG|CREDENTIALS|SIMULATOR|PROFILE|SIGNATURE))/.test(
    name,
  );

/** A configuration with this profile alone; one that does not answer at once is told of, not waited for. */
const configFor = async ({ url, credential, caFile }: NewProfile, env: Environment): Promise<Config> => {
  const rest = Object.fromEntries(Object.entries(env).filter(([name]) => !isAnotherCloud(name)));
  const profile = toProfile('default', {
    url,
    ...Object.fromEntries(Object.entries(credential).filter(([, value]) => value !== undefined)),
    ...(caFile === undefined ? {} : { caFile }),
  });
  // A URL alone keeps the configuration that is already there out of it.
  const named = { CLOUDSTACK_API_URL: url, CLOUDSTACK_API_KEY: 'none', CLOUDSTACK_SECRET_KEY: 'none' };
  const config = await loadConfig({ retries: 0, callTimeout: 20_000 }, { ...rest, ...named });
  const timeout = Math.min(config.timeout, maxTimeoutMs);
  return { ...config, timeout, profile: 'default', profiles: { default: profile } };
};

/** Asks the cloud who the profile is, as `whoami` tells it. */
const ask = async (profile: NewProfile, { env, stderr, signal }: ConnectOptions): Promise<Row> => {
  const outcome = await whoIs(await configFor(profile, env), { stderr, signal }).catch((error: unknown) => {
    // A cloud that says nothing to a first question is no slow one.
    const mend = error instanceof CallError && error.kind === 'timeout' ? findConnectionProblem(['TIMEOUT'])?.mend : '';
    throw mend ? new CallError('timeout', (error as CallError).message, mend, { cause: error }) : error;
  });
  return outcome.rows()[0] ?? {};
};

/**
 * Tests a profile with a signed call, or a login. With `keys` a login gives way to the user's key pair, which is made
 * where there is none; it says how the person agreed to that, for the audit log. Throws a CallError that says what is wrong and how to fix it.
 */
export const connect = async (
  profile: NewProfile,
  { keys, ...options }: ConnectOptions & { keys?: string | undefined },
): Promise<Connected> => {
  const { credential, ...rest } = profile;
  if (keys === undefined || !('username' in credential)) return { profile, who: await ask(profile, options) };
  const config = await configFor(profile, options.env);
  const app = createApp(config, { stderr: options.stderr });
  let found;
  try {
    found = await fetchKeyPair(app, credential.username, {
      caller: callerOf(config),
      signal: options.signal,
      agreedBy: keys,
    });
  } finally {
    await app.close();
  }
  const signed = { ...rest, credential: found.pair };
  return { profile: signed, who: await ask(signed, options), isNewPair: found.isNew };
};
