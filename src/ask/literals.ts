/** A value of an expression: its text, and what else it can be compared as. */
export interface Literal {
  text: string;
  number?: number;
  /** The number is a share: 80 beside a field, 0.8 in a calculation. */
  isPercent?: true;
  /** The number counts bytes, as its unit says. */
  isSize?: true;
  /** Milliseconds since 1970. */
  time?: number;
}

const sizes: Readonly<Record<string, number>> = {
  b: 1,
  kb: 2 ** 10,
  kib: 2 ** 10,
  mb: 2 ** 20,
  mib: 2 ** 20,
  gb: 2 ** 30,
  gib: 2 ** 30,
  tb: 2 ** 40,
  tib: 2 ** 40,
};

const periods: Readonly<Record<string, number>> = {
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 7 * 86_400_000,
  month: 30 * 86_400_000,
  year: 365 * 86_400_000,
};

const figure = /^([-+]?\d+(?:\.\d+)?)\s*([A-Za-z%]{0,3})$/;

/** A number as CloudStack writes it: `12`, `12.5%`, `8.00 GB`; undefined for other texts. */
export const readFigure = (text: string): number | undefined => {
  if (text.length > 40) return undefined;
  const [, amount, unit = ''] = figure.exec(text.trim()) ?? [];
  if (amount === undefined) return undefined;
  if (unit === '' || unit === '%') return Number(amount);
  const size = sizes[unit.toLowerCase()];
  return size === undefined ? undefined : Number(amount) * size;
};

/** A moment as CloudStack writes it (`2026-01-22T10:00:00+0000`), in milliseconds since 1970; undefined for other texts. */
export const readTime = (text: string): number | undefined => {
  if (text.length > 40 || !/^\d{4}-\d{2}-\d{2}/.test(text)) return undefined;
  const time = Date.parse(text.replace(/([+-]\d{2})(\d{2})$/, '$1:$2'));
  return Number.isNaN(time) ? undefined : time;
};

/** Whether the day of a date is one of its month: JavaScript takes 30 February for 1 March. */
export const isDay = (text: string): boolean => {
  const [year, month, day] = text.slice(0, 10).split('-').map(Number) as [number, number, number];
  return new Date(Date.UTC(year, month - 1, day)).getUTCDate() === day;
};

/** Reads a value: a number, also with a unit (`100GiB`, `80%`), a date, a time before now (`30 days ago`), a text. */
export const readLiteral = (text: string): Literal => {
  const ago = /^\s*(\d{1,6})\s*(minute|hour|day|week|month|year)s?\s+ago\s*$/i.exec(text);
  const number = readFigure(text);
  const moment = readTime(text);
  const time = ago
    ? Date.now() - Number(ago[1]) * periods[ago[2]!.toLowerCase()]!
    : moment !== undefined && isDay(text)
      ? moment
      : undefined;
  return {
    text,
    ...(number === undefined ? {} : { number }),
    ...(number !== undefined && text.trim().endsWith('%') ? { isPercent: true } : {}),
    ...(number !== undefined && /b\s*$/i.test(text) ? { isSize: true } : {}),
    ...(time === undefined ? {} : { time }),
  };
};
