import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { CallError } from '../errors.ts';
import { readText } from './read-text.ts';

type Section = Record<string, string | undefined>;

const places: Record<string, readonly string[]> = {
  cloudmonkey: [join(homedir(), '.cmk', 'config')],
  cs: ['cloudstack.ini', join(homedir(), '.cloudstack.ini')],
};

const clean = (profile: Record<string, string | undefined>): Record<string, string> =>
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

/** cs: a section a region, endpoint, key, secret. */
const fromCs = (section: Section) =>
  clean({ url: section['endpoint'], apiKey: section['key'], secretKey: section['secret'] });

/**
 * Profiles out of another tool's configuration: `cloudmonkey`, `cs`, or the path of such a file. The profile that
 * cloudmonkey has chosen is also called `default`.
 */
export const importProfiles = async (source: string): Promise<{ path: string; profiles: Record<string, unknown> }> => {
  const path = (places[source] ?? [source]).find((place) => existsSync(place));
  if (!path)
    throw new CallError(
      'configuration',
      `No configuration of ${source} was found.`,
      'Give cloudmonkey, cs, or the path of such a file.',
    );
  const { parse } = (await import('ini')).default;
  const file = parse(readText(path, 'The configuration')) as Record<string, Section | string>;
  const sections = Object.entries(file).filter((entry): entry is [string, Section] => typeof entry[1] === 'object');
  const profiles: Record<string, unknown> = {};
  for (const [name, section] of sections) {
    const profile = section['endpoint'] ? fromCs(section) : fromCloudmonkey(section);
    if (profile['url']) profiles[name] = profile;
  }
  const chosen =
    typeof file['profile'] === 'string' ? file['profile'] : (file['core'] as Section | undefined)?.['profile'];
  const main = profiles[chosen ?? ''] ?? profiles['cloudstack'] ?? Object.values(profiles)[0];
  return { path, profiles: main === undefined ? profiles : { ...profiles, default: main } };
};
