import { createApp } from '../app/app.ts';
import type { Config } from '../config/config.ts';
import { configPathOf } from '../config/places.ts';
import { openConfig } from './open-config.ts';
import { CallError } from '../errors.ts';
import type { DoorRequest } from '../types.ts';
import { exit, printText, type Io } from './io.ts';
import { checkKeepsBounds, isBounded, type KeyBounds, toBounds } from './key-bounds.ts';
import { checkProfile, writeProfileKeys } from './profile-file.ts';
import { requesterAt } from './requester.ts';
import { openSecretFile } from './secret-file.ts';
import { createTerminalConsent } from './terminal.ts';
import type { Row } from '../rows.ts';

/** The flags of `keys`. */
export interface KeysFlags extends KeyBounds {
  secretsTo?: string;
  updateConfig?: boolean;
  settings: Record<string, unknown>;
}

interface Pair {
  apiKey: string;
  secretKey: string;
  /** Its id, where the cloud keeps several pairs of a user (4.23); where it keeps one, the former is gone. */
  id?: string;
}

/** The cloud whose keys these are: the configuration, and who asks. */
interface OwnKeys {
  config: Config;
  caller: DoorRequest['caller'];
  /** The profile that the caller uses. */
  profile: string;
}

const openCloud = async (settings: Record<string, unknown>, io: Io): Promise<OwnKeys> => {
  const config = await openConfig(settings, io);
  const caller = requesterAt(config, settings);
  const app = createApp(config, { stderr: io.stderr });
  try {
    return { config, caller, profile: await app.profileOf(caller) };
  } finally {
    await app.close();
  }
};

/** Makes one call, with secrets or without, and gives its one row. */
const ask = async (
  { config, caller }: OwnKeys,
  io: Io,
  request: Pick<DoorRequest, 'tool' | 'args'> & { secrets: boolean },
): Promise<Row> => {
  const app = createApp(config, { stderr: io.stderr });
  try {
    const { rows } = await app.call({
      tool: request.tool,
      args: request.args,
      view: { secrets: request.secrets, whole: true },
      wait: config.wait * 1000,
      caller,
      consent: createTerminalConsent(io),
      signal: io.signal,
    });
    return rows()[0] ?? {};
  } finally {
    await app.close();
  }
};

/** `keys show USER`: whether a user has keys; they stay masked. */
export const showKeys = async (user: string, { settings }: KeysFlags, io: Io): Promise<number> => {
  const cloud = await openCloud(settings, io);
  const row = await ask(cloud, io, { tool: 'getUserKeys', args: { id: user }, secrets: false });
  const print = (field: string): string => (row[field] ? String(row[field]) : 'none');
  await printText(io.stdout, `API key:    ${print('apikey')}\nSecret key: ${row['secretkey'] ? 'exists' : 'none'}`);
  return exit.done;
};

const toPair = (row: Row): Pair => {
  const { apikey, secretkey, id } = row;
  if (typeof apikey === 'string' && typeof secretkey === 'string')
    return { apiKey: apikey, secretKey: secretkey, ...(typeof id === 'string' ? { id } : {}) };
  throw new CallError(
    'unknown-outcome',
    'CloudStack answered without a complete key pair; the previous one may be replaced already.',
    'Look with keys show, and register again.',
  );
};

const needFile = (path: string | undefined): string => {
  if (path !== undefined) return path;
  throw new CallError(
    'configuration',
    'New keys are never printed; they go into a file.',
    'Name it: --secrets-to FILE. It must not exist yet.',
  );
};

/** Makes a new pair and has it on the disk before anything else happens. */
const makePair = async (
  user: string,
  path: string,
  cloud: OwnKeys,
  io: Io,
  bounds: Record<string, unknown> = {},
): Promise<Pair> => {
  const file = openSecretFile(path);
  try {
    const row = await ask(cloud, io, { tool: 'registerUserKeys', args: { id: user, ...bounds }, secrets: true });
    const pair = toPair(row);
    const { apiKey, secretKey } = pair;
    file.write(JSON.stringify({ user, apiKey, secretKey }, null, 2));
    return pair;
  } finally {
    file.close();
  }
};

const formerGone = 'Previous ones no longer work: CloudStack replaces keys at once.';
const formerStay = 'Previous ones work as before. call list-user-keys shows them, call delete-user-keys deletes one.';

/** The bounds that the flags ask for, where the cloud keeps them. */
const readBounds = async (flags: KeysFlags, cloud: OwnKeys, io: Io): Promise<Record<string, unknown>> => {
  if (!isBounded(flags)) return {};
  checkKeepsBounds(await ask(cloud, io, { tool: 'listApis', args: { name: 'registerUserKeys' }, secrets: false }));
  const app = createApp(cloud.config, { stderr: io.stderr });
  try {
    return toBounds(flags, await app.catalog(cloud.profile));
  } finally {
    await app.close();
  }
};

