import { existsSync, readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import type { Profile } from '../config/profile.ts';
import { CallError } from '../errors.ts';
import { DocumentError, entryIn, type Entry } from './documents.ts';
import { writeWhole } from './write-whole.ts';

/** Who an assistant may be on a cloud, on top of what CloudStack allows. */
export const roles = {
  reader: 'reads only; nothing can be changed',
  operator: 'runs ordinary changes, asks before it destroys; no zones, domains, roles or global settings',
  all: 'everything the account may do; asks before it destroys',
} as const;

/** One of them. */
export type SetupRole = keyof typeof roles;

/** What goes into a profile: an endpoint, a credential whose secret goes into a file of its own, and a private authority. */
export interface NewProfile {
  url: string;
  credential: NonNullable<Profile['secret']>;
  caFile?: string | undefined;
}

/** A file that `init` writes: all of its text, for its owner's eyes only. */
export interface OwnFile {
  path: string;
  text: string;
  isSecret: boolean;
}

/** Where the secret of a configuration file's profile is. */
const secretFileOf = (config: string): string => config.replace(/(?:\.ya?ml|\.json)?$/, '.secret');

const profilePlace = { under: ['profiles'], name: 'default' };

const roleNames = Object.keys(roles) as SetupRole[];

const settingsOf = (role: SetupRole): Record<string, unknown> => ({
  readOnly: role === 'reader' ? true : undefined,
  principals: role === 'operator' ? { local: { role: 'operator' } } : undefined,
});

/** Whether the profile of a configuration file is one that `init` wrote: its secret is in the file of its own. */
const isOwn = (profile: unknown, config: string): boolean => {
  const { secretKeyFile, passwordFile } = (profile ?? {}) as Record<string, unknown>;
  return [secretKeyFile, passwordFile].includes(secretFileOf(config));
};

/** Names of the settings in a file that hold exactly what a role of `init` puts there; those of a person are not among them. */
const ownSettings = (content: unknown): string[] =>
  roleNames.flatMap((role) =>
    Object.entries(settingsOf(role)).flatMap(([name, value]) =>
      value !== undefined && isDeepStrictEqual(entryIn(content, { under: [], name }), value) ? [name] : [],
    ),
  );

/**
 * The configuration file with a profile and a role in it, and the file of its secret. What else stands in the configuration
 * stays as it is: what a person wrote there of what an assistant may do is not widened. Throws a configuration error where
 * the file there cannot be read, or says itself what an operator may do.
 */
export const toOwnFiles = async (
  config: string,
  { url, credential, caFile }: NewProfile,
  role: SetupRole,
): Promise<OwnFile[]> => {
  const { yamlDocument } = await import('./yaml-document.ts');
  const isPair = 'apiKey' in credential;
  const secretFile = secretFileOf(config);
  const ca = caFile === undefined ? {} : { caFile };
  const profile = isPair
    ? { url, apiKey: credential.apiKey, secretKeyFile: secretFile, ...ca }
    : {
        url,
        username: credential.username,
        passwordFile: secretFile,
        ...(credential.domain === undefined ? {} : { domain: credential.domain }),
        ...ca,
      };
  try {
    let text = existsSync(config) ? readFileSync(config, 'utf8') : '';
    const before = yamlDocument.parse(text);
    const own = isOwn(entryIn(before, profilePlace), config) ? ownSettings(before) : [];
    text = yamlDocument.set(text, profilePlace, profile);
    for (const [name, value] of Object.entries(settingsOf(role))) {
      const place = { under: [], name };
      const isOthers = !own.includes(name) && entryIn(before, place) !== undefined;
      if (value === undefined) text = isOthers ? text : yamlDocument.remove(text, place, true);
      else if (!isOthers || name === 'readOnly') text = yamlDocument.set(text, place, value as Entry);
      else
        throw new CallError(
          'configuration',
          `${config} has ${name} of its own.`,
          `Give the role there, or give another file with --config.`,
        );
    }
    return [
      { path: secretFile, text: `${isPair ? credential.secretKey : credential.password}\n`, isSecret: true },
      { path: config, text, isSecret: false },
    ];
  } catch (error) {
    if (!(error instanceof DocumentError)) throw error;
    const place = error.line === undefined ? '' : `, line ${error.line}, column ${error.column}`;
    throw new CallError(
      'configuration',
      `${config}${place}: ${error.message}.`,
      'Correct it, or give another file with --config.',
      {
        cause: error,
      },
    );
  }
};

/** What there is to delete of a configuration that `init` wrote; a text that is undefined stands for a file that goes. */
export const withoutOwnFiles = async (config: string): Promise<{ path: string; text: string | undefined }[]> => {
  if (!existsSync(config)) return [];
  const { yamlDocument } = await import('./yaml-document.ts');
  let text = readFileSync(config, 'utf8');
  const content = yamlDocument.parse(text);
  // Another's file is not touched.
  if (!isOwn(entryIn(content, profilePlace), config)) return [];
  const secretFile = secretFileOf(config);
  text = yamlDocument.remove(text, profilePlace, true);
  for (const name of ownSettings(content)) text = yamlDocument.remove(text, { under: [], name }, true);
  return [
    { path: secretFile, text: undefined },
    { path: config, text: text.trim() === '' ? undefined : text },
  ];
};

/** Writes a file for its owner only, whole or not at all. Throws a CallError that says why not. */
export const writeOwnFile = ({ path, text }: Pick<OwnFile, 'path' | 'text'>): void =>
  writeWhole(path, text, {
    mode: 0o600,
    mend: 'Make its folder writable for you, or give another file with --config.',
  });
