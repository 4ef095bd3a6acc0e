import { toQuotedName } from '../text.ts';
import { isSecretName } from './names.ts';
import { findShapes, unescapeText, type Span } from './shapes.ts';

/** What stands for a masked value. */
export const mask = '••••••';

/** Each finds one shape of a credential in a text. All take linear time. */
type Finder = (text: string) => Span[];

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
/** Blanks on either side of a separator. */
const maxBlanks = 12;
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

/** The name before a separator, perhaps in quotes and with blanks after it. Read backwards: texts have many separators. */
const nameBefore = (text: string, separator: number): string => {
  let end = separator;
  while (end > 0 && separator - end < maxBlanks && isBlank(text.charCodeAt(end - 1))) end--;
  if (text[end - 1] === '"' || text[end - 1] === "'") end--;
  let start = end;
  while (start > 0 && end - start < maxName && isNamePart(text.charCodeAt(start - 1))) start--;
  return text.slice(start, end);
};
const word = /^[A-Z]?[a-z]*[.,;!]*$/;
const scheme = /^(?:bearer|basic|digest|token|negotiate|ntlm|api-?key|ssws|hawk|sharedkey)\s+/i;

/** Where a quoted text ends, behind quotes that are escaped in it. */
const closeOf = (text: string, quote: string, from: number): number => {
  const isEscaped = (at: number): boolean => {
    let first = at;
    while (text[first - 1] === '\\') first--;
    return (at - first) % 2 === 1;
  };
  let at = text.indexOf(quote, from);
  while (at !== -1 && isEscaped(at)) at = text.indexOf(quote, at + 1);
  return at === -1 ? text.length : at;
};

/** Where a list or an object ends. */
const bracketsEnd = (text: string, from: number): number => {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const code = text[at];
    if (code === '[' || code === '{') depth++;
    else if ((code === ']' || code === '}') && --depth === 0) return at + 1;
  }
  return text.length;
};

const indentOf = (text: string, from: number): number => until(text, from, /[^ \t]/g) - from;

/** Where the lines end that stand deeper than the line of their name, as in YAML. */
const blockEnd = (text: string, name: number, from: number): number => {
  const indent = indentOf(text, text.lastIndexOf('\n', name) + 1);
  let line = until(text, from, /\n/g);
  while (line < text.length) {
    const next = until(text, line + 1, /\n/g);
    if (indentOf(text, line + 1) <= indent && next > line + 1) break;
    line = next;
  }
  return line;
};

/** Where the secret begins and ends that stands after a separator; none where nothing is, or a plain word. */
const valueAfter = (text: string, separator: number, name: string): Span | undefined => {
  let after = separator + 1;
  while (after - separator < 3 && /[=><‹]/.test(text.charAt(after))) after++;
  const gap = /\S/.exec(text.slice(after, after + maxBlanks))?.index;
  if (gap === undefined) return undefined;
  let start = after + gap;
  if (text[start] === '=') start += /^=\s{0,3}/.exec(text.slice(start, start + 4))![0].length;
  if (/^[|>][+-]?\d?[ \t]{0,9}\r?\n/.test(text.slice(start, start + 16)))
    return [start, blockEnd(text, separator, start)];
  const length = scheme.exec(text.slice(start, start + 16))?.[0].length ?? 0;
  start += length;
  const quote = text[start] === '"' || text[start] === "'" ? text[start] : undefined;
  if (quote !== undefined) {
    const quotes = text.startsWith(quote.repeat(3), start) ? quote.repeat(3) : quote;
    return [start + quotes.length, closeOf(text, quotes, start + quotes.length)];
  }
  if (text[start] === '[' || text[start] === '{') return [start, bracketsEnd(text, start)];
  const isHeader = /cookie$/i.test(name) ? text[separator] === ':' : length > 0 && /authorization$/i.test(name);
  const end = until(text, start, isHeader ? /[\r\n"'<>›]/g : /[\s&;,"'<>#›]/g);
  const isWord = text[separator] === ':' && gap > 0 && word.test(text.slice(start, Math.min(end, start + 40)));
  return end === start || isWord ? undefined : [start, end];
};

/** `password=secret`, `?sig=secret`, `"token": "secret"`; after a colon only what does not look like a plain word. */
const pairs: Finder = (text) => {
  const found: Span[] = [];
  let ended = 0;
  for (const { index } of text.matchAll(separators)) {
    if (index < ended) continue;
    const name = nameBefore(text, index);
    const value = name && isSecretName(name) ? valueAfter(text, index, name) : undefined;
    if (!value) continue;
    found.push(value);
    ended = value[1];
  }
  return found;
};

/** The credentials that stand in a text by their shape: in addresses, in `name=value`, as tokens. Not overlapping, in order. */
const find = (text: string, isInner = false): Span[] => {
  const inBase64 = (inner: string): boolean => find(inner, true).length > 0;
  const shapes = findShapes(text, isInner ? undefined : inBase64);
  const paired = /[=:]/.test(text) ? [...(text.includes('://') ? userinfo(text) : []), ...pairs(text)] : [];
  if (!shapes.length && !paired.length) return [];
  const all = [...paired, ...shapes]
    .filter(([from, to]) => to > from && text.slice(from, to) !== mask)
    .sort(([a], [b]) => a - b);
  const merged: Span[] = [];
  for (const [from, to] of all) {
    const last = merged.at(-1);
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return merged;
};

/** Ids, dates, addresses and numbers: most of what CloudStack answers. */
const plain = /^[\da-fTZ:+. -]*$/;
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
  // An id has a hyphen here; what is as long and has none may be encoded.
  if (text.length >= 24 && text[8] !== '-') return false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    // = : [ { < % &
    if (code < 32 || code > 126 || code === 61 || code === 58 || code === 91 || code === 123) return false;
    if (code === 60 || code === 37 || code === 38) return false;
    // . blank _ and an early -
    if (maybeToken && (code === 46 || code === 32 || code === 95 || (code === 45 && at < 8))) return false;
  }
  return true;
};

/** The same text with every credential that its shape gives away masked. */
export const maskText = (text: string): string => {
  if (plain.test(text)) return text;
  const found = find(text);
  const unescaped = unescapeText(text);
  // A secret that only shows without the escapes has no place in the text that could be masked alone.
  if (unescaped !== text && find(unescaped).length > found.length) return mask;
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
