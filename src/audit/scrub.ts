import { listSecrets, maskSecrets } from '../secrets/mask.ts';
import { scrubSecrets } from '../secrets/scrub.ts';

/** Characters of one value that an entry holds. */
const maxValue = 2000;
/** Characters of what names something: a tool, a host, a principal. */
const maxName = 200;

/** A text cut to `max` characters, with a note of how many there were. */
export const cutText = (text: string, max = maxName): string =>
  text.length <= max ? text : `${text.slice(0, max).toWellFormed()}… (${text.length} characters)`;

const shorten = (value: unknown): unknown => {
  if (typeof value === 'string') return cutText(value, maxValue);
  if (Array.isArray(value)) return value.map(shorten);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [cutText(name), shorten(inner)]));
};

/** A call's parameters as they may be written down: credentials masked, long values cut. */
export const maskParams = (params: Readonly<Record<string, unknown>>, command?: string): Record<string, unknown> =>
  shorten(maskSecrets(params, command)) as Record<string, unknown>;

/** A message as it may be written down: without the secrets that were among the parameters, and not too long. */
export const scrubText = (message: string, ...params: (Readonly<Record<string, unknown>> | undefined)[]): string =>
  cutText(scrubSecrets(message, listSecrets(...params)), maxValue);
