import { copyChanged, type Row } from '../rows.ts';
import { maskAnswer } from '../secrets/mask.ts';
import { stripUnsafe } from '../text.ts';
import type { Job } from '../types.ts';

const strip = (value: unknown): unknown => {
  if (typeof value === 'string') return stripUnsafe(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return copyChanged(value, strip);
  const record = value as Row;
  const names = Object.keys(record);
  const inner = copyChanged(record, strip);
  if (names.every((name) => stripUnsafe(name) === name)) return inner;
  return Object.fromEntries(names.map((name) => [stripUnsafe(name), inner[name]]));
};

/**
 * An answer as it may be shown: hiding characters gone, the credentials of the command's (and of a job's) answer masked.
 * Without a command they stay: a person asked for them.
 */
export const cleanBody = (body: Row, command: string | undefined, job: Job | undefined): Row =>
  (command === undefined ? strip(body) : maskAnswer(body, command, job, stripUnsafe)) as Row;
