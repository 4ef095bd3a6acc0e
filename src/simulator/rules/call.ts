import type { Command } from '../../catalog/types.ts';
import type { ApiError } from '../world/errors.ts';
import type { Fields, Resource } from '../world/types.ts';
import type { World } from '../world/world.ts';

/** Who is asking. */
export interface CallingUser {
  user: Resource;
  account: Resource;
  domain: Resource;
  /** Role type: Admin, ResourceAdmin, DomainAdmin, User. */
  role: string;
  root: boolean;
  /** The key pair that signed the request, of a release that keeps several. */
  pair?: Resource;
}

/** One authenticated request for one command, its parameters decoded. */
export interface Call {
  world: World;
  command: Command;
  args: Fields;
  /** Resources named by parameters that carry an id. */
  rows: ReadonlyMap<string, Resource[]>;
  caller: CallingUser;
  /** A filter has a value that no resource can have. */
  matchesNothing?: boolean;
  /** What its answer waits for. */
  until?: Promise<void>;
  /** Why its job fails, known before the job begins. */
  failure?: ApiError;
}

/** A resource or a made-up object in a result. */
export type Item = Resource | Fields;

/** What a response holds, before its envelope. */
export type Result =
  | { form: 'list'; items: readonly Item[]; count: number; key?: string; pick?: (fields: Fields) => Fields }
  | { form: 'object'; item: Item; key?: string; extra?: Fields }
  | { form: 'success'; text?: string };

/** A job under way: what it works on, and what happens when it ends. */
export interface Work {
  form: 'work';
  /** The resource that the response's `id` and the job's instance name. */
  on?: Resource;
  finish: () => Result;
  /** Longer or shorter than other jobs, as a factor. */
  factor?: number;
}

/** What a command does: at once, or as a job. */
export type Behaviour = (call: Call) => Result | Work;

/** Behaviours by command. */
export type Behaviours = Readonly<Record<string, Behaviour>>;
