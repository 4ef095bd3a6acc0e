import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CallError } from '../errors.ts';
import { homeOf } from './places.ts';
import { readIni, type Sections } from './read-ini.ts';
import { readText } from './read-text.ts';
import type { Environment } from './values.ts';

type Section = Readonly<Record<string, string>>;

/** Where a tool keeps its configuration; of several files the later win, key by key, as with cs itself. */
const places: Readonly<Record<string, (env: Environment) => string[]>> = {
  cloudmonkey: (env) => [join(homeOf(env), '.cmk', 'config')],
  cs: (env) => [
    join(homeOf(env), '.cloudstack.ini'),
    'cloudstack.ini',
    ...(env['CLOUDSTACK_CONFIG'] ? [env['CLOUDSTACK_CONFIG']] : []),
  ],
};

const clean = (profile: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(Object.entries(profile).filter((entry): entry is [string, string] => !!entry[1]));

/** cloudmonkey: a section a profile, url, apikey, secretkey or username, password, domain. */
const fromCloudmonkey = (section: Section) =>
  clean({
    url: section['url'],
    apiKey: section['apikey'],
    secretKey: section['secretkey'],
    username: section['username'],
    password: section['password'],
    domain: section['domain'],
    // Such as HmacSHA512, since cloudmonkey 6.6.
    signature: section['signaturealgorithm']?.toLowerCase().replace(/^hmac/, ''),
  });

/** cs: a section a region, endpoint, key, secret; Python's ConfigParser writes a per cent sign twice. */
const fromCs = (section: Section) =>
  clean({
    url: section['endpoint'],
    apiKey: section['key'],
    secretKey: section['secret']?.replaceAll('%%', '%'),
  });

/** Several files as one: sections of one name are joined, and what later files say wins. */
const readAll = (paths: readonly string[]): Sections => {
  const all: Sections = {};
  for (const path of paths)
    for (const [name, section] of Object.entries(readIni(readText(path, 'The configuration'))))
      all[name] = { ...all[name], ...section };
  return all;
};

/**
 * Profiles out of another tool's configuration: `cloudmonkey`, `cs`, or the path of such a file. The profile that
 * cloudmonkey has chosen, or the region that cs would use, is also called `default`.
 */
export const importProfiles = (
  source: string,
  env: Environment,
): { paths: readonly string[]; profiles: Record<string, unknown> } => {
  const paths = (places[source]?.(env) ?? [source]).filter((place) => existsSync(place));
  if (!paths.length)
    throw new CallError(
      'configuration',
      `No configuration of ${source} was found.`,
      'Give cloudmonkey, cs, or the path of such a file.',
    );
  const { '': top = {}, DEFAULT: common = {}, ...sections } = readAll(paths);
  const profiles: Record<string, unknown> = {};
  for (const [name, own] of Object.entries(sections)) {
    const section = { ...common, ...own };
    const profile = section['endpoint'] ? fromCs(section) : fromCloudmonkey(section);
    if (profile['url']) profiles[name] = profile;
  }
  const chosen = top['profile'] ?? common['profile'] ?? sections['core']?.['profile'] ?? env['CLOUDSTACK_REGION'];
  const main = profiles[chosen ?? ''] ?? profiles['cloudstack'] ?? Object.values(profiles)[0];
  return { paths, profiles: main === undefined ? profiles : { ...profiles, default: main } };
};

/** The variables of cs and of Ansible's modules, which are not read here, with ours. */
const otherVariables: Readonly<Record<string, string>> = {
  CLOUDSTACK_ENDPOINT: 'CLOUDSTACK_API_URL',
  CLOUDSTACK_KEY: 'CLOUDSTACK_API_KEY',
  CLOUDSTACK_SECRET: 'CLOUDSTACK_SECRET_KEY',
};

/** Where other tools are configured on this machine, and how to use that, a sentence each. */
export const findOtherTools = (env: Environment): string[] => {
  const files = Object.entries(places).flatMap(([tool, list]) => {
    const found = list(env).filter((place) => existsSync(place));
    return found.length ? [`${found.join(' and ')} of ${tool} is there: --credentials ${tool} uses it.`] : [];
  });
  const set = Object.entries(otherVariables).filter(([name]) => env[name]);
  const names = set.map(([name, own]) => `${name} as ${own}`).join(', ');
  return set.length ? [...files, `Variables of cs and Ansible are set, and not read here: set ${names}.`] : files;
};
