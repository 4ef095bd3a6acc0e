import * as z from 'zod';
import type { Secret } from '../cloudstack/credential.ts';
import { seePage } from '../documents.ts';
import { isUnfilled, toEndpoint } from './endpoint.ts';
import { readText } from './read-text.ts';
import { keysOf, wrong } from './wrong.ts';

/** One CloudStack endpoint with one credential. */
export interface Profile {
  /** Undefined stands for the embedded simulator. */
  endpoint?: string | undefined;
  secret?: Secret | undefined;
  /** How requests are signed, where that is not found out. */
  signature?: 'sha1' | 'sha512' | undefined;
  /** Certificates of a private authority (PEM) that are trusted beside the public ones. */
  ca?: string | undefined;
}

/** A profile in the file. */
export const profileSchema = z.strictObject({
  url: z.string(),
  apiKey: z.string().optional(),
  secretKey: z.string().optional(),
  secretKeyFile: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  passwordFile: z.string().optional(),
  domain: z.string().optional(),
  signature: z.enum(['auto', 'sha1', 'sha512']).default('auto'),
  caFile: z.string().optional(),
});

const readCertificates = (name: string, path: string): string => {
  const text = readText(path, 'caFile');
  if (/-----BEGIN CERTIFICATE-----/.test(text)) return text;
  throw wrong(`Profile ${name}: ${path} holds no certificate.`, 'caFile is a file in the PEM format.', {
    keys: ['profiles', name, 'caFile'],
  });
};

/** Makes a profile of what was given. Throws a configuration error that says what is missing. */
export const toProfile = (name: string, given: unknown): Profile => {
  const parsed = profileSchema.safeParse(given);
  if (!parsed.success)
    throw wrong(`Profile ${name}: ${z.prettifyError(parsed.error)}`, seePage('configuration'), {
      keys: ['profiles', name, ...keysOf(parsed.error)],
    });
  const { url, username, domain, signature, ...rest } = parsed.data;
  // A key that was copied has a line end or a blank at times; CloudStack's keys have none.
  const apiKey = parsed.data.apiKey?.trim();
  const [unfilled] = Object.entries(parsed.data).filter(([, value]) => value !== undefined && isUnfilled(value));
  if (unfilled)
    throw wrong(
      `Profile ${name}: ${unfilled[0]} is "${unfilled[1]}": its value was not filled in.`,
      'The host or the shell does not know that name. Write the value itself, or set the variable where the host starts.',
      { keys: ['profiles', name, unfilled[0]] },
    );
  const [quoted] = (['apiKey', 'secretKey'] as const).filter((key) =>
    /^["'\u2018-\u201f]|["'\u2018-\u201f]$/.test(parsed.data[key]?.trim() ?? ''),
  );
  if (quoted)
    throw wrong(
      `Profile ${name}: ${quoted} has quotes around it, which no key of CloudStack has.`,
      'Write the key without quotes: a host or an env file may pass them on.',
      { keys: ['profiles', name, quoted] },
    );
  const found = toEndpoint(url);
  if (!found)
    throw wrong(
      `Profile ${name}: "${url}" is not an http(s) URL.`,
      'It looks like https://cloud.example.com/client/api.',
      { keys: ['profiles', name, 'url'] },
    );
  const secretKey =
    rest.secretKey?.trim() ?? (rest.secretKeyFile && readText(rest.secretKeyFile, 'secretKeyFile').trim());
  const password = rest.password ?? (rest.passwordFile && readText(rest.passwordFile, 'passwordFile').trim());
  const ca = rest.caFile ? readCertificates(name, rest.caFile) : undefined;
  const endpoint = { endpoint: found.url, ...(ca === undefined ? {} : { ca }) };
  if (apiKey && secretKey)
    return { ...endpoint, secret: { apiKey, secretKey }, ...(signature === 'auto' ? {} : { signature }) };
  if (username && password) return { ...endpoint, secret: { username, password, domain } };
  throw wrong(
    `Profile ${name} has an incomplete credential.`,
    'Set CLOUDSTACK_API_KEY and CLOUDSTACK_SECRET_KEY, or CLOUDSTACK_USERNAME and CLOUDSTACK_PASSWORD (and CLOUDSTACK_DOMAIN).',
    { keys: ['profiles', name] },
  );
};
