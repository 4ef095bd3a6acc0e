import { toKebab } from '../catalog/names.ts';
import { loadData } from '../data.ts';
import { CallError, type ErrorKind } from '../errors.ts';
import { itemOf, type Row } from '../rows.ts';
import { limits } from '../limits.ts';
import { cutText } from '../text.ts';
import { explainLimit } from './limit-error.ts';

interface ErrorFacts {
  byText: { match: string; codes?: number[]; kind: ErrorKind; hint?: string }[];
  byException: Record<string, ErrorKind>;
  byCode: Record<string, ErrorKind>;
  hints: Partial<Record<ErrorKind, string>>;
}

const facts = (): ErrorFacts => loadData<ErrorFacts>('errors.json');

/** The next thing to do after an error of this kind; `retryAfter`: milliseconds that the answer asks to wait. */
export const hintFor = (kind: ErrorKind, retryAfter?: number): string =>
  retryAfter === undefined
    ? (facts().hints[kind] ?? '')
    : `It asks to wait ${Math.max(1, Math.ceil(retryAfter / 1000))} s before trying again.`;

/** The way on from words of CloudStack's: one line of data/hints.json. */
interface ErrorHint {
  match: string;
  /** Where the same words mean something else elsewhere. */
  commands?: readonly string[];
  hint: string;
}

/** Characters of an error that are looked at for the way on. */
const maxLooked = 1000;

let errorHints: readonly (ErrorHint & { pattern: RegExp })[] | undefined;

const findHint = (command: string, text: string): string | undefined => {
  errorHints ??= loadData<ErrorHint[]>('hints.json').map((one) => ({ ...one, pattern: new RegExp(one.match, 'i') }));
  const start = text.slice(0, maxLooked);
  return errorHints.find(({ commands, pattern }) => (!commands || commands.includes(command)) && pattern.test(start))
    ?.hint;
};

/** What CloudStack said of a failure. */
export interface Failure {
  code: number;
  cserrorcode?: number | undefined;
  text: string;
  job?: string | undefined;
  /** Milliseconds. */
  retryAfter?: number | undefined;
}

/** CloudStack's own error, classified, its text on one line. `what` names the command or its job. */
export const classify = (what: string, { code, cserrorcode, text: whole, job, retryAfter }: Failure): CallError => {
  const text = cutText(whole, limits.errorText);
  const { byText, byException, byCode } = facts();
  const received = byText.find(
    ({ match, codes }) => (!codes || codes.includes(code)) && new RegExp(match, 'i').test(text),
  );
  const kind = received?.kind ?? byException[String(cserrorcode)] ?? byCode[String(code)] ?? 'failed';
  const [command = ''] = what.split(' ', 1);
  const hint = explainLimit(text) ?? findHint(command, text) ?? received?.hint ?? hintFor(kind, retryAfter);
  return new CallError(kind, `${what}: ${text}`, hint.replaceAll('{tool}', toKebab(command)), {
    code,
    cserrorcode,
    job,
    retryAfter,
    isForeign: true,
  });
};

const isFalse = (value: unknown): boolean => value === false || value === 'false';

/**
 * An answer or a job's result that says itself that it failed, as an error: `{success: false, displaytext}`, alone or under
 * one key, though CloudStack gave no error. A row that has an id is one that is shown: it says of itself what failed.
 */
export const failureIn = (what: string, body: Row, job?: string): CallError | undefined => {
  const item = itemOf(body);
  if (!isFalse(item['success']) || item['id'] !== undefined) return undefined;
  const text = ['displaytext', 'details', 'message', 'errortext'].map((name) => item[name]).find(Boolean);
  const words = typeof text === 'string' ? text : 'it answered success: false, without a reason';
  return new CallError('failed', `${what}: ${words}`, hintFor('failed'), { job, isForeign: true });
};
