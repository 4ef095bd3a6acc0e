import type { Catalog } from '../catalog/catalog.ts';
import type { Config } from '../config/config.ts';
import { CallError } from '../errors.ts';
import type { Approver, ApproverReply, SeenCall } from '../guard/approver.ts';
import type { Guard } from '../guard/guard.ts';
import type { Passkey } from '../guard/passkeys.ts';
import type { PasskeyChange } from './change-passkeys.ts';
import type { Component } from './health.ts';
import type { ResourceCount } from './count-resources.ts';
import type { AppOptions } from './options.ts';
import type { PlanAsked } from '../plan/plan.ts';
import type { createRunScript } from '../script/run-script.ts';
import type { StandingScriptAsked } from '../script/standing.ts';
import type { AuditAsked, AuditView } from './read-audit.ts';
import type { Store } from '../store/store.ts';
import { stripUnsafe } from '../text.ts';
import type { CallRequest, DoorRequest, Outcome, Requester } from '../types.ts';

/** The server as every door sees it. */
export interface App {
  /** As it is now: a configuration that was read again changes it. */
  readonly config: Config;
  call(request: DoorRequest): Promise<Outcome>;
  /** The request a call would become, unsigned and unsent. */
  preview(request: DoorRequest): Promise<Record<string, unknown>>;
  /** The profile that a requester uses. Throws a CallError for one that it may not use. */
  profileOf(requester: Requester): Promise<string>;
  /** The profiles that a requester may use, its own first. */
  profilesFor(requester: Requester): Promise<readonly string[]>;
  /** Who the requester is to the cloud of its profile, and what it may do there. */
  whoami(request: DoorRequest): Promise<Outcome>;
  /** Why a thing is as it should not be; the arguments are its `kind`, its `id` and a `question`. */
  diagnose(request: DoorRequest): Promise<Outcome>;
  /** Several changes as one: looked at, saved, approved as a whole, run. */
  plan(request: DoorRequest, asked: PlanAsked): Promise<Outcome>;
  /** What a plan holds, what a call or a script made, or what is there, in another tool's language. */
  export(request: DoorRequest): Promise<Outcome>;
  /** Runs the script that is the argument `code`, or the stored one of `name`, with its `inputs`; `mode`: run, plan or dry-run. */
  runScript(request: DoorRequest): Promise<Outcome>;
  /** Standing approvals of stored scripts: given by a person at a terminal, listed, revoked. */
  standing(request: DoorRequest, asked: StandingScriptAsked): Promise<Outcome>;
  /** The calls that wait for a person, as far as this one may see them. */
  waitingFor(approver: Approver): Promise<readonly SeenCall[]>;
  /** Takes a person's reply to a waiting call. Throws a CallError where it is not theirs to give. */
  replyTo(approver: Approver, given: { code: string; reply: ApproverReply }): Promise<void>;
  /** What holds for a requester here, whatever its cloud allows. Throws a CallError for one without a role. */
  rulesFor(requester: DoorRequest['caller']): Promise<ReturnType<Guard['rulesFor']>>;
  /** The audit log of this machine, as far as a requester may see it: its own entries, all with a role without limits. */
  readAudit(requester: DoorRequest['caller'], asked: AuditAsked): Promise<AuditView>;
  /** What the profile's cloud offers; what is known of CloudStack in general where the cloud cannot be asked. */
  catalog(profile: string): Promise<Catalog>;
  /** Calls the listener whenever a cloud turns out to offer other commands than before. */
  onCatalogChange(listener: () => void): void;
  /** A challenge for a passkey to approve the call under a code. Throws a CallError where it is not theirs to approve. */
  askPasskey(approver: Approver, code: string): Promise<string>;
  /** A challenge to add a passkey, or to change which there are. */
  askToChangePasskeys(approver: Approver, isNew: boolean): Promise<string>;
  /** The passkeys of someone's own. */
  passkeysOf(principal: string): Promise<readonly Passkey[]>;
  /** Adds or removes one of someone's own passkeys, and leaves an entry in the audit log. Throws a CallError. */
  changePasskeys(approver: Approver, change: PasskeyChange): Promise<void>;
  /** The signed receipt of an approval, by the id of a call or its code, as far as a requester may see it. */
  receipt(requester: DoorRequest['caller'], id: string): Promise<string>;
  /** The public key with which receipts of this server are verified. */
  receiptKey(): Promise<string>;
  /** What the replicas of this server share: the doors' own needs of it. */
  store(): Promise<Store>;
  /** How the parts are that calls depend on. */
  health(): Promise<Record<string, Component>>;
  /** How many resources the profile's cloud has, of the kinds that are counted. */
  count(profile: string): Promise<readonly ResourceCount[]>;
  /** Takes over policy, roles, principals and tokens of a configuration that was read again. Throws when they cannot be right. */
  reload(config: Config): Promise<void>;
  /** Logs out, closes connections and the audit log. */
  close(): Promise<void>;
}

