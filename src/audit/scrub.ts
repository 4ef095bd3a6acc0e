import { isSecretName, listSecrets, mask, maskSecrets, scrubSecrets } from '../secrets.ts';

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

/** A message as it may be written down: without the secrets that were among the parameters, and not too long. */
export const scrubText = (message: string, ...params: (Readonly<Record<string, unknown>> | undefined)[]): string =>
  cutText(maskUrls(scrubSecrets(message, listSecrets(...params))), longest);
