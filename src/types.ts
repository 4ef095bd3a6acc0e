/**
 * The table of contents of the path: each step takes one of these and returns the next.
 *
 * CallRequest → ValidCall → PermittedCall → ResolvedCall → ConfinedCall → ApprovedCall → WireParams → Answer → Outcome
 */
import type { Query, GivenQuery } from './ask/query.ts';
import type { ListScope, SettledScope } from './catalog/list-scope.ts';
import type { Tool } from './catalog/tool.ts';
import type { Role } from './config/policy.ts';
import type { AskedBefore, Consent, ApprovalLead } from './consent.ts';
import type { Origin } from './observe.ts';
import type { Row } from './rows.ts';

/** What a door asks for: the guard decides which profile the requester uses. */
export interface DoorRequest extends Omit<CallRequest, 'caller'> {
  caller: Requester & Pick<Caller, 'host'>;
}

/** A door's request with the caller's profile. */
export interface CallRequest {
  /** A tool's name in any spelling: kebab-case, snake_case, CloudStack's camelCase, an alias. */
  tool: string;
  args: Readonly<Record<string, unknown>>;
  /** The tool of the compact list that is used; it runs commands of its risk only. */
  riskTool?: RiskTool | undefined;
  view: View;
  /** How long to wait for a job, in milliseconds. */
  wait: number;
  /** Asked for a job's state: wait for its end instead. */
  follow?: boolean | undefined;
  caller: Caller;
  /** Where it came from, for logs and traces. */
  origin?: Origin | undefined;
  consent: Consent;
  lead?: ApprovalLead | undefined;
  /** It is a step of a plan that was approved as a whole. */
  planned?: PlannedStep | undefined;
  /** It is made by a stored script, which a person may have confirmed beforehand. */
  standing?: StandingUse | undefined;
  /** Called with how the change is taken back, once it was made. */
  onInverse?: ((inverse: Inverse) => void) | undefined;
  /** The question whose answer comes with the call, as the door's own signature vouches for it. */
  asked?: AskedBefore | undefined;
  /** Digest of the script that makes the call, where one does. */
  script?: string | undefined;
  signal: AbortSignal;
  /** Milliseconds since 1970 by which the caller wants an answer; by default what the configuration gives a call. */
  deadline?: number | undefined;
  progress?: ((progress: Progress) => void) | undefined;
  /** Once aborted, jobs are returned as pending instead of waited for: the server is being stopped. */
  returnPending?: AbortSignal | undefined;
}

/** The tools of the compact list that run commands. */
export type RiskTool = 'read' | 'change' | 'destroy';

/** How the caller wants to see the answer. */
export interface View extends GivenQuery {
  /** Fields to show instead of the kind's usual columns; `*` for all. */
  fields?: readonly string[] | undefined;
  page?: number | undefined;
  pagesize?: number | undefined;
  /** Whose things a list shows; by default all that may be seen. */
  scope?: ListScope | undefined;
  /** Milliseconds in which the list is read again until a row fits `where`. */
  await?: number | undefined;
  /** Query the cloud, whatever is kept of an earlier answer. */
  fresh?: boolean | undefined;
  /** Show credentials: only a person at a terminal can ask for it. */
  secrets?: boolean | undefined;
  /** The door prints the rows of the answer: none is left out for length. */
  whole?: boolean | undefined;
  /** What is asked over all rows of a list, as validate/ read it; undefined where the cloud answers all of it. */
  ask?: Query | undefined;
}

/** A page of a list as CloudStack is asked for it. */
export interface PageAsked {
  page: number;
  pagesize: number;
}

/** Who asks, as a door knows it. */
export interface Requester {
  principal: string;
  /** The profile that was asked for, if one was. */
  profile?: string | undefined;
  /** On stdio or at a terminal: the user who started this process, and could read its credentials. */
  isLocal?: boolean | undefined;
}

/** Who calls, from where, with which credential. */
export interface Caller extends Requester {
  /** The MCP host's name and version, or `cli`. */
  host: string;
  profile: string;
}

