import { describeScheduleOf } from '../catalog/schedule.ts';
import { isRecord, type Row } from '../rows.ts';
import { joinLines } from '../text.ts';
import { cells, partsOf } from './cells-data.ts';
import { valueAt } from './columns.ts';

const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];

const toSize = (bytes: number): string => {
  let [size, unit] = [bytes, 0];
  // Gigabytes are what disks and memory are told in; smaller units only where they would be nothing.
  while (Math.abs(size) >= 1024 && unit < units.length - 1 && !(unit === 3 && size < 10_240)) {
    size /= 1024;
    unit++;
  }
  return `${Number(size.toFixed(size < 10 ? 2 : 1))} ${units[unit]}`;
};

/** Whether a field counts bytes: in every row of its type, or in those that say so. */
const bytesOf = (response: string, field: string): ((row: Row) => boolean) => {
  const { bytes, bytesWhere } = cells();
  const isAlways = bytes[response]?.includes(field) === true;
  const where = bytesWhere[response];
  if (isAlways || !where?.fields.includes(field)) return () => isAlways;
  return (row) => where.values.includes(String(row[where.field]));
};

const isNumeric = (value: unknown): boolean =>
  typeof value === 'number' || (typeof value === 'string' && /^\d{1,20}$/.test(value));

const toWords = (field: string, value: unknown): string => {
  if (typeof value === 'string') return joinLines(value);
  if (value === undefined || value === null) return '';
  if (Array.isArray(value)) return value.map((one) => toWords(field, one)).join(', ');
  if (!isRecord(value)) return joinLines(String(value));
  // A tag, a detail.
  if ('key' in value && 'value' in value) return `${toWords('', value['key'])}=${toWords('', value['value'])}`;
  const parts = partsOf(field);
  if (parts)
    return parts
      .map((part) => toWords(part, value[part]))
      .filter(Boolean)
      .join(' ');
  return Object.entries(value)
    .map(([name, inner]) => `${joinLines(name)}=${isRecord(inner) ? JSON.stringify(inner) : toWords(name, inner)}`)
    .join(' ');
};

/** How one column is told, for row after row: nested values flat, bytes as GiB, numbers of states in words. */
export const showColumn = (response: string, column: string): ((row: Row) => string) => {
  const { words, schedules } = cells();
  const countsBytes = bytesOf(response, column);
  const meanings = words[response]?.[column];
  const isSchedule = column === 'schedule' && schedules.includes(response);
  const field = column.slice(column.lastIndexOf('.') + 1);
  return (row) => {
    const value = valueAt(row, column);
    if (countsBytes(row) && isNumeric(value)) return toSize(Number(value));
    const word = meanings?.[String(value)] ?? (isSchedule ? describeScheduleOf(row) : undefined);
    return word ?? toWords(field, value);
  };
};

/** The value of one column of a row, as a person reads it. */
export const toShown = (response: string, row: Row, column: string): string => showColumn(response, column)(row);

/** An object as it is now that its job has ended: without the job and without a state in which it was only before that. */
export const withoutJob = (response: string, item: Row): Row => {
  const { jobid: _jobid, jobstatus: _jobstatus, ...rest } = item;
  const { state, ...stateless } = rest;
  return cells().passing[response]?.includes(String(state)) ? stateless : rest;
};
