import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { isScalar, parseDocument } from 'yaml';
import type { Profile } from '../config/profile.ts';
import { CallError } from '../errors.ts';

const place = (profile: string, ...rest: string[]): string[] => ['profiles', profile, ...rest];

/**
 * The API key of the profile in use, if it stands in that file and can be replaced there. Throws a configuration error
 * that says why not.
 */
export const checkProfile = (path: string | undefined, profile: string, used: Profile | undefined): string => {
  const wrong = (why: string): CallError =>
    new CallError('configuration', `The profile ${profile} cannot be updated: ${why}.`, 'Leave --update-config out.');
  if (path === undefined) throw wrong('there is no configuration file');
  const found = parseDocument(readFileSync(path, 'utf8'));
  const key = found.getIn(place(profile, 'apiKey'));
  const secret = used?.secret;
  if (typeof key !== 'string' || !secret || !('apiKey' in secret) || secret.apiKey !== key)
    throw wrong(`its keys do not come from ${path}`);
  if (!found.hasIn(place(profile, 'secretKey'))) throw wrong('its secret key is in a separate file');
  return key;
};

/** The text with one value in it replaced: comments and order stay as their owner wrote them. */
const replaceValue = (text: string, where: readonly string[], value: string): string => {
  const node = parseDocument(text).getIn(where, true);
  if (!isScalar(node) || !node.range) throw new Error(`${where.join('.')} is no longer there`);
  const [start, end] = node.range;
  const isPlain = node.type === 'PLAIN' && /^[A-Za-z][\w-]*$/.test(value);
  return `${text.slice(0, start)}${isPlain ? value : JSON.stringify(value)}${text.slice(end)}`;
};

/** Puts a pair into a profile: the file is there whole, with the former or the new keys, whatever happens meanwhile. */
export const writeProfileKeys = (
  path: string,
  profile: string,
  { apiKey, secretKey }: { apiKey: string; secretKey: string },
  copy: string,
): void => {
  const draft = `${path}.${process.pid}.new`;
  try {
    const before = readFileSync(path, 'utf8');
    const text = replaceValue(
      replaceValue(before, place(profile, 'apiKey'), apiKey),
      place(profile, 'secretKey'),
      secretKey,
    );
    const file = openSync(draft, 'wx', statSync(path).mode & 0o700);
    try {
      writeSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw new CallError(
      'failed',
      `${path} was not changed: ${(error as Error).message}.`,
      `The new keys work and are in ${copy}: put them into the profile ${profile} yourself.`,
      { cause: error },
    );
  }
};