/** Which cloud a call goes to: what a yes is bound to. */
export interface CloudOrigin {
  /** Host and port, or `the embedded simulator`. */
  host: string;
  /** Stands for endpoint and credential without revealing them. */
  identity(): Promise<string>;
}

/** How a job is coming along. */
export interface Progress {
  /** Seconds since the job began. */
  elapsed: number;
  message: string;
  /** How much of the work is done, from 0 to 1, where that is known. */
  part?: number;
}

/** Values after validation: names in CloudStack's spelling, types as the catalog says. */
export type Params = Readonly<Record<string, ParamValue>>;

/** One value after validation. */
export type ParamValue = string | number | boolean | readonly string[] | MapValue | readonly MapValue[];
type MapValue = Readonly<Record<string, string>>;

/** A call whose every argument is right as far as the catalog knows. */
export interface ValidCall {
  readonly tool: Tool;
  readonly params: Params;
  readonly request: CallRequest;
  /** What was read into the arguments that the caller should know, a sentence each. */
  readonly notes: readonly string[];
}

/** Which rule of the policy decided, and what. */
export interface Decision {
  readonly action: 'allow' | 'confirm' | 'approve';
  readonly rule: string;
}

/** Marks a value that only one place makes (scripts/imports/table.ts): a spread copies no private member, so no copy passes. */
// A type only, of which there are no values; nothing else that a spread leaves out has a type.
// oxlint-disable-next-line shape/only-error-classes
declare abstract class MadeAs<What extends string> {
  private readonly what: What;
}

/** What is known of a call once the policy has looked at it, for those who only read it. */
export interface CheckedCall extends ValidCall {
  /** Undefined while it depends on resources that were not read yet. */
  readonly decision: Decision | undefined;
  readonly role: Role;
  readonly roleName: string;
}

/** A call that the policy lets go on, perhaps after a confirmation. Only guard/ makes one. */
export interface PermittedCall extends CheckedCall, MadeAs<'permitted'> {}

/** What a name became. */
export interface ResolvedName {
  readonly parameter: string;
  readonly name: string;
  readonly id: string;
}

/** What is known of a call whose names are ids. */
export interface NamedCall extends CheckedCall {
  readonly names: readonly ResolvedName[];
  /** Whose things a list shows, once that is settled. */
  readonly scope?: Pick<SettledScope<ParamValue>, 'also' | 'words' | 'partWords'> | undefined;
}

/** A call whose names are ids. Only resolve/ makes one. */
export interface ResolvedCall extends NamedCall, MadeAs<'resolved'> {}

/** A call that stays within the domains and projects of its role. Only guard/ makes one. */
export interface ConfinedCall extends NamedCall, MadeAs<'confined'> {}

/** What hangs on a resource: in words, such as `2 volumes (data-1, root)`, and as it was read. */
export interface Dependents {
  line: string;
  /** What one of them is. */
  title: string;
  /** They stop, or move, when the resource does; the others go when it is destroyed for good. */
  stops?: true | undefined;
  /** The resource's own row tells them: they are read with it. */
  isHeld?: boolean;
  /** How many they are, where nothing more was read of them. */
  count?: number;
  rows: readonly Row[];
}

/** A tag by which things are protected. */
export interface ProtectingTag {
  key: string;
  value: string;
}

/** Which of them are read: those that stop with the resource, or all; `held`: of these, what its own row tells. */
export interface WhichDependents {
  /** The command that may change them. */
  tool: Tool;
  which: 'stopped' | 'all';
  held?: boolean;
  /** Things with this tag must not go with it: lists that may show one are all read, of others one. */
  decides?: ProtectingTag | undefined;
}

/** How what targets belong to is looked at. */
export interface WhichOwners {
  /** Rules or limits judge by their rows: all of them are read. */
  byRow: boolean;
  /** What belongs to a thing with this tag must stay as it is. */
  decides: ProtectingTag | undefined;
}

