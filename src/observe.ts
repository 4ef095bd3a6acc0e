import { AwaitingReply } from './consent.ts';
import { CallError, type ErrorKind } from './errors.ts';

/** How something ended: well, or as which kind of error. */
export type Ending = 'ok' | 'pending' | 'asked' | ErrorKind | 'bug';

/** How a call that threw this has ended. */
export const endingOf = (error: unknown): Ending => {
  if (error instanceof AwaitingReply) return 'asked';
  return error instanceof CallError ? error.kind : 'bug';
};

/** What happens on the path and around it, for whoever counts it. No value of a caller's is in it. Durations in seconds. */
export type Observation =
  /** One call of a door, whole. `command` is CloudStack's name, absent where no such command is known. */
  | { what: 'call'; command?: string | undefined; risk?: string | undefined; ending: Ending; seconds: number }
  /** One HTTP request to a CloudStack. `answered`: whether anybody was there; undefined where its caller gave up first. */
  | {
      what: 'request';
      command: string;
      method: 'GET' | 'POST';
      ending: Ending;
      answered: boolean | undefined;
      seconds: number;
    }
  | { what: 'retry'; command: string }
  /** A job is followed from now on. */
  | { what: 'job-begun'; command: string }
  /** A job that was followed: to its end, or until it was returned as pending. */
  | { what: 'job'; command: string; ending: Ending; seconds: number }
  /** A read that the cache was asked for; `joined`: it waited for an equal one in flight. */
  | { what: 'cache'; result: 'hit' | 'miss' | 'joined' | 'skipped' }
  /** Cached answers were dropped because of a change made here, an event, a notice of a replica, or for want of news. */
  | { what: 'drop'; cause: 'change' | 'event' | 'replica' | 'doubt'; entries: number }
  /** So many answers are in the cache, whenever that changes. */
  | { what: 'kept'; entries: number }
  /** A question to a human: put, or answered. */
  | { what: 'confirmation'; result: 'asked' | 'accepted' | 'declined' | 'sent-to-terminal' }
  /** The circuit of an endpoint; `profile` is one of the configuration's. */
  | { what: 'circuit'; profile: string; state: 'closed' | 'half-open' | 'open' }
  /** The connections to an endpoint, whenever that changes. */
  | { what: 'pool'; profile: string; running: number; waiting: number }
  /** Whether the shared store can be reached. */
  | { what: 'store'; reachable: boolean }
  /** An audit entry: in the log, or waiting for a log that cannot be written. */
  | { what: 'audit'; kept: boolean };

/** Told of everything that happens, at once; must neither throw nor wait. */
export type Observe = (observation: Observation) => void;

/** The span of one call. */
export interface CallSpan {
  /** The id of its trace: 32 hexadecimal digits. */
  trace: string;
  /** Tells what became known of the call, and how it ended. */
  end(call: { command?: string; risk?: string }, ending: Ending): void;
}

/** Where a call came from, as the door knows it. */
export interface Origin {
  /** The id of the HTTP request. */
  request?: string | undefined;
  /** W3C trace context as the host sent it. */
  parent?: Readonly<Record<string, string>> | undefined;
  /** Told the id of the trace that the call is part of. */
  traced?: ((trace: string) => void) | undefined;
}

/** Follows calls through their steps to CloudStack. */
export interface Tracing {
  /** Runs one call in a span of its own, beneath the host's. */
  call<T>(origin: Origin | undefined, run: (span: CallSpan) => Promise<T>): Promise<T>;
  /** Runs a step of a call in a span beneath the call's. */
  step<T>(name: string, run: () => T): T;
  /** Runs one HTTP request in a client span. `send` is given the headers that carry the trace on. */
  request<T extends { status: number }>(
    command: string,
    about: { method: string; url: string },
    send: (headers: Readonly<Record<string, string>>) => Promise<T>,
  ): Promise<T>;
  /** Sends what is left. */
  close(): Promise<void>;
}
