import { CallError } from '../errors.ts';
import { limits } from '../limits.ts';
import { startOf, toLabel, toLine } from '../text.ts';
import { mask, maskText } from './text.ts';

/** Of a longer secret the beginning is looked for: the message may have been cut. */
const prefix = 24;
/** So many secrets are looked for at most, the longest first. */
const maxSecrets = 200;
/** A shorter secret is a part of many words; alone it is still one. */
const minPart = 4;

const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c] ?? '&#39;');

const escapeUnicode = (text: string): string =>
  text.replace(/[\u0080-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);

const spell = (secret: string): string[] => {
  const whole = secret.toWellFormed();
  const encoded = encodeURIComponent(whole);
  const bytes = Buffer.from(whole);
  const quoted = JSON.stringify(secret).slice(1, -1);
  const html = escapeHtml(secret);
  return [
    secret,
    toLabel(secret, Infinity),
    quoted,
    escapeUnicode(quoted),
    encoded,
    encoded.replaceAll('%20', '+'),
    encoded.replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16)}`),
    encodeURIComponent(encoded),
    html,
    html.replaceAll('&#39;', '&apos;'),
    html.replaceAll('&quot;', '&#34;'),
    bytes.toString('base64').replace(/={1,2}$/, ''),
    bytes.toString('base64url'),
    bytes.toString('hex'),
  ];
};

/** The ways in which a secret may be repeated. Letter case is the comparison's matter. */
const spellings = (texts: readonly string[]): Set<string> =>
  new Set(texts.flatMap(spell).filter((text) => text !== ''));

const isWord = (character: string | undefined): boolean => character !== undefined && /\w/.test(character);

/** `[start, end]` of each place where one spelling stands in a text, or its beginning where the text was cut. */
const placesOf = (text: string, lower: string, spelling: string): [number, number][] => {
  const found: [number, number][] = [];
  const start = spelling.slice(0, prefix);
  // A short one is compared exactly and as a word of its own.
  const isShort = spelling.length < minPart;
  const [within, wanted] = isShort || lower.length !== text.length ? [text, start] : [lower, start.toLowerCase()];
  const rest = within === lower ? spelling.toLowerCase() : spelling;
  for (let at = within.indexOf(wanted); at !== -1; at = within.indexOf(wanted, at + 1)) {
    if (isShort && (isWord(text[at - 1]) || isWord(text[at + wanted.length]))) continue;
    let end = at + wanted.length;
    while (end - at < rest.length && within[end] === rest[end - at]) end++;
    found.push([at, end]);
    at = end - 1;
  }
  // Cut at the end of the text, in the middle of the secret.
  for (let length = Math.min(start.length - 1, within.length); length >= minPart + 2; length--)
    if (within.endsWith(wanted.slice(0, length))) {
      found.push([within.length - length, within.length]);
      break;
    }
  return found;
};

/** Where a secret stands in a text, in any spelling. Spelled out whole only where its beginning is found. */
const placesOfSecret = (text: string, lower: string, given: string): [number, number][] => {
  // No message is longer when it is scrubbed.
  const secret = startOf(given, limits.errorText);
  const texts = [secret, toLine(secret)];
  const find = (wanted: readonly string[]): [number, number][] =>
    [...spellings(wanted)].flatMap((spelling) => placesOf(text, lower, spelling));
  const found = find(texts.map((one) => startOf(one, 2 * prefix)));
  return found.length && secret.length > 2 * prefix ? find(texts) : found;
};

/** A message without these secrets, however they are quoted, encoded or cut in it, and without those its shape tells. */
export const scrubSecrets = (message: string, secrets: readonly string[]): string => {
  const text = maskText(message);
  if (!secrets.length) return text;
  const lower = text.toLowerCase();
  const places = [...new Set(secrets)]
    .sort((a, b) => b.length - a.length)
    .slice(0, maxSecrets)
    .flatMap((secret) => placesOfSecret(text, lower, secret))
    .sort(([a], [b]) => a - b);
  let result = '';
  let from = 0;
  for (const [start, end] of places) {
    if (end <= from) continue;
    if (start >= from) result += text.slice(from, start) + mask;
    from = end;
  }
  return result + text.slice(from);
};

/**
 * CloudStack's errors repeat what they were given: the same error, without these secrets in its words, and cut to what a
 * model reads at once.
 */
export const withoutSecrets = (error: unknown, secrets: readonly string[]): unknown => {
  if (!(error instanceof CallError)) return error;
  const [message, hint] = [error.message, error.hint].map((text) => {
    const scrubbed = scrubSecrets(startOf(text, limits.message), secrets);
    return text.length > limits.message ? `${scrubbed}… (${text.length} characters)` : scrubbed;
  }) as [string, string];
  const candidates = error.candidates?.map((candidate) => scrubSecrets(candidate, secrets));
  const isClean =
    message === error.message &&
    hint === error.hint &&
    (candidates ?? []).every((text, at) => text === error.candidates?.[at]);
  return isClean ? error : new CallError(error.kind, message, hint, { ...error, cause: error.cause, candidates });
};