/** `keys register USER`: makes a pair, within bounds where asked to, and writes it to a new file. */
export const registerKeys = async (user: string, flags: KeysFlags, io: Io): Promise<number> => {
  const path = needFile(flags.secretsTo);
  const cloud = await openCloud(flags.settings, io);
  const pair = await makePair(user, path, cloud, io, await readBounds(flags, cloud, io));
  const end = flags.until === undefined ? '' : ` They stop working at ${flags.until}.`;
  await printText(
    io.stdout,
    `New keys of ${user} are in ${path} (readable by you only).${end} ${pair.id === undefined ? formerGone : formerStay}`,
  );
  return exit.done;
};

/** The same cloud, signed with another pair. */
const signedWith = ({ apiKey, secretKey }: Pair, { config, profile, ...cloud }: OwnKeys): OwnKeys => ({
  ...cloud,
  profile,
  config: { ...config, profiles: { [profile]: { ...config.profiles[profile]!, secret: { apiKey, secretKey } } } },
});

/** Makes a signed call with the new pair. */
const prove = async (pair: Pair, path: string, cloud: OwnKeys, io: Io): Promise<void> => {
  const renewed = signedWith(pair, cloud);
  const proving = { ...renewed, config: { ...renewed.config, discover: false } };
  try {
    await ask(proving, io, { tool: 'listCapabilities', args: {}, secrets: false });
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    throw new CallError(
      error.kind === 'cancelled' ? 'cancelled' : 'failed',
      `The new keys are in ${path}, but a call signed with them failed: ${error.message}`,
      `${pair.id === undefined ? 'The previous keys no longer work: CloudStack replaces keys at once.' : 'The previous keys still work.'} Keep the file, and try the new keys again before you register others.`,
      { cause: error },
    );
  }
};

/** Deletes the pair that the profile had, of a cloud that keeps several; asks the user as for any such call. */
const deleteFormer = async (apiKey: string, cloud: OwnKeys, io: Io): Promise<void> => {
  const args = { apikeyfilter: apiKey, listall: true };
  const { id } = await ask(cloud, io, { tool: 'listUserKeys', args, secrets: false });
  if (typeof id !== 'string') return;
  await ask(cloud, io, { tool: 'deleteUserKeys', args: { keypairid: id }, secrets: false });
  await printText(io.stdout, 'The previous keys were deleted.');
};

/**
 * `keys rotate USER`: makes a new pair, writes it down, proves it with a signed call, and puts it into the profile of the
 * configuration file where asked to. Before 4.23 CloudStack keeps no former pair: from the answer on, only the new one works.
 * From 4.23 on the profile's former pair is deleted once the profile has the new one.
 */
export const rotateKeys = async (user: string, flags: KeysFlags, io: Io): Promise<number> => {
  const path = needFile(flags.secretsTo);
  const cloud = await openCloud(flags.settings, io);
  const { config, profile } = cloud;
  const configPath = configPathOf(flags.settings, io.env);
  // What would fail afterwards is found out before the former keys are lost.
  const owner = flags.updateConfig ? checkProfile(configPath, profile, config.profiles[profile]) : undefined;
  if (owner !== undefined) await checkOwner(user, owner, cloud, io);
  const pair = await makePair(user, path, cloud, io);
  await printText(io.stdout, `New keys of ${user} are in ${path} (readable by you only).`);
  await prove(pair, path, cloud, io);
  await printText(io.stdout, `A call signed with them worked. ${pair.id === undefined ? formerGone : formerStay}`);
  if (owner === undefined) return exit.done;
  writeProfileKeys(configPath!, profile, pair, path);
  await printText(io.stdout, `The profile ${profile} in ${configPath} has the new keys.`);
  if (pair.id !== undefined) await deleteFormer(owner, signedWith(pair, cloud), io);
  return exit.done;
};

/** The profile must sign as the user whose keys are replaced: another's keys do not belong into it. */
const checkOwner = async (user: string, apiKey: string, cloud: OwnKeys, io: Io): Promise<void> => {
  const row = await ask(cloud, io, { tool: 'getUser', args: { userapikey: apiKey }, secrets: false });
  if (row['id'] === user || row['username'] === user) return;
  throw new CallError(
    'configuration',
    `The profile ${cloud.profile} signs as ${String(row['username'])}, not as ${user}. Nothing was changed.`,
    'Leave --update-config out, or choose the profile of that user with --profile.',
  );
};
