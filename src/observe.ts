import type { ErrorKind } from './errors.ts';

/** How something ended: well, or as which kind of error. */
export type Ending = 'ok' | 'pending' | 'asked' | ErrorKind | 'bug';

/** What happens on the path and around it, for whoever counts it. No value of a caller's is in it. Durations in seconds. */
export type Observation =
  /** One call of a door, whole. `command` is CloudStack's name, absent where no such command is known. */
  | { what: 'call'; command?: string | undefined; risk?: string | undefined; ending: Ending; seconds: number }
  /** One HTTP request to a CloudStack. */
  | { what: 'request'; command: string; method: 'GET' | 'POST'; ending: Ending; seconds: number }
  | { what: 'retry'; command: string }
  /** A job that was followed: to its end, or until it was handed out as pending. */
  | { what: 'job'; command: string; ending: Ending; seconds: number }
  /** A read that the cache was asked for; `joined`: it waited for an equal one in flight. */
  | { what: 'cache'; result: 'hit' | 'miss' | 'joined' | 'skipped' }
  /** Cached answers were dropped because of a change made here, an event, a notice of a replica, or for want of news. */
  | { what: 'drop'; cause: 'change' | 'event' | 'replica' | 'doubt'; entries: number }
  /** A question to a human: put, or answered. */
  | { what: 'confirmation'; result: 'asked' | 'accepted' | 'declined' | 'sent-to-terminal' }
  /** The circuit of an endpoint; `profile` is one of the configuration's. */
  | { what: 'circuit'; profile: string; state: 'closed' | 'half-open' | 'open' }
  /** The connections to an endpoint, whenever that changes. */
  | { what: 'pool'; profile: string; running: number; waiting: number }
  /** Whether the shared store can be reached. */
  | { what: 'store'; reachable: boolean };

/** Told of everything that happens, at once; must neither throw nor wait. */
export type Observe = (observation: Observation) => void;
