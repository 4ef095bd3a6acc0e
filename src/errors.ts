/** What went wrong with a call, in classes that ask for different next steps. */
export type ErrorKind =
  | 'invalid' // the input cannot be right; nothing was sent
  | 'not-found'
  | 'authentication'
  | 'permission'
  | 'quota'
  | 'capacity'
  | 'conflict' // wrong state, in use, clashes with something
  | 'unavailable'
  | 'rate-limit'
  | 'timeout' // of a read, or of a change before it was sent: nothing changed
  | 'unknown-outcome' // of a change: it may have happened
  | 'protocol' // the answer cannot be understood
  | 'failed' // CloudStack tried and failed
  | 'refused' // by this server's policy
  | 'unconfirmed' // a human did not say yes
  | 'cancelled'
  | 'configuration';

/** What is known of an error beside its words. */
export interface ErrorDetails {
  /** HTTP status or CloudStack errorcode. */
  code?: number | undefined;
  cserrorcode?: number | undefined;
  /** Job to look at, where one had begun. */
  job?: string | undefined;
  /** Milliseconds after which trying again makes sense. */
  retryAfter?: number | undefined;
  cause?: unknown;
}

/** The one error of the path: what happened, in words a person can act on, and the next thing to do. */
export class CallError extends Error {
  override readonly name = 'CallError';
  readonly kind: ErrorKind;
  readonly hint: string;
  readonly code: number | undefined;
  readonly cserrorcode: number | undefined;
  readonly job: string | undefined;
  readonly retryAfter: number | undefined;

  constructor(kind: ErrorKind, message: string, hint: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.kind = kind;
    this.hint = hint;
    this.code = details.code;
    this.cserrorcode = details.cserrorcode;
    this.job = details.job;
    this.retryAfter = details.retryAfter;
  }
}

/** The contract's form of an error: `{kind, code?, cserrorcode?, message, hint, job?}`. */
export const describeError = ({ kind, code, cserrorcode, message, hint, job }: CallError): Record<string, unknown> => ({
  kind,
  ...(code === undefined ? {} : { code }),
  ...(cserrorcode === undefined ? {} : { cserrorcode }),
  message,
  hint,
  ...(job === undefined ? {} : { job }),
});
