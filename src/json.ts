import { limits } from './limits.ts';

const quote = 34;
const comma = 44;
const backslash = 92;
const isOpening = (char: number): boolean => char === 91 || char === 123;
const isClosing = (char: number): boolean => char === 93 || char === 125;

/** Where the text that begins at `at` ends: the place of its closing quote, which has an even number of backslashes before it. */
const endOfString = (text: string, at: number): number => {
  for (let end = text.indexOf('"', at + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let before = end - 1;
    while (text.charCodeAt(before) === backslash) before--;
    if ((end - before) % 2 === 1) return end;
  }
  return text.length;
};

/** Where a list or object ends, from a place inside it: the place of its closing bracket. */
const endOfContainer = (text: string, at: number): number => {
  for (let depth = 0; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (char === quote) at = endOfString(text, at);
    else if (isOpening(char)) depth++;
    else if (isClosing(char) && depth-- === 0) return at;
  }
  return text.length;
};

/**
 * JSON text without what nests deeper than `depth` levels (it becomes `null`) and without what comes after the first
 * `values` values; the text itself where there is no more. One look at each character, nothing recurses.
 */
export const pruneJson = (text: string, { depth, values = Infinity }: { depth: number; values?: number }): string => {
  const parts: string[] = [];
  let from = 0;
  let level = 0;
  let count = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (char === quote) at = endOfString(text, at);
    else if (isOpening(char)) {
      count++;
      if (++level <= depth) continue;
      parts.push(text.slice(from, at), 'null');
      at = endOfContainer(text, at + 1);
      from = at + 1;
      level--;
    } else if (isClosing(char)) level--;
    else if (char === comma && ++count >= values) {
      parts.push(text.slice(from, at));
      from = at = endOfContainer(text, at);
      level--;
    }
  }
  return parts.length ? parts.join('') + text.slice(from) : text;
};

/** JSON text whose whole numbers beyond 2^53 are texts: as numbers they would lose their last digits. */
const quoteLarge = (text: string): string => {
  const number = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
  const parts: string[] = [];
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (char === quote) at = endOfString(text, at);
    else if (char === 45 || (char >= 48 && char <= 57)) {
      number.lastIndex = at;
      const found = number.exec(text)?.[0] ?? '-';
      if (/^-?\d{16,}$/.test(found) && !Number.isSafeInteger(Number(found))) {
        parts.push(text.slice(from, at), `"${found}"`);
        from = at + found.length;
      }
      at += found.length - 1;
    }
  }
  return parts.length ? parts.join('') + text.slice(from) : text;
};

const isDigit = (char: number): boolean => char >= 48 && char <= 57;

/** Digits of the smallest whole number that may be beyond 2^53. */
const largeDigits = 16;

/** Whether so many digits stand together anywhere. Of such a run every sixteenth character shows one: only these are looked at. */
const hasLarge = (text: string): boolean => {
  for (let at = largeDigits - 1; at < text.length; at += largeDigits) {
    if (!isDigit(text.charCodeAt(at))) continue;
    let [start, end] = [at, at + 1];
    while (end - start < largeDigits && isDigit(text.charCodeAt(start - 1))) start--;
    while (end - start < largeDigits && isDigit(text.charCodeAt(end))) end++;
    if (end - start === largeDigits) return true;
  }
  return false;
};

/** As JSON.parse, but a whole number beyond 2^53 comes as text, with all its digits. */
export const parseExact = (text: string): unknown => JSON.parse(hasLarge(text) ? quoteLarge(text) : text);

/** Whether a text is an object or a list as JSON that nests deeper, or has more values, than arguments may. */
export const isExcessiveJson = (text: string): boolean =>
  /^\s*[[{]/.test(text) && pruneJson(text, { depth: limits.argumentDepth, values: limits.values }) !== text;

/** What a text stands for that is an object or a list as JSON; undefined for any other, and for what is more than arguments may be. */
export const parseNested = (text: string): unknown => {
  if (!/^\s*[[{]/.test(text) || isExcessiveJson(text)) return undefined;
  try {
    return parseExact(text);
  } catch {
    return undefined;
  }
};
