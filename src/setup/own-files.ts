import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { CallError } from '../errors.ts';
import { DocumentError, entryIn, type Entry } from './documents.ts';

/** Who an assistant may be on a cloud, on top of what CloudStack allows. */
export const roles = {
  reader: 'reads only; nothing can be changed',
  operator: 'runs ordinary changes, asks before it destroys; no zones, domains, roles or global settings',
  all: 'whatever the account may do; asks before it destroys',
} as const;

/** One of them. */
export type SetupRole = keyof typeof roles;

/** What goes into a profile: an endpoint, a credential whose secret goes into a file of its own, and a private authority. */
export interface NewProfile {
  url: string;
  credential:
    { apiKey: string; secretKey: string } | { username: string; password: string; domain?: string | undefined };
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

const settingsOf = (role: SetupRole): Record<string, unknown> => ({
  readOnly: role === 'reader' ? true : undefined,
  principals: role === 'operator' ? { local: { role: 'operator' } } : undefined,
});

/**
 * The configuration file with a profile and a role in it, and the file of its secret. What else stands in the configuration
 * stays as it is. Throws a configuration error where the file there cannot be read.
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
    text = yamlDocument.set(text, profilePlace, profile);
    for (const [key, value] of Object.entries(settingsOf(role))) {
      const place = { under: [], name: key };
      if (value === undefined) text = yamlDocument.remove(text, place, true);
      else text = yamlDocument.set(text, place, value as Entry);
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
  const profile = entryIn(yamlDocument.parse(text), profilePlace) as Record<string, unknown> | undefined;
  const secretFile = secretFileOf(config);
  // Another's file is not touched.
  if (![profile?.['secretKeyFile'], profile?.['passwordFile']].includes(secretFile)) return [];
  text = yamlDocument.remove(text, profilePlace, true);
  for (const name of Object.keys(settingsOf('all'))) text = yamlDocument.remove(text, { under: [], name }, true);
  return [
    { path: secretFile, text: undefined },
    { path: config, text: text.trim() === '' ? undefined : text },
  ];
};

/** Writes a file for its owner only, whole or not at all. Throws a CallError that says why not. */
export const writeOwnFile = ({ path, text }: Pick<OwnFile, 'path' | 'text'>): void => {
  const draft = `${path}.${process.pid}.new`;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(draft, text, { mode: 0o600, flag: 'wx' });
    chmodSync(draft, 0o600);
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw new CallError(
      'failed',
      `${path} was not written: ${(error as Error).message}.`,
      'Make its folder writable for you, or give another file with --config.',
      { cause: error },
    );
  }
};
