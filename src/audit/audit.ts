import { randomUUID } from 'node:crypto';
import { setImmediate as endOfTurn } from 'node:timers/promises';
import { CallError } from '../errors.ts';
import { AwaitingReply, beginsAnew } from '../consent.ts';
import type { CallRequest } from '../types.ts';
import type { AuditEntry, Facts, SendingEntry } from './entry.ts';
import { cutText, escapeUnsafe } from '../text.ts';
import { maxName, maskParams, scrubText } from './scrub.ts';
import type { EntryText } from './ledger.ts';
import type { Sinks } from './sinks.ts';

/** Writes one entry a call, however it ended. */
export interface Audit {
  /** Throws a CallError while entries cannot be kept. No change leaves before it was asked, with what is known of it. */
  ready(sending?: () => SendingEntry): Promise<void>;
  /** What was found broken in the logs since this process began to write. */
  problems(): string[];
  /**
   * Resolves once the entry is in the log: of a read with others of this turn of the event loop, of anything else at once.
   * Never rejects: what has happened cannot be refused any more.
   */
  record(entry: AuditEntry): Promise<void>;
  /** Keeps the entry of a call that waits for its human; it is written when no one answers in time. */
  defer(question: string, entry: AuditEntry): void;
  /** Writes what is held and closes every sink. */
  close(): Promise<void>;
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

// Escaped before it is chained, so that no terminal obeys others' words in the file or in a copy.
const toText = (entry: AuditEntry | SendingEntry): string => escapeUnsafe(JSON.stringify(entry));

/**
 * An audit log over its sinks. `lifetime`: milliseconds that a question stays open; `told` of each entry, whether it was
 * kept; `isAnswered`: whether another replica has heard the answer to a question, and so leaves its entry.
 */
export const createAudit = (
  { ledgers, copies }: Sinks,
  lifetime: number,
  onEntry: (saved: boolean) => void = () => undefined,
  isAnswered?: (question: string) => Promise<boolean>,
): Audit => {
  const asking = new Set<Promise<void>>();
  const deferred = new Map<string, { entry: AuditEntry; timer: NodeJS.Timeout }>();
  let gathered: EntryText[] = [];
  let writing: Promise<void> | undefined;
  const writeGathered = (): void => {
    const entries = gathered;
    gathered = [];
    if (!entries.length) return;
    const lines: (string | undefined)[] = [];
    for (const ledger of ledgers)
      for (const [at, line] of ledger.write(entries).entries()) {
        lines[at] ??= line;
        onEntry(line !== undefined);
      }
    // Copies carry the chain's hashes: elsewhere, they prove what the file said.
    for (const [at, { entry, text }] of entries.entries())
      for (const copy of copies) copy.write(lines[at] ?? text, entry);
  };
  const write = (entry: AuditEntry): void => {
    gathered.push({ entry, text: toText(entry) });
    writeGathered();
  };
  /** Writes it with others that end in this turn: calls at once have one look at the log's files and one system call. */
  const gather = (entry: AuditEntry): Promise<void> => {
    gathered.push({ entry, text: toText(entry) });
    return (writing ??= endOfTurn().then(() => {
      writing = undefined;
      writeGathered();
    }));
  };
  const release = (question: string | undefined): AuditEntry | undefined => {
    const waiting = question === undefined ? undefined : deferred.get(question);
    if (!waiting || question === undefined) return undefined;
    clearTimeout(waiting.timer);
    deferred.delete(question);
    return waiting.entry;
  };
  const expire = (question: string): void => {
    const entry = release(question);
    if (!entry) return;
    if (!isAnswered) return write(entry);
    const asked = isAnswered(question)
      .catch(() => false)
      .then((answered) => {
        if (!answered) write(entry);
      })
      .finally(() => asking.delete(asked));
    asking.add(asked);
  };
  return {
    ready: async (sending) => {
      writeGathered();
      for (const ledger of ledgers) await ledger.ready(sending && (() => toText(sending())));
    },
    problems: () => ledgers.flatMap((ledger) => ledger.problem() ?? []),
    record: (entry) => {
      release(entry.question);
      if (entry.risk === 'read') return gather(entry);
      write(entry);
      return Promise.resolve();
    },
    defer: (question, entry) => {
      release(question);
      const timer = setTimeout(() => expire(question), lifetime).unref();
      deferred.set(question, { entry, timer });
    },
    close: async () => {
      for (const question of [...deferred.keys()]) expire(question);
      await Promise.all(asking);
      writeGathered();
      await Promise.all([...ledgers, ...copies].map((sink) => sink.close()));
    },
  };
};

/**
 * Runs a call and leaves its entry. `addFacts` collects what the steps find out; `beforeSending` throws a CallError while
 * entries cannot be kept. Errors are recorded and thrown on.
 */
export const audited = async <T>(
  audit: Audit,
  request: CallRequest,
  run: (addFacts: (facts: Facts) => void, beforeSending: () => Promise<void>) => Promise<T>,
): Promise<T> => {
  const facts: Facts = {};
  const begun = Date.now();
  const call = randomUUID();
  const describeCall = () => {
    const { principal, host, profile } = request.caller;
    const described = {
      time: new Date(begun).toISOString(),
      call,
      principal: cutText(principal, maxName),
      host: cutText(host, maxName),
      profile: cutText(profile, maxName),
      tool: cutText(request.tool, maxName),
    };
    // Assigned, not spread: it is one object, and a copy of each would cost as much as its hash.
    return Object.assign(described, facts, { params: maskParams(facts.params ?? request.args, facts.command) });
  };
  const entry = (result: AuditEntry['result'], error?: unknown): AuditEntry => {
    const described = error === undefined ? undefined : describe(error);
    const message = described && scrubText(described.message, request.args, facts.params ?? request.args);
    const ending = described && message !== undefined ? { error: { ...described, message } } : {};
    return Object.assign(describeCall(), { result, ...ending, duration: Date.now() - begun });
  };
  const beforeSending = (): Promise<void> => audit.ready(() => ({ kind: 'sending', ...describeCall() }));
  try {
    const value = await run((more) => Object.assign(facts, more), beforeSending);
    await audit.record(entry(facts.pending ? 'accepted' : 'done'));
    return value;
  } catch (error) {
    if (beginsAnew(error)) throw error;
    if (error instanceof AwaitingReply)
      audit.defer(
        error.question.digest,
        entry('refused', new CallError('unconfirmed', 'No one answered in time.', '')),
      );
    else await audit.record(entry(asResult(error), error));
    throw error;
  }
};
