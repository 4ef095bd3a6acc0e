import type { Command } from './types.ts';

/** Arguments of a call. */
type Args = Readonly<Record<string, unknown>>;

// CloudStack counts weekdays as java.util.Calendar does (DateUtil.getNextRunTime): 1 is Sunday. In cron fields, which Spring
// reads (CronExpression), 0 and 7 are Sunday.
const weekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

const clock = (hour: number, minute: number): string =>
  `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`;

/** How a schedule of an interval type is written, and what it says. */
interface Interval {
  looks: string;
  pattern: RegExp;
  words: (minute: number, hour: number, day: number) => string;
}

const minute = '([0-5]?\\d)';
const hour = '([01]?\\d|2[0-3])';

const intervals: Readonly<Record<string, Interval>> = {
  HOURLY: {
    looks: 'MM, the minute, such as 30',
    pattern: new RegExp(`^${minute}$`),
    words: (m) => `every hour at minute ${m}`,
  },
  DAILY: {
    looks: 'MM:HH, minute and hour, such as 30:03 for 03:30',
    pattern: new RegExp(`^${minute}:${hour}$`),
    words: (m, h) => `every day ${clock(h, m)}`,
  },
  WEEKLY: {
    looks: 'MM:HH:D, minute, hour and weekday from 1 (Sunday) to 7 (Saturday), such as 30:03:1',
    pattern: new RegExp(`^${minute}:${hour}:0?([1-7])$`),
    words: (m, h, d) => `every ${weekdays[d - 1]!} ${clock(h, m)}`,
  },
  MONTHLY: {
    looks: 'MM:HH:DD, minute, hour and day of the month from 1 to 28, such as 30:03:15',
    pattern: new RegExp(`^${minute}:${hour}:(0?[1-9]|1\\d|2[0-8])$`),
    words: (m, h, d) => `on day ${d} of every month ${clock(h, m)}`,
  },
};

/** One of the five fields of a cron schedule. */
interface CronField {
  title: string;
  min: number;
  max: number;
  /** Three letters each, from `min`. */
  names?: readonly string[];
  /** How a number reads. */
  show: (number: number) => string;
}

const short = (names: readonly string[]): string[] => names.map((name) => name.slice(0, 3).toUpperCase());

const cronFields: readonly CronField[] = [
  { title: 'minute', min: 0, max: 59, show: String },
  { title: 'hour', min: 0, max: 23, show: String },
  { title: 'day of the month', min: 1, max: 31, show: String },
  { title: 'month', min: 1, max: 12, names: short(months), show: (n) => months[n - 1]! },
  { title: 'weekday', min: 0, max: 7, names: short(weekdays), show: (n) => weekdays[n % 7]! },
];

