import { loadData } from '../data.ts';

/** What Java reads without a table: GMT with an offset. `UTC+2` is none, and would be GMT. */
const offset = /^GMT(?:[+-]\d{1,2}(?::?\d{2})?)?$/;

/** A part of a name of the tz database in its own letter case: `Berlin`, `Dar_es_Salaam`, `GB-Eire`, not `BERLIN`. */
const isCased = (part: string): boolean => /^[A-Z]/.test(part) && !/^[A-Z]{4,}$/.test(part);

/** The name that the tz database has for it; undefined where it knows none. */
const resolve = (text: string): string | undefined => {
  try {
    return /^[+-]/.test(text)
      ? undefined
      : new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
};

const isJavaOwn = (text: string): boolean =>
  loadData<{ javaTimeZones: string[] }>('quirks.json').javaTimeZones.includes(text);

/** Whether Java knows a time zone by this very text. Any other it reads as GMT, without a word. */
export const isTimeZone = (text: string): boolean =>
  offset.test(text) || isJavaOwn(text) || (resolve(text) !== undefined && text.split('/').every(isCased));

/** A time zone as Java knows it: its letter case, and GMT for an offset to UTC. Undefined where it is right, or none. */
export const spellTimeZone = (given: string): string | undefined => {
  const text = given.trim();
  if (isTimeZone(text)) return text === given ? undefined : text;
  const upper = text.toUpperCase();
  const spelt = [upper, upper.replace(/^UTC(?=[+-])/, 'GMT')].find((one) => offset.test(one) || isJavaOwn(one));
  return spelt ?? resolve(text);
};
