import { stripUnsafe } from '../text.ts';

/** How much a line matters. */
export type Level = 'debug' | 'info' | 'warn' | 'error';

/** What a line says beside its words; never a secret, never an argument of a call. */
export type LogFacts = Readonly<Record<string, string | number | boolean | undefined>>;

/** The log of the operator of the server. */
export interface Log {
  /** Logs a message for people and collectors. */
  report(level: Level, message: string, facts?: LogFacts): void;
  /** Logs a message that only collectors can make use of. */
  record(level: Level, message: string, facts?: LogFacts): void;
}

/** A log for people: plain lines on a stream. */
export const createTextLog = (stream: { write(text: string): unknown }): Log => ({
  report: (_level, message) => void stream.write(`${stripUnsafe(message)}\n`),
  record: () => undefined,
});