/** A resource that a call acts on, as it was just read. */
export interface Target {
  /** The parameter that named it. */
  parameter: string;
  title: string;
  /** The kind of resource (data/kinds.json), where it is known. */
  kind?: string | undefined;
  id: string;
  /** Named by `id` or `ids`, so that the call is about nothing else. */
  isOwn: boolean;
  /** What the call acts on belongs to it. */
  isHolder?: true;
  /** The call changes it first of all: it is looked at again when the answer is there. */
  isMain?: boolean;
  /** The cloud has a command that shows it. */
  isReadable: boolean;
  name?: string | undefined;
  /** Undefined where the kind cannot be read, or the resource cannot be seen. */
  row?: Row | undefined;
  dependents?: readonly Dependents[];
  /** What may hang on it, in the plural, and was not looked at. */
  unread?: readonly string[];
}

/** Reads the rows of a list command of the cloud's. */
export type ListRows = (tool: Tool, params: Params) => Promise<readonly Row[]>;

/** What a call names, as the caller may see it. resolve/ reads it through the cloud's own lists, guard/ judges it. */
export interface Resources {
  /** What the call acts on and what that belongs to. */
  actedOn(call: Pick<ValidCall, 'tool' | 'params'>, which: WhichOwners): Promise<readonly Target[]>;
  /** What the call changes first of all, without what that belongs to. */
  mainTargets(
    call: Pick<ValidCall, 'tool' | 'params'>,
    which: Pick<WhichOwners, 'decides'>,
  ): Promise<readonly Target[]>;
  /** The same targets with what depends on what the call acts on. */
  withDependents(targets: readonly Target[], which: WhichDependents): Promise<readonly Target[]>;
  /** The same targets; their rows tell the zone and the domain by name, where that can be looked up. */
  withPlaces(targets: readonly Target[]): Promise<readonly Target[]>;
  /** Everything that the call names by id. */
  named(call: Pick<ValidCall, 'tool' | 'params'>): Promise<readonly Target[]>;
  /** The zone, domain, project and account that the call names, as rows of the form that resources have; targets may show them. */
  places(call: Pick<ValidCall, 'params'>, targets: readonly Target[]): Promise<readonly Row[]>;
  /** Whether the caller sees that project. */
  hasProject(id: string): Promise<boolean>;
}

/** How a human confirmed, and who it was. */
export interface Confirmation {
  /** Such as `elicitation`, `terminal`, `approval`. */
  readonly by: string;
  readonly who: string;
  /** The standing approval that counted. */
  readonly standing?: string | undefined;
  /** When the yes was given (ISO 8601). */
  readonly at: string;
  /** Of an approval: its code, and where it was given. */
  readonly code?: string | undefined;
  readonly means?: ApprovalMeans | undefined;
  /** What it is about, as the person was asked; of a step of a plan, the plan's entry has it. */
  readonly about?: string | undefined;
}

/** Where an approval outside of the host was given; `passkey`: on the page, and a passkey signed it. */
export type ApprovalMeans = 'terminal' | 'page' | 'passkey';

/** A call that may leave. Only guard/ makes one, and only of itself: request/ refuses a copy. */
export interface ApprovedCall extends NamedCall, MadeAs<'approved'> {
  /** Where a human was asked. */
  readonly confirmation?: Confirmation | undefined;
  /** What it acts on, as it was read before it was approved; undefined for a role that sees a part of the cloud. */
  readonly acted?: readonly Target[] | undefined;
}

/** A call as it would be made, with what the guard read for it: what a plan is made of. Only guard/ makes one. */
export interface ForeseenCall extends NamedCall, MadeAs<'foreseen'> {
  readonly decision: Decision;
  /** What it acts on, with what hangs on that, as it is now. */
  readonly targets: readonly Target[];
  /** The zone, the domain, the project and the account that it names, as rows have them. */
  readonly place: Row;
  /** The rows that a limit of the policy judges by. */
  readonly judgedBy: readonly Row[];
}

