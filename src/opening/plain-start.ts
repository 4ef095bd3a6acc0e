import { isUnfilled, toEndpoint } from '../config/endpoint.ts';
import type { Environment } from '../config/values.ts';
import { isLoopback } from '../loopback.ts';
import type { PreparedOpening, PreparedSetting } from './prepared.ts';

const flags = /^(?:true|1|yes|on|false|0|no|off)$/i;

const isRight = (setting: PreparedSetting, text: string): boolean => {
  if (setting === 'text') return true;
  if (setting === 'flag') return flags.test(text);
  if ('minimum' in setting)
    return /^\d{1,15}$/.test(text) && Number(text) >= setting.minimum && Number(text) <= setting.maximum;
  return setting.includes(text);
};

const isFilled = (value: string | undefined): boolean => Boolean(value) && !isUnfilled(value!);

/** The variables of one cloud, all of them as they should be: nothing to say of it, nothing to warn of. */
const isPlainCloud = (env: Environment): boolean => {
  const { CLOUDSTACK_API_URL: url = '', CLOUDSTACK_DOMAIN: domain = '' } = env;
  const found = isUnfilled(url) || isUnfilled(domain) ? undefined : toEndpoint(url);
  if (!found || found.repaired !== undefined) return false;
  const { protocol, hostname } = new URL(found.url);
  const keys = [env['CLOUDSTACK_API_KEY'], env['CLOUDSTACK_SECRET_KEY']];
  const login = [env['CLOUDSTACK_USERNAME'], env['CLOUDSTACK_PASSWORD']];
  const isWhole = keys.every(isFilled) ? !login.some(Boolean) : login.every(isFilled) && !keys.some(Boolean);
  return isWhole && (protocol === 'https:' || isLoopback(hostname));
};

const ofCloud = new Set([
  'CLOUDSTACK_API_URL',
  'CLOUDSTACK_API_KEY',
  'CLOUDSTACK_SECRET_KEY',
  'CLOUDSTACK_USERNAME',
  'CLOUDSTACK_PASSWORD',
  'CLOUDSTACK_DOMAIN',
]);

/** Others read this variable as seconds: of a short time the configuration warns. */
const isWarnedOf = (name: string, text: string): boolean => name === 'CLOUDSTACK_TIMEOUT' && Number(text) < 1000;

/** Proxies and collectors are read from the environment, too, and may be wrong. */
const others = /^(?:OTEL_|https?_proxy$)/i;

/**
 * Whether a start is plainly right, so that what a host asks first can be answered before the configuration is read: the
 * server on stdio with variables alone, for one cloud or the simulator. False where anything more has to be looked at.
 */
export const isPlainStart = (argv: readonly string[], env: Environment, { settings }: PreparedOpening): boolean => {
  const words = argv[0] === 'serve' ? argv.slice(1) : argv;
  if (words.some((word) => word !== '--simulator')) return false;
  const given = Object.entries(env).filter((entry): entry is [string, string] => Boolean(entry[1]));
  const isKnown = ([name, text]: [string, string]): boolean => {
    if (!name.startsWith('CLOUDSTACK_')) return !others.test(name);
    if (isWarnedOf(name, text)) return false;
    return ofCloud.has(name) || (Object.hasOwn(settings, name) && isRight(settings[name]!, text));
  };
  // Of the simulator's own start nothing can be wrong, but variables of a cloud may be.
  return given.every(isKnown) && (isPlainCloud(env) || (words.includes('--simulator') && !env['CLOUDSTACK_API_URL']));
};
