import { join } from 'node:path';
import type { Config } from './config.ts';
import type { Profile } from './profile.ts';
import { toEndpoint } from './endpoint.ts';
import { stateFolderOf } from './places.ts';
import { byName, simulatorProfile } from './profile-names.ts';
import type { Settings } from './settings.ts';
import type { Environment } from './values.ts';

/** What the build knows of every start with variables alone. */
export interface PreparedConfig {
  /** Each setting without a value of its own. */
  defaults: Settings;
  /** What nothing of such a start changes. */
  otlp: Config['otlp'];
  /** The settings that such a start may set, by variable. */
  names: Readonly<Record<string, keyof Settings>>;
}

const isYes = /^(?:true|1|yes|on)$/i;

const readAs = (initial: unknown, text: string): unknown => {
  if (typeof initial === 'boolean') return isYes.test(text);
  return typeof initial === 'number' ? Number(text) : text;
};

const toProfile = (env: Environment): Profile => {
  const { url: endpoint } = toEndpoint(env['CLOUDSTACK_API_URL']!)!;
  const { CLOUDSTACK_API_KEY: apiKey, CLOUDSTACK_SECRET_KEY: secretKey } = env;
  if (apiKey && secretKey) return { endpoint, secret: { apiKey, secretKey } };
  const [username, password] = [env['CLOUDSTACK_USERNAME']!, env['CLOUDSTACK_PASSWORD']!];
  return { endpoint, secret: { username, password, domain: env['CLOUDSTACK_DOMAIN'] || undefined } };
};

/**
 * The configuration of a plain start (opening/plain-start.ts): what `loadConfig` gives for it, without the schemas, which take
 * longer to load than a first call takes.
 */
export const readPlainConfig = (
  env: Environment,
  isSimulated: boolean,
  { defaults, otlp, names }: PreparedConfig,
): Config => {
  const given = Object.entries(names).flatMap(([variable, name]) => {
    const text = env[variable];
    return text ? [[name, readAs(defaults[name], text)] as const] : [];
  });
  const settings = { ...defaults, ...(Object.fromEntries(given) as Partial<Settings>) };
  const folder = settings.state || stateFolderOf(env);
  const state = isSimulated ? join(folder, simulatorProfile) : folder;
  return {
    ...settings,
    simulator: isSimulated,
    profile: isSimulated ? simulatorProfile : defaults.profile,
    state,
    audit: settings.audit || join(state, 'audit.jsonl'),
    otlp,
    warnings: [],
    otherTools: [],
    profiles: isSimulated ? byName([[simulatorProfile, {}]]) : byName([[defaults.profile, toProfile(env)]]),
  };
};
