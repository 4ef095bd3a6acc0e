/** A look at what a call acts on, for a question about it. */
export interface TargetsLook {
  /** Of the call and its targets alone, without what hangs on them. */
  digest: string;
  /** Milliseconds since 1970 when it began. */
  at: number;
}

/** A question to the human behind the caller, bound to one call. */
export interface Question {
  message: string;
  /** The text that must be typed, for critical commands; otherwise a plain yes. */
  phrase?: string | undefined;
  /** More than a dialog shows: a person reads it at a terminal. */
  isLong?: boolean | undefined;
  /** Binds the answer to the tool, its arguments with ids for names, the principal and the profile. */
  digest: string;
  /** The look on which it rests. */
  look?: TargetsLook | undefined;
}

/** What came back of a question, signed by this server: its text stays with the person. */
export interface AskedBefore extends Pick<Question, 'digest' | 'phrase'> {
  look: TargetsLook;
}

/** The human's reply as the door received it. Nothing in it is trusted before guard/ has checked it. */
export interface Reply {
  action: 'accept' | 'decline' | 'cancel';
  confirm?: unknown;
  phrase?: unknown;
  /** The digest of the question that was answered. */
  digest: string;
  /** Used once. */
  nonce: string;
  /** How it was asked: `elicitation`, `terminal`. */
  by: string;
  /** It came with the call: what was read for this call was read after it was given. */
  withCall?: true;
}

/**
 * How a door asks the human. It returns undefined when no one can be asked, and may throw a door's own signal
 * when the answer will come with a second request (multi round-trip).
 */
export type Consent = (question: Question) => Promise<Reply | undefined>;

/**
 * Leads the human to where a call that waits under a code is approved. False where no one can be led there; true once they were,
 * and `isAnswered` became true or the time was up. It may throw a door's own signal as `Consent` does.
 */
export type ApprovalLead = (question: Question, code: string, isAnswered: () => Promise<boolean>) => Promise<boolean>;

/** Not a failure: the human's answer will come with a second request (multi round-trip). */
export class AwaitingReply extends Error {
  override readonly name = 'AwaitingReply';
  readonly question: Question;
  /** No one was shown it: the call begins anew where it can be asked. */
  readonly isUnasked: boolean;
  /** The human is led to where the call under this code is approved. */
  readonly code: string | undefined;

  constructor(question: Question, { isUnasked = false, code }: { isUnasked?: boolean; code?: string } = {}) {
    super('waiting for the user');
    this.question = question;
    this.isUnasked = isUnasked;
    this.code = code;
  }
}

/** Whether a call leaves no trace of this run: it begins anew where its question can be put. */
export const beginsAnew = (error: unknown): boolean => error instanceof AwaitingReply && error.isUnasked;
