import { badValue } from '../world/errors.ts';
import { textArg } from './args.ts';
import type { Call } from './call.ts';

/** Names of the intervals, by number. */
export const intervals = ['HOURLY', 'DAILY', 'WEEKLY', 'MONTHLY'];

// Numbers may be larger than any minute or day, but for the day of a month: Java's calendar counts on (DateUtil.getNextRunTime).
const schedules = [/^\d+$/, /^\d+:\d+$/, /^\d+:\d+:\d+$/, /^\d+:\d+:\d+$/];

/** Number of an interval; the schedule must have its form. */
export const intervalOf = (call: Call): number => {
  const name = (textArg(call, 'intervaltype') ?? '').toUpperCase();
  const interval = intervals.indexOf(name);
  if (interval < 0) throw badValue(`Unsupported interval type ${textArg(call, 'intervaltype')}`);
  const schedule = textArg(call, 'schedule') ?? '';
  if (!schedules[interval]?.test(schedule) || (name === 'MONTHLY' && Number(schedule.split(':')[2]) > 28))
    throw badValue(`Invalid schedule: ${schedule} for interval type: ${name}`);
  return interval;
};

/** A time zone as Java takes it: one that is unknown is GMT. */
export const zoneOf = (name: string): string => {
  // Asking for any other loads all of them.
  if (name === 'GMT' || name === 'UTC') return name;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return name;
  } catch {
    return 'GMT';
  }
};
