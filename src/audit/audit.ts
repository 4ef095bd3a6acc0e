import { randomUUID } from 'node:crypto';
import { AwaitingReply, CallError } from '../errors.ts';
import { maskSecrets } from '../secrets.ts';
import type { CallRequest, ResolvedName } from '../types.ts';
import type { Sink } from './sink.ts';

/** What the steps tell about a call as they learn it. */
export interface Facts {
  command?: string;
  risk?: string;
  severity?: string;
  params?: Readonly<Record<string, unknown>>;
  names?: readonly ResolvedName[];
  rule?: string;
  /** Digest of the question the human was asked. */
  question?: string;
  /** How the human said yes. */
  confirmation?: string | undefined;
  /** Requests of the command itself that left, retries included. */
  requests?: number;
  job?: string | undefined;
  /** A job was accepted and goes on. */
  pending?: boolean;
}

/** One line of the audit log. */
export interface AuditEntry extends Facts {
  time: string;
  call: string;
  principal: string;
  host: string;
  profile: string;
  tool: string;
  result: 'done' | 'accepted' | 'refused' | 'failed' | 'cancelled' | 'unknown';
  error?: { kind: string; code?: number | undefined; message: string };
  /** Milliseconds. */
  duration: number;
}

/** Writes one entry a call, however it ended. */
export interface Audit {
  record(entry: AuditEntry): void;
  /** Keeps the entry of a call that waits for its human; it is written when nobody answers in time. */
  hold(question: string, entry: AuditEntry): void;
  /** Writes what is held and closes the sink. */
  close(): void;
}

const asResult = (error: unknown): AuditEntry['result'] => {
  const kind = error instanceof CallError ? error.kind : 'failed';
  if (kind === 'invalid' || kind === 'refused' || kind === 'unconfirmed') return 'refused';
  if (kind === 'cancelled') return 'cancelled';
  return kind === 'unknown-outcome' ? 'unknown' : 'failed';
};

const describe = (error: unknown): NonNullable<AuditEntry['error']> =>
  error instanceof CallError
    ? { kind: error.kind, ...(error.code === undefined ? {} : { code: error.code }), message: error.message }
    : { kind: 'bug', message: String(error) };

/** An audit log over a sink. `lifetime`: milliseconds that a question stays open. */
export const createAudit = (sink: Sink, lifetime: number): Audit => {
  const held = new Map<string, { entry: AuditEntry; timer: NodeJS.Timeout }>();
  const write = (entry: AuditEntry): void => {
    sink.write(JSON.stringify(maskSecrets(entry, entry.command)));
  };
  const release = (question: string | undefined): AuditEntry | undefined => {
    const waiting = question === undefined ? undefined : held.get(question);
    if (!waiting || question === undefined) return undefined;
    clearTimeout(waiting.timer);
    held.delete(question);
    return waiting.entry;
  };
  return {
    record: (entry) => {
      release(entry.question);
      write(entry);
    },
    hold: (question, entry) => {
      release(question);
      const timer = setTimeout(() => {
        held.delete(question);
        write(entry);
      }, lifetime).unref();
      held.set(question, { entry, timer });
    },
    close: () => {
      for (const question of [...held.keys()]) write(release(question)!);
      sink.close();
    },
  };
};

/** Runs a call and leaves its entry. `note` collects what the steps learn; errors are recorded and thrown on. */
export const audited = async <T>(
  audit: Audit,
  request: CallRequest,
  run: (note: (facts: Facts) => void) => Promise<T>,
): Promise<T> => {
  const facts: Facts = { params: request.args };
  const begun = Date.now();
  const entry = (result: AuditEntry['result'], error?: unknown): AuditEntry => ({
    time: new Date(begun).toISOString(),
    call: randomUUID(),
    ...request.caller,
    tool: request.tool,
    ...facts,
    result,
    ...(error === undefined ? {} : { error: describe(error) }),
    duration: Date.now() - begun,
  });
  try {
    const value = await run((more) => Object.assign(facts, more));
    audit.record(entry(facts.pending ? 'accepted' : 'done'));
    return value;
  } catch (error) {
    if (error instanceof AwaitingReply)
      audit.hold(error.question.digest, entry('refused', new CallError('unconfirmed', 'Nobody answered in time.', '')));
    else audit.record(entry(asResult(error), error));
    throw error;
  }
};
