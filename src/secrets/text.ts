import { toQuotedName } from '../text.ts';
import { isSecretName } from './names.ts';

/** What stands for a masked value. */
export const mask = '••••••';

/** Each finds one shape of a credential in a text: `[where it begins, where it ends]`. All take linear time. */
type Finder = (text: string) => [number, number][];

const until = (text: string, from: number, ends: RegExp): number => {
  ends.lastIndex = from;
  return ends.exec(text)?.index ?? text.length;
};

const hasPort = /^[^:]*(?::\d*)?$/;

/** `scheme://user:secret@host`: what stands before the `@`, also where the secret has a slash or an `@` in it. */
const userinfo: Finder = (text) => {
  const found: [number, number][] = [];
  let from = text.indexOf('://');
  while (from !== -1) {
    const start = from + 3;
    const next = text.indexOf('://', start);
    const rest = text.slice(start, next === -1 ? undefined : next);
    const whole = rest.slice(0, until(rest, 0, /[\s"'<>]/g));
    const authority = whole.slice(0, until(whole, 0, /[/?#]/g));
    // Before the first slash stands a host with or without a port; anything else is a secret with a slash in it.
    const part = authority.includes('@') || hasPort.test(authority) ? authority : whole;
    const at = part.lastIndexOf('@');
    if (at > 0) found.push([start, start + at]);
    from = next;
  }
  return found;
};

const separators = /[=:]/g;
const maxName = 80;
const isBlank = (code: number): boolean => code === 32 || (code >= 9 && code <= 13);
/** A letter, a digit, or one of `. - _ [ ]`. */
const isNamePart = (code: number): boolean =>
  (code >= 97 && code <= 122) ||
  (code >= 65 && code <= 90) ||
  (code >= 48 && code <= 57) ||
  (code >= 45 && code <= 46) ||
  code === 95 ||
  code === 91 ||
  code === 93;

/** The name before a separator, perhaps in quotes and with a few blanks after it. Read backwards: texts have many separators. */
const nameBefore = (text: string, separator: number): string => {
  let end = separator;
  while (end > 0 && separator - end < 3 && isBlank(text.charCodeAt(end - 1))) end--;
  if (text[end - 1] === '"' || text[end - 1] === "'") end--;
  let start = end;
  while (start > 0 && end - start < maxName && isNamePart(text.charCodeAt(start - 1))) start--;
  return text.slice(start, end);
};
const word = /^[A-Z]?[a-z]*[.,;!]*$/;
const scheme = /^(?:bearer|basic|digest|token)\s+/i;

/** `password=secret`, `?sig=secret`, `"token": "secret"`; after a colon only what does not look like a plain word. */
const pairs: Finder = (text) => {
  const found: [number, number][] = [];
  let ended = 0;
  for (const { index } of text.matchAll(separators)) {
    if (index < ended) continue;
    const name = nameBefore(text, index);
    if (!name || !isSecretName(name)) continue;
    const gap = /\S/.exec(text.slice(index + 1, index + 6))?.index;
    if (gap === undefined) continue;
    let start = index + 1 + gap;
    start += scheme.exec(text.slice(start, start + 16))?.[0].length ?? 0;
    const quote = text[start] === '"' || text[start] === "'" ? text[start] : undefined;
    if (quote !== undefined) {
      const close = text.indexOf(quote, start + 1);
      found.push([start + 1, (ended = close === -1 ? text.length : close)]);
      continue;
    }
    const end = until(text, start, /[\s&;,"'<>#›]/g);
    if (end === start || (text[index] === ':' && gap > 0 && word.test(text.slice(start, Math.min(end, start + 40)))))
      continue;
    found.push([start, (ended = end)]);
  }
  return found;
};

const shapes = [
  // A JSON web token, an authorization header, a private key.
  /(?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g,
  /(?<=\b(?:bearer|basic) )[\w+/=.~-]{12,}/gi,
  /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\s\S]*?(?:-----END[A-Z ]{0,40}-----|$)/g,
];

const marks: Finder = (text) =>
  /eyJ|bearer |basic |PRIVATE KEY/i.test(text)
    ? shapes.flatMap((shape) =>
        [...text.matchAll(shape)].map(({ index, 0: { length } }): [number, number] => [index, index + length]),
      )
    : [];

const findersFor = (text: string): Finder[] => [
  ...(text.includes('://') ? [userinfo] : []),
  ...(/[=:]/.test(text) ? [pairs] : []),
  marks,
];

/** The credentials that stand in a text by their shape: in addresses, in `name=value`, as tokens. Not overlapping, in order. */
const find = (text: string): [number, number][] => {
  const all = findersFor(text)
    .flatMap((finder) => finder(text))
    .filter(([from, to]) => to > from && text.slice(from, to) !== mask)
    .sort(([a], [b]) => a - b);
  const merged: [number, number][] = [];
  for (const [from, to] of all) {
    const last = merged.at(-1);
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return merged;
};

/** Ids, dates, addresses and numbers: most of what CloudStack answers. */
const plain = /^[\da-fTZ:+. -]*$/;
const suspicious = /[=:]|eyJ|bearer |basic |PRIVATE KEY/i;
/** A token by itself is no shorter than this. */
const minToken = 19;
const maxOrdinary = 100;

/**
 * Whether a text is one of the many with nothing to look for: printable ASCII, no pair, no address, no JSON, and no token,
 * of which each has a full stop or a blank. One look at each character, since there are thousands in an answer.
 */
export const isOrdinary = (text: string): boolean => {
  if (text.length > maxOrdinary) return false;
  const maybeToken = text.length >= minToken;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    // = : [ {
    if (code < 32 || code > 126 || code === 61 || code === 58 || code === 91 || code === 123) return false;
    if (maybeToken && (code === 46 || code === 32)) return false;
  }
  return true;
};

/** The same text with every credential that its shape gives away masked. */
export const maskText = (text: string): string => {
  if (plain.test(text) || !suspicious.test(text)) return text;
  const found = find(text);
  if (!found.length) return text;
  const parts: string[] = [];
  let from = 0;
  for (const [start, end] of found) {
    parts.push(text.slice(from, start), mask);
    from = end;
  }
  return parts.join('') + text.slice(from);
};

/** A name from a cloud in quotes of its own; a credential that it holds is masked, as it is in a list. */
export const quoteName = (name: string, maxLength = 60): string => toQuotedName(maskText(name), maxLength);

/** The credentials that their shape gives away. In an address, user name and password also one by one. */
export const secretsInText = (text: string): string[] =>
  find(text).flatMap(([from, to]) => {
    const secret = text.slice(from, to);
    const colon = secret.indexOf(':');
    return colon > -1 && text[to] === '@' ? [secret, secret.slice(colon + 1)] : [secret];
  });