/** Several calls that may leave, in this order and once each, after what may have been one confirmation. Only guard/ makes one. */
export interface ApprovedPlan extends MadeAs<'approved plan'> {
  /** Of the steps, of what they act on as it was read, and of who asks which cloud. */
  readonly digest: string;
  readonly confirmation?: Confirmation | undefined;
  /** The arguments of a step, counted from 1; ids that earlier steps answered stand in them. */
  argumentsOf(number: number): Params;
  /** Takes the id of what a step made. */
  addAnswer(number: number, id: string): void;
}

/** One run of one version of a stored script, by one caller. Only guard/ makes one. */
export type StandingUse = MadeAs<'standing use'>;

/** Which step of which plan a call is, counted from 1. */
export interface PlannedStep {
  plan: ApprovedPlan;
  number: number;
}

/** What goes over the wire, unsigned. Only request/ makes one. */
export interface WireParams extends MadeAs<'encoded'> {
  readonly command: string;
  /** Names as CloudStack reads them, values as text. */
  readonly params: Readonly<Record<string, string>>;
  /** A read may be repeated and goes by GET; a change is sent once, by POST. */
  readonly method: 'GET' | 'POST';
  /** Wait for this job instead of giving its state. */
  readonly follow?: string | undefined;
  /** What the answer must be to prove that a change was done, or is under way; undefined: nothing has to be proved. */
  readonly expects?: 'job' | 'success' | 'object' | 'list' | 'flat' | undefined;
  /** What the envelope of the answer to a change may be called; undefined: anything. */
  readonly envelopes?: readonly string[] | undefined;
}

/** A job as it was last seen. */
export interface Job {
  id: string;
  status: 'pending' | 'succeeded';
  /** Seconds since we began to watch it. */
  elapsed: number;
  /** The class that ran it, as CloudStack names it (`…StartVMCmd`), where it was told. */
  cmd?: string | undefined;
}

/** What an empty list would show by another name, or without its other filters. */
export interface NearNames {
  /** Nearest first, as labels: others' words. */
  names: readonly string[];
  /** There is one of exactly the name that was asked for. */
  isThere: boolean;
}

/** What CloudStack said, out of its envelope. */
export interface Answer {
  body: Readonly<Record<string, unknown>>;
  /** Characters of the text that it came in, where it is one. */
  size?: number | undefined;
  job?: Job | undefined;
  /** What a setting or a limit was before the change. */
  before?: Row | undefined;
  /** Limits of its owner that a change has reached, a sentence each. */
  reached?: readonly string[] | undefined;
  /** Of a list that is empty by its name. */
  near?: NearNames | undefined;
  /** Seconds since it was asked for, where it was kept from an earlier call. */
  age?: number | undefined;
  /** The second request of its scope was not sent. */
  isPart?: boolean | undefined;
  /** The page that was asked for instead of what the call says, so that the answer fits. */
  page?: PageAsked | undefined;
  /** What CloudStack said of a list, where the role sees a part of it. */
  served?: { rows: number; count: number } | undefined;
}

/** The call that takes a change back, with what it does not bring back; or why there is none. */
export interface Inverse {
  command?: string;
  arguments?: Row;
  /** Arguments of the change of which no one knows what they were. */
  lost?: readonly string[];
  why?: string;
}

/** What a door gives back. */
export interface Outcome {
  /** Enough alone. */
  text: string;
  structured: Record<string, unknown>;
  /** The whole answer, masked, not cut: for doors that print it to a person's file or pipe. */
  rows: () => readonly Readonly<Record<string, unknown>>[];
  columns: readonly string[];
  /** A list: the value of a row's column in words. */
  show?: (row: Row, column: string) => string;
  /** One object: its fields with their values in words. */
  entries?: () => readonly (readonly [field: string, value: string])[];
  /** A list: the beginning of a row's id stands for it in other calls. */
  hasShortIds?: boolean;
  /** The fields that were asked for, where they were. */
  fields?: readonly string[] | undefined;
}
