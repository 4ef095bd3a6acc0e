import { listSecrets, maskSecrets } from '../secrets/mask.ts';
import { scrubSecrets } from '../secrets/scrub.ts';
import { limits } from '../limits.ts';
import { cutText, startOf } from '../text.ts';

/** Characters of one value that an entry holds. */
const maxValue = 2000;
/** Characters of what names something: a tool, a host, a principal. */
export const maxName = 200;

/** Characters of one entry's parameters in all. */
const maxParams = 2 ** 16;

/** What is longer than any entry is not read as JSON, in which secrets are found by name: it stays out whole. */
const looksLikeJson = /^\s*[[{]/;

/** The parameters as far as an entry holds them: cut before anything is looked for in them. */
const excerptOf = (value: unknown, left: { characters: number }): unknown => {
  if (typeof value === 'string') {
    const whole = value.length <= left.characters || (value.length <= maxValue && left.characters > 0);
    left.characters -= whole ? value.length : Math.min(value.length, maxValue);
    if (whole) return value;
    return left.characters < 0 || looksLikeJson.test(value) ? cutText(value, 0) : cutText(value, maxValue);
  }
  if (typeof value !== 'object' || value === null) return value;
  if (left.characters < 0) return '…';
  if (Array.isArray(value)) return value.map((inner) => excerptOf(inner, left));
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
      left.characters -= name.length;
      return [name, excerptOf(inner, left)];
    }),
  );
};

const shorten = (value: unknown): unknown => {
  if (typeof value === 'string') return cutText(value, maxValue);
  if (Array.isArray(value)) return value.map(shorten);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [cutText(name, maxName), shorten(inner)]));
};

/** A call's parameters as they may be written down: credentials masked, long values cut. */
export const maskParams = (params: Readonly<Record<string, unknown>>, command?: string): Record<string, unknown> =>
  shorten(maskSecrets(excerptOf(params, { characters: maxParams }), command)) as Record<string, unknown>;

/** A message as it may be written down: without the secrets that were among the parameters, and not too long. */
export const scrubText = (message: string, ...params: (Readonly<Record<string, unknown>> | undefined)[]): string =>
  cutText(scrubSecrets(startOf(message, limits.errorText), listSecrets(...params)), maxValue);
