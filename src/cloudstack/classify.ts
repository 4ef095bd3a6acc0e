import { loadData } from '../data.ts';
import { CallError, type ErrorKind } from '../errors.ts';

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

/** What CloudStack said of a failure. */
export interface Failure {
  code: number;
  cserrorcode?: number | undefined;
  text: string;
  job?: string | undefined;
  /** Milliseconds. */
  retryAfter?: number | undefined;
}

/** CloudStack's own error, classified, its text whole and on one line. `what` names the command or its job. */
export const classify = (what: string, { code, cserrorcode, text, job, retryAfter }: Failure): CallError => {
  const { byText, byException, byCode } = facts();
  const received = byText.find(
    ({ match, codes }) => (!codes || codes.includes(code)) && new RegExp(match, 'i').test(text),
  );
  const kind = received?.kind ?? byException[String(cserrorcode)] ?? byCode[String(code)] ?? 'failed';
  return new CallError(kind, `${what}: ${text}`, received?.hint ?? hintFor(kind, retryAfter), {
    code,
    cserrorcode,
    job,
    retryAfter,
    isForeign: true,
  });
};
