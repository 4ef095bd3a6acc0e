import type { Command } from '../../catalog/types.ts';
import type { World } from './world.ts';

/** Anything that JSON can carry. */
export type Value = string | number | boolean | null | undefined | Value[] | { [key: string]: Value };

/** Named values: a resource's stored fields, or what an answer says. */
export type Fields = Record<string, Value>;

/** One resource of the simulated cloud. */
export interface Resource {
  /** Response type, such as `UserVm`; see kinds.ts. */
  readonly kind: string;
  /** CloudStack's internal number, seen in texts such as `i-2-3-VM`. */
  readonly no: number;
  readonly id: string;
  /** Id of the account that owns it. */
  owner?: string;
  /** What the API shows, names of referenced resources left out: they are looked up when it is shown. */
  readonly fields: Fields;
  /** What it does not show: passwords, earlier states. */
  readonly hidden: Fields;
  /** Moment at which it went. */
  removed?: number;
}

/** Who is asking. */
export interface CallingUser {
  user: Resource;
  account: Resource;
  domain: Resource;
  /** Role type: Admin, ResourceAdmin, DomainAdmin, User. */
  role: string;
  root: boolean;
}

/** One authenticated request for one command, its parameters decoded. */
export interface Call {
  world: World;
  command: Command;
  args: Fields;
  /** Resources named by parameters that carry an id. */
  rows: ReadonlyMap<string, Resource[]>;
  caller: CallingUser;
}

/** A resource or a made-up object in an answer. */
export type Item = Resource | Fields;

/** What an answer holds, before its envelope. */
export type Result =
  | { form: 'list'; items: Item[]; count: number; key?: string; pick?: (fields: Fields) => Fields }
  | { form: 'object'; item: Item; key?: string; extra?: Fields }
  | { form: 'success'; text?: string };

/** A job under way: what it works on, and what happens when it ends. */
export interface Work {
  form: 'work';
  /** The resource that the answer's `id` and the job's instance name. */
  on?: Resource;
  finish: () => Result;
  /** Longer or shorter than other jobs, as a factor. */
  factor?: number;
}

/** What a command does: at once, or as a job. */
export type Behaviour = (call: Call) => Result | Work;

/** Behaviours by command. */
export type Behaviours = Readonly<Record<string, Behaviour>>;