/** An app whose path is loaded and put together with the first call, so that a host sees its tools at once. */
export const createApp = (config: Config, options: AppOptions): App => {
  let current = config;
  const listeners = new Set<() => void>();
  const onCatalogChange = (): void => listeners.forEach((listener) => listener());
  const load = async () => {
    const [{ compose }, path, { answer }, tracing] = await Promise.all([
      import('./compose.ts'),
      import('../call/call.ts'),
      import('../call/answer.ts'),
      options.tracing?.(),
    ]);
    const { report = (message) => void options.stderr.write(`${stripUnsafe(message)}\n`) } = options;
    const composition = compose(config, { ...options, report, tracing, onCatalogChange });
    const identify = ({ caller, ...request }: DoorRequest): CallRequest => ({
      ...request,
      caller: { ...caller, profile: composition.guard.profileOf(caller) },
    });
    return { composition, path, answer, identify };
  };
  let loaded: ReturnType<typeof load> | undefined;
  let scripts: Promise<ReturnType<typeof createRunScript>> | undefined;
  const ready = () => (loaded ??= load());
  return {
    get config() {
      return current;
    },
    call: async (request) => {
      const { composition, path, answer, identify } = await ready();
      const run = request.view.await ? (await import('../call/wait-for-rows.ts')).waitForRows : path.call;
      return answer(composition, identify(request), run);
    },
    preview: async (request) => {
      const { composition, identify } = await ready();
      const { preview } = await import('../call/look-ahead.ts');
      return preview(composition, identify(request));
    },
    whoami: async (request) => {
      const { composition, answer, identify } = await ready();
      const { whoami } = await import('../call/whoami.ts');
      return answer(composition, identify(request), whoami, { isRead: true });
    },
    diagnose: async (request) => {
      const { composition, answer, identify } = await ready();
      const { diagnose } = await import('../diagnose/diagnose.ts');
      return answer(composition, identify(request), diagnose, { isRead: true });
    },
    plan: async (request, asked) => {
      const { composition, answer, identify } = await ready();
      const { plan } = await import('../plan/plan.ts');
      return answer(composition, identify(request), (_own, one) => plan(composition, one, asked), { isRead: false });
    },
    export: async (request) => {
      const { composition, answer, identify } = await ready();
      const { exportCalls } = await import('../export/export.ts');
      return answer(composition, identify(request), (_own, one) => exportCalls(composition, one), { isRead: false });
    },
    runScript: async (request) => {
      const { composition, answer, identify } = await ready();
      scripts ??= import('../script/run-script.ts').then(({ createRunScript }) => createRunScript(config));
      const run = await scripts;
      const { mode, ...args } = request.args;
      if (mode !== 'plan') {
        const given = mode === 'dry-run' ? { ...args, dryRun: true } : args;
        return answer(composition, identify({ ...request, args: given }), run);
      }
      const { planScript } = await import('../plan/script-plan.ts');
      return answer(composition, identify({ ...request, args }), (_own, one) =>
        run(composition, one, planScript(composition, one)),
      );
    },
    standing: async (request, asked) => {
      const { composition, answer, identify } = await ready();
      const { standingOf } = await import('../script/standing.ts');
      return answer(composition, identify(request), (_own, one) => standingOf(composition, one, asked, config), {
        isRead: false,
      });
    },
    waitingFor: async (approver) => (await ready()).composition.guard.waitingFor(approver),
    replyTo: async (approver, given) => {
      const { guard, audit } = (await ready()).composition;
      const refused = await guard.replyTo(approver, given);
      if (refused) await (await import('./record-refusal.ts')).recordRefusal(audit, refused);
    },
    askPasskey: async (approver, code) => (await ready()).composition.guard.askPasskey(approver, code),
    askToChangePasskeys: async (approver, isNew) => {
      const { askToChange } = await import('./change-passkeys.ts');
      return askToChange((await ready()).composition.guard.passkeys, approver, isNew);
    },
    passkeysOf: async (principal) => (await ready()).composition.guard.passkeys.list(principal),
    changePasskeys: async (approver, change) => {
      const { changePasskeys } = await import('./change-passkeys.ts');
      await changePasskeys((await ready()).composition, current.profile, approver, change);
    },
    rulesFor: async (requester) => {
      const { guard } = (await ready()).composition;
      return guard.rulesFor({ ...requester, profile: guard.profileOf(requester) });
    },
    readAudit: async (requester, asked) => {
      const { guard } = (await ready()).composition;
      const { readAuditLog } = await import('./read-audit.ts');
      const { isUnlimited } = guard.rulesFor({ ...requester, profile: guard.profileOf(requester) });
      return readAuditLog(current, isUnlimited ? undefined : requester.principal, asked);
    },
    receipt: async (requester, id) => {
      const { guard } = (await ready()).composition;
      const { readReceipt } = await import('./read-audit.ts');
      const { isUnlimited } = guard.rulesFor({ ...requester, profile: guard.profileOf(requester) });
      return readReceipt(current, isUnlimited ? undefined : requester.principal, id);
    },
    receiptKey: async () => (await import('./read-audit.ts')).readReceiptKey(current),
    profilesFor: async (requester) => {
      const all = Object.keys(current.profiles);
      return all.length < 2 ? all : (await import('../guard/roles.ts')).usableProfiles(current, requester, all);
    },
    profileOf: async (requester) => (await import('../guard/roles.ts')).checkProfile(current, requester),
    catalog: async (profile) => (await (await (await ready()).composition.clouds.open(profile)).discover()).catalog,
    onCatalogChange: (listener) => void listeners.add(listener),
    store: async () => (await ready()).composition.store,
    health: async () => {
      const { checkHealth } = await import('./health.ts');
      return checkHealth((await ready()).composition, current.profiles);
    },
    count: async (profile) => {
      const { countResources } = await import('./count-resources.ts');
      const cloud = await (await ready()).composition.clouds.open(profile);
      return countResources({ ...cloud, ...(await cloud.discover()) });
    },
    reload: async (changed) => {
      if (current.auth && !changed.auth)
        throw new CallError('configuration', 'The section `auth` is gone.', 'Without it, only a new start is safe.');
      (await ready()).composition.reload(changed);
      const { policy, roles, principals, auth } = changed;
      current = { ...current, policy, roles, principals, auth };
    },
    close: async () => {
      await (await loaded)?.composition.close();
    },
  };
};
