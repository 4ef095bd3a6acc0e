import { AwaitingReply } from './consent.ts';
import { CallError, type ErrorKind } from './errors.ts';

/** How something ended: well, or as which kind of error. */
export type Ending = 'ok' | 'pending' | 'asked' | ErrorKind | 'bug';

/** How a call that threw this has ended. */
export const endingOf = (error: unknown): Ending => {
  if (error instanceof AwaitingReply) return 'asked';
  return error instanceof CallError ? error.kind : 'bug';
};

/** An event on the path or around it, for metrics and logs. It holds no value from a caller. Durations in seconds. */
export type Observation =
  /** One call of a door, whole. `command` is CloudStack's name, absent where no such command is known. */
  | { type: 'call'; command?: string | undefined; risk?: string | undefined; ending: Ending; seconds: number }
  /** One HTTP request to a CloudStack. `answered`: whether the server answered; undefined if the caller gave up first. */
  | {
      type: 'request';
      command: string;
      method: 'GET' | 'POST';
      ending: Ending;
      answered: boolean | undefined;
      seconds: number;
    }
  | { type: 'retry'; command: string }
  /** Polling a job begins. */
  | { type: 'job-started'; command: string }
  /** Polling a job ended: the job ended, or was returned as pending. */
  | { type: 'job'; command: string; ending: Ending; seconds: number }
  /** A read through the cache; `joined`: it waited for an equal request in flight. */
  | { type: 'cache'; result: 'hit' | 'miss' | 'joined' | 'skipped' }
  /** Cached answers were dropped: a change made here, an event, a notification of a replica, or events that may have been missed (`doubt`). */
  | { type: 'invalidation'; cause: 'change' | 'event' | 'replica' | 'doubt'; entries: number }
  /** The number of cached answers, whenever it changes. */
  | { type: 'cache-entries'; entries: number }
  /** A confirmation: asked for, or answered. */
  | { type: 'confirmation'; result: 'asked' | 'accepted' | 'declined' | 'sent-to-terminal' }
  /** The circuit of an endpoint; `profile` is one of the configuration's. */
  | { type: 'circuit'; profile: string; state: 'closed' | 'half-open' | 'open' }
  /** The connections to an endpoint, whenever that changes. */
  | { type: 'pool'; profile: string; running: number; waiting: number }
  /** Whether the shared store can be reached. */
  | { type: 'store'; reachable: boolean }
  /** An audit entry: in the log, or waiting for a log that cannot be written. */
  | { type: 'audit'; written: boolean };

/** Receives every observation synchronously; must neither throw nor block. */
export type Observe = (observation: Observation) => void;

/** The span of one call. */
export interface CallSpan {
  /** 32 hexadecimal digits. */
  traceId: string;
  /** Ends the span with the command and the outcome. */
  end(call: { command?: string; risk?: string }, ending: Ending): void;
}

/** Where a call came from, as the door knows it. */
export interface Origin {
  /** The id of the HTTP request. */
  request?: string | undefined;
  /** W3C trace context as the host sent it. */
  parent?: Readonly<Record<string, string>> | undefined;
  /** Called with the id of the trace that the call is part of. */
  onTrace?: ((trace: string) => void) | undefined;
}

/** Follows calls through their steps to CloudStack. */
export interface Tracing {
  /** Runs one call in a span of its own, beneath the host's. */
  call<T>(origin: Origin | undefined, run: (span: CallSpan) => Promise<T>): Promise<T>;
  /** Runs a step of a call in a span beneath the call's. */
  step<T>(name: string, run: () => T): T;
  /** Runs one HTTP request in a client span. `send` receives the headers that propagate the trace. */
  request<T extends { status: number }>(
    command: string,
    about: { method: string; url: string },
    send: (headers: Readonly<Record<string, string>>) => Promise<T>,
  ): Promise<T>;
  /** Exports the remaining spans. */
  close(): Promise<void>;
}
