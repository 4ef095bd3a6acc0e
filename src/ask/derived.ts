import { isDay } from './literals.ts';

/** What a question may ask of a field besides its values: the day they lie in, how many there are. */
interface Derived {
  by: string;
  field: string;
}

const wholeDay = /^\d{4}-\d{2}-\d{2}/;

/** The Monday of the week that a date lies in. */
const mondayOf = (date: string): string => {
  const time = new Date(`${date}T00:00:00Z`);
  if (Number.isNaN(time.getTime())) return date;
  time.setUTCDate(time.getUTCDate() - ((time.getUTCDay() + 6) % 7));
  return time.toISOString().slice(0, 10);
};

/** Parts of a moment as CloudStack writes it, by the cloud's own clock. */
const periods: Readonly<Record<string, (moment: string) => string>> = {
  hour: (moment) => `${moment.slice(0, 13)}:00`,
  day: (moment) => moment.slice(0, 10),
  week: (moment) => mondayOf(moment.slice(0, 10)),
  month: (moment) => moment.slice(0, 7),
  year: (moment) => moment.slice(0, 4),
};

/** How a part of a date is written, and an example. */
const written: Readonly<Record<string, readonly [form: RegExp, example: string]>> = {
  hour: [/^\d{4}-\d{2}-\d{2}T(?:[01]\d|2[0-3]):00$/, '2026-01-31T14:00'],
  day: [/^\d{4}-\d{2}-\d{2}$/, '2026-01-31'],
  week: [/^\d{4}-\d{2}-\d{2}$/, '2026-01-26'],
  month: [/^\d{4}-(?:0[1-9]|1[0-2])$/, '2026-01'],
  year: [/^\d{4}$/, '2026'],
};

/** Why no date has such a part; undefined for a value that some date has. */
export const problemWithPart = (by: string, value: string): string | undefined => {
  const [form, example] = written[by] ?? [];
  if (!form) return undefined;
  if (!form.test(value) || (value.length > 9 && !isDay(value))) return `is written like ${example}`;
  const monday = by === 'week' ? mondayOf(value) : value;
  return monday === value ? undefined : `is the week's Monday, such as ${monday}`;
};

/** The words before a bracket that make something of a field. */
export const derivedNames: readonly string[] = [...Object.keys(periods), 'count'];

const pattern = new RegExp(`^(${derivedNames.join('|')})\\s*\\(\\s*([^()\\s]+)\\s*\\)$`, 'i');

/** `day(created)` as its parts; undefined for the name of a field. */
export const readDerived = (name: string): Derived | undefined => {
  if (!name.endsWith(')')) return undefined;
  const [, by, field] = pattern.exec(name) ?? [];
  return by === undefined ? undefined : { by: by.toLowerCase(), field: field! };
};

/** The field that a name of a question reads of a row. */
export const baseOf = (name: string): string => readDerived(name)?.field ?? name;

/** What is made of a field's values: one for each moment, and one number for how many there are. */
export const derive = (by: string, values: readonly unknown[]): readonly unknown[] => {
  if (by === 'count') return [values.length];
  const moments = values.map(String).filter((value) => wholeDay.test(value));
  return moments.map(periods[by]!);
};
