import type {
  Answer,
  ApprovedCall,
  ApprovedPlan,
  Caller,
  CallRequest,
  CloudOrigin,
  ConfinedCall,
  Confirmation,
  ForeseenCall,
  ListRows,
  PermittedCall,
  Requester,
  ResolvedCall,
  Resources,
  StandingUse,
  ValidCall,
} from '../types.ts';
import type { Limit } from '../config/policy.ts';
import type { WaitingCall } from './approvals.ts';
import { approve, type ApproveDependencies, type ApproveOptions } from './approve.ts';
import { askPasskey, listSeen, replyTo, type Approver, type ApproverReply, type SeenCall } from './approver.ts';
import { lookWithin, type Bounds } from './bounds.ts';
import { confine, confineAnswer, type ConfineDependencies } from './confine.ts';
import { permit } from './permit.ts';
import { approvePlan, digestOfPlan, foresee, type PlanOptions } from './plan.ts';
import type { Passkeys } from './passkeys.ts';
import type { Policy } from './policy.ts';
import { giveStanding, listStanding, openStandingUse, type ScriptAsked, type StandingAsked } from './standing.ts';
import type { StandingApproval } from './standing-approvals.ts';
import { profileOf, roleOf, usableProfiles, type Access } from './roles.ts';

/** Who may do what, as the configuration says. */
export interface Rules {
  policy: Policy;
  access: Access;
  /** The profiles that there are. */
  profiles: readonly string[];
}

/** What the guard needs beside its rules, made once for a server. */
export interface GuardDependencies extends Omit<ApproveDependencies, 'policy'> {
  passkeys: Passkeys;
  /** Where the caller's role may look; undefined: everywhere. */
  boundsOf(call: PermittedCall): Promise<Bounds | undefined>;
  /** Whether the caller of a call began that job: CloudStack tells only whose key it was. */
  hasBegun(call: ResolvedCall, job: string): Promise<boolean>;
}

/** Keeps one call within the domains and projects of its role; a role without any is kept from nothing. */
export interface Confinement {
  /** The same look-up, of what the role sees. */
  within(list: ListRows): ListRows;
  confine(call: ResolvedCall, cloud: Resources & Pick<ConfineDependencies, 'roleType'>): Promise<ConfinedCall>;
  confineAnswer(call: ApprovedCall, answer: Answer): Answer;
}

/** The steps of the guard. Each throws a CallError for what it does not let through. */
export interface Guard {
  /** The profile that a requester uses: the one it asks for, else its own. */
  profileOf(requester: Requester): string;
  /** The profiles that a requester may use, its own first. */
  profilesFor(requester: Requester): readonly string[];
  /** Throws a CallError for a caller without a role, or with a profile that is not its own: no cloud is opened for it. */
  admit(caller: Caller): void;
  permit(call: ValidCall): PermittedCall;
  confinementOf(call: PermittedCall): Promise<Confinement>;
  approve(call: ConfinedCall, options: ApproveOptions): Promise<ApprovedCall>;
  /** Looks at a call as `approve` does, and neither asks nor counts it. */
  foresee(call: ConfinedCall, resources: ApproveOptions['resources']): Promise<ForeseenCall>;
  /** Lets all steps of a plan leave, each once and in their order, after one confirmation where the policy requires one. */
  approvePlan(steps: readonly ForeseenCall[], options: PlanOptions): Promise<ApprovedPlan>;
  /** What a confirmation of these steps is bound to. */
  digestOfPlan: typeof digestOfPlan;
  /** One run of a stored script: what a person confirmed beforehand counts for its calls. */
  openStandingUse(request: CallRequest, script: ScriptAsked): StandingUse;
  /** Asks a person at a terminal for a standing approval. Throws a CallError for everything but a yes. */
  giveStanding(
    asked: StandingAsked,
    options: { request: CallRequest; onQuestion: (digest: string) => void },
  ): Promise<{ approval: StandingApproval; confirmation: Confirmation }>;
  /** Those for the caller's profile and cloud. */
  listStanding(request: CallRequest, origin: CloudOrigin): Promise<readonly (StandingApproval & { used: number })[]>;
  /** Ends one; false where there is none. */
  revokeStanding(id: string): Promise<boolean>;
  /** What holds for a caller here, whatever its cloud allows. Throws a CallError as `admit` does. */
  rulesFor(caller: Caller): { role: string; isUnlimited: boolean; policy: string; limits: readonly Limit[] };
  /** The calls that wait for a person, as far as this one may see them. */
  waitingFor(approver: Approver): Promise<readonly SeenCall[]>;
  /** A challenge for a passkey of theirs to approve the call under a code. Throws a CallError where it is not theirs to approve. */
  askPasskey(approver: Approver, code: string): Promise<string>;
  /** The passkeys of principals. */
  passkeys: Passkeys;
  /** Takes a person's reply to a waiting call; gives the call where it was refused. Throws a CallError where it is not theirs to give. */
  replyTo(approver: Approver, given: { code: string; reply: ApproverReply }): Promise<WaitingCall | undefined>;
  /** Resolves while questions and approvals have a place: without one, what needs a confirmation is refused. */
  check(): Promise<void>;
}

/** The guard of a server. When its rules change, another one takes its place: a call keeps the one it began with. */
export const createGuard = (rules: Rules, dependencies: GuardDependencies): Guard => {
  const { policy, access, profiles } = rules;
  const { boundsOf, hasBegun, questions, approvals } = dependencies;
  return {
    profileOf: (requester) => profileOf(access, requester),
    profilesFor: (requester) => (profiles.length < 2 ? profiles : usableProfiles(access, requester, profiles)),
    admit: (caller) => void roleOf(access, caller),
    permit: (call) => permit(policy, access, call),
    confinementOf: async (permitted) => {
      const bounds = await boundsOf(permitted);
      return {
        within: (list) => (bounds ? lookWithin(bounds, list) : list),
        confine: (call, cloud) => confine(bounds, call, { ...cloud, hasBegun: (job) => hasBegun(call, job) }),
        confineAnswer: (call, answer) => confineAnswer(bounds, call, answer),
      };
    },
    approve: (call, options) => approve({ ...dependencies, policy }, call, options),
    foresee: (call, resources) => foresee(policy, call, resources),
    approvePlan: (steps, options) => approvePlan({ ...dependencies, policy }, steps, options),
    digestOfPlan,
    openStandingUse,
    giveStanding: (asked, options) => giveStanding(dependencies, policy, asked, options),
    listStanding: (request, origin) => listStanding(dependencies, request, origin),
    revokeStanding: (id) => dependencies.standing.remove(id),
    rulesFor: (caller) => {
      const { name, role } = roleOf(access, caller);
      return {
        role: name,
        isUnlimited: Object.keys(role).length === 0,
        policy: policy.name,
        limits: policy.limits,
      };
    },
    waitingFor: (approver) => listSeen(rules, approvals, approver),
    askPasskey: (approver, code) => askPasskey(rules, dependencies, approver, code),
    passkeys: dependencies.passkeys,
    replyTo: (approver, given) => replyTo(rules, dependencies, approver, given),
    check: async () => {
      await Promise.all([questions.isOpen('health'), approvals.waiting()]);
    },
  };
};
