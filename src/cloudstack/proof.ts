import { CallError } from '../errors.ts';
import { isRecord, type Row } from '../rows.ts';
import type { WireParams } from '../types.ts';

const isGiven = (value: unknown): boolean => value !== undefined && value !== null && value !== '';

const isRow = (value: unknown): boolean => isRecord(value) && Object.values(value).some(isGiven);

/** Whether an answer is of a form that CloudStack gives a change of which it says that it was done. */
const isProof = (expects: WireParams['expects'], body: Row): boolean => {
  const { jobid: _jobid, jobstatus: _jobstatus, ...said } = body;
  if (said['success'] === true || String(said['success']).toLowerCase() === 'true') return true;
  const values = Object.values(said);
  if (values.some((value) => isRow(value) || (Array.isArray(value) && value.some(isRow)))) return true;
  if (expects === 'flat') return values.some(isGiven);
  return typeof said['id'] === 'string' && said['id'] !== '';
};

/** Whether a value can be a job's id: text without blanks, short enough to ask with. */
export const isJobId = (value: unknown): value is string => typeof value === 'string' && /^\S{1,64}$/.test(value);

/** What an answer that proves nothing looks like. */
const lookOf = (expects: WireParams['expects'], body: Row): string => {
  if (Object.keys(body).length === 0) return 'is empty';
  return expects === 'job' ? 'has no id of a job' : 'does not say that anything was done';
};

/**
 * Throws where the answer to a change says neither that it was done nor which job does it: a proxy's or half a server's. A
 * change that CloudStack runs as a job is not done because something came back.
 */
export const checkProof = ({ command, expects }: Pick<WireParams, 'command' | 'expects'>, body: Row): void => {
  if (expects === undefined || (expects !== 'job' && isProof(expects, body))) return;
  throw new CallError(
    'protocol',
    `${command}: the answer ${lookOf(expects, body)}`,
    'Something between this server and CloudStack may answer for it, such as a proxy.',
  );
};
