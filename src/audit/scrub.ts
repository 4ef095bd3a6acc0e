import { isSecretName, mask, maskSecrets } from '../secrets.ts';
import { toLabel } from '../text.ts';

/** Characters of one value that are kept. */
const longest = 2000;
/** Characters of what names something: a tool, a host, a principal. */
const longestName = 200;

/** A text cut to `most` characters, with a note of how many there were. */
export const cutText = (text: string, most = longestName): string =>
  text.length <= most ? text : `${text.slice(0, most).toWellFormed()}… (${text.length} characters)`;

const userinfo = /(:\/\/)[^/?#@\s]*@/g;
const inQuery = /([?&;]([\w.-]+)=)([^&;#\s"]+)/g;

/** A URL's credentials masked, as storage and template URLs carry them. */
const maskUrls = (text: string): string =>
  text
    .replace(userinfo, `$1${mask}@`)
    .replace(inQuery, (whole: string, before: string, name: string) => (isSecretName(name) ? before + mask : whole));

const shorten = (value: unknown): unknown => {
  if (typeof value === 'string') return cutText(value.includes('://') ? maskUrls(value) : value, longest);
  if (Array.isArray(value)) return value.map(shorten);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [cutText(name), shorten(inner)]));
};

/** A call's parameters as they may be written down: credentials masked by name and in URLs, long values cut. */
export const maskParams = (params: Readonly<Record<string, unknown>>, command?: string): Record<string, unknown> =>
  shorten(maskSecrets(params, command)) as Record<string, unknown>;

const textsOf = (value: unknown): string[] => {
  if (typeof value === 'string' || typeof value === 'number') return [String(value)];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : [];
};

/** The values that stand in secret places: of secret names, and of `{name: 'password', value: …}`. */
const secretsIn = (value: unknown): string[] => {
  if (typeof value !== 'object' || value === null) return [];
  const label = (value as Record<string, unknown>)['name'] ?? (value as Record<string, unknown>)['key'];
  return Object.entries(value).flatMap(([name, inner]) =>
    isSecretName(name) || (name === 'value' && typeof label === 'string' && isSecretName(label))
      ? textsOf(inner)
      : secretsIn(inner),
  );
};

const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** A message without the secrets that were among the parameters, however they are quoted or encoded in it. */
export const scrubText = (message: string, ...params: (Readonly<Record<string, unknown>> | undefined)[]): string => {
  const found = new Set(params.flatMap((given) => secretsIn(given)).filter((secret) => secret.trim() !== ''));
  const spellings = [...found].flatMap((secret) => [
    secret,
    toLabel(secret, Infinity),
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret.toWellFormed()),
    encodeURIComponent(secret.toWellFormed()).replaceAll('%20', '+'),
    Buffer.from(secret).toString('base64'),
  ]);
  const clean = [...new Set(spellings)]
    .sort((a, b) => b.length - a.length)
    .reduce((text, secret) => {
      // A short secret is a part of many words; alone it is still one.
      if (secret.length < 4) return text.replace(new RegExp(`(?<!\\w)${escape(secret)}(?!\\w)`, 'g'), mask);
      // A long one may have been cut in the message.
      const rest = secret.length > 24 ? `.{0,${secret.length - 24}}` : '';
      return text.replace(new RegExp(escape(secret.slice(0, 24)) + rest, 'gs'), mask);
    }, message);
  return cutText(maskUrls(clean), longest);
};