/** What a part of a cron field says; undefined where it is none. Spring's `L`, `W` and `#` are taken as they are. */
const readPart = ({ title, min, max, names = [], show }: CronField, part: string): string | undefined => {
  const number = (text: string): number | undefined => {
    const named = names.indexOf(text.toUpperCase());
    const value = named >= 0 ? named + min : /^\d{1,2}$/.test(text) ? Number(text) : NaN;
    return value >= min && value <= max ? value : undefined;
  };
  const [range = '', step] = part.split('/');
  if (step !== undefined && !/^[1-9]\d?$/.test(step)) return undefined;
  const every = step === undefined || step === '1' ? '' : `every ${step} ${title}s`;
  if (range === '*' || (range === '?' && (title === 'weekday' || title === 'day of the month'))) return every || '*';
  if (/^(\d{0,2}[LW]|L-\d{1,2}|\w{1,3}(#[1-5]|L))$/i.test(range) && title.includes('day')) return range;
  const [from = '', to, ...rest] = range.split('-');
  const [first, last] = [number(from), to === undefined ? undefined : number(to)];
  if (first === undefined || rest.length || (to !== undefined && last === undefined)) return undefined;
  const words = last === undefined ? show(first) : `${show(first)} to ${show(last)}`;
  return every ? `${every} from ${words}` : words;
};

/** What each field of a cron schedule says; undefined where it has not five of them, or one is none. */
const readCron = (schedule: string): readonly string[] | undefined => {
  const fields = schedule.trim().split(/\s+/);
  if (fields.length !== cronFields.length) return undefined;
  const read = fields.map((field, at) => field.split(',').map((part) => readPart(cronFields[at]!, part)));
  return read.every((parts) => parts.every((part) => part !== undefined))
    ? read.map((parts) => parts.join(', '))
    : undefined;
};

const isNumber = (text: string): boolean => /^\d+$/.test(text);

const cronWords = ([minutes = '', hours = '', days = '', month = '', weekday = '']: readonly string[]): string => {
  const time =
    isNumber(minutes) && isNumber(hours)
      ? clock(Number(hours), Number(minutes))
      : minutes === '*' && hours === '*'
        ? 'every minute'
        : [
            minutes === '*' ? 'every minute' : minutes.startsWith('every') ? minutes : `at minute ${minutes}`,
            hours === '*' ? 'of every hour' : hours.startsWith('every') ? hours : `of hour ${hours}`,
          ].join(' ');
  // Where both are given, both must be met (Spring, unlike Unix).
  const on = [
    weekday === '*' ? '' : `every ${weekday}`,
    days === '*' ? '' : days.startsWith('every') ? days : `on day ${days} of ${month === '*' ? 'every month' : month}`,
    month === '*' || days !== '*' ? '' : `in ${month}`,
  ].filter(Boolean);
  return `${on.length ? on.join(', ') : 'every day'} ${time}`;
};

const looksLikeCron =
  'five cron fields: minute hour day month weekday (0 or 7 is Sunday, 1 Monday), such as 0 22 * * 1-5';

/** Whether a command takes a schedule, and how it is written: by its interval type, or as cron fields. */
const formOf = ({ params }: Command): 'interval' | 'cron' | undefined => {
  const takes = (wanted: string): boolean => params.some(({ name }) => name === wanted);
  if (!takes('schedule') || !takes('timezone')) return undefined;
  return takes('intervaltype') ? 'interval' : 'cron';
};

const intervalOf = ({ intervaltype }: Args): Interval | undefined => intervals[String(intervaltype).toUpperCase()];

/** What is wrong with the schedule of a call, in words; undefined where nothing is, or none is given. */
export const problemWithSchedule = (command: Command, args: Args): string | undefined => {
  const form = formOf(command);
  const { schedule } = args;
  if (form === undefined || typeof schedule !== 'string') return undefined;
  if (form === 'cron') return readCron(schedule) ? undefined : `schedule must be ${looksLikeCron}`;
  const interval = intervalOf(args);
  if (!interval || interval.pattern.test(schedule.trim())) return undefined;
  return `schedule of ${String(args['intervaltype']).toUpperCase()} must be ${interval.looks}`;
};

/** When a schedule runs, without its time zone; undefined where it cannot be read. Rows of snapshot policies number their interval. */
const inWords = (schedule: string, form: 'interval' | 'cron', intervaltype: unknown): string | undefined => {
  if (form === 'cron') {
    const cron = readCron(schedule);
    return cron && cronWords(cron);
  }
  const interval = intervals[String(intervaltype).toUpperCase()] ?? Object.values(intervals)[Number(intervaltype)];
  const [, m, h, d] = interval?.pattern.exec(schedule.trim()) ?? [];
  return m === undefined ? undefined : interval!.words(Number(m), Number(h), Number(d));
};

/** When the schedule of a call runs, in words such as `every Sunday 03:30 Europe/Berlin`; undefined where it has none. */
export const describeSchedule = (command: Command, args: Args): string | undefined => {
  const form = formOf(command);
  const { schedule, timezone } = args;
  if (form === undefined || typeof schedule !== 'string') return undefined;
  const words = inWords(schedule, form, args['intervaltype']);
  return words && [words, typeof timezone === 'string' ? timezone : ''].filter(Boolean).join(' ');
};

/** When the schedule of a row runs, in words, without its time zone, which stands beside it; undefined where it cannot be read. */
export const describeScheduleOf = ({ schedule, intervaltype }: Args): string | undefined =>
  typeof schedule === 'string'
    ? inWords(schedule, intervaltype === undefined || intervaltype === null ? 'cron' : 'interval', intervaltype)
    : undefined;
