import { join } from 'node:path';
import type { Clouds, Jobs } from '../call/composition.ts';
import { loadCatalog } from '../catalog/catalog.ts';
import type { Config } from '../config/config.ts';
import { isRecent } from '../guard/look.ts';
import { createApprovals, type Approvals } from '../guard/approvals.ts';
import { boundsOf, isBounded, type Bounds } from '../guard/bounds.ts';
import { createCounts, type Count } from '../guard/counts.ts';
import type { GuardDependencies, Rules } from '../guard/guard.ts';
import { createQuestions, type OpenQuestions, type SharedQuestions } from '../guard/open-questions.ts';
import { createPolicy } from '../guard/policy.ts';
import { createAccess } from '../guard/roles.ts';
import { createSharedApprovals } from '../guard/shared-approvals.ts';
import { createPasskeys, type Passkeys } from '../guard/passkeys.ts';
import { createStandingApprovals, textsInFolder, textsInStore } from '../guard/standing-approvals.ts';
import { maxStandingDays } from '../guard/standing.ts';
import type { Observe } from '../observe.ts';
import { createPlans, createSharedPlans, type Plans } from '../plan/plans.ts';
import { encryptPlans } from '../plan/encrypted.ts';
import { toReadWire } from '../request/to-wire.ts';
import { rowsOf } from '../rows.ts';
import type { Store } from '../store/store.ts';

/** Who may do what, as the configuration says. Throws a configuration error for rules that cannot be right. */
export const createRules = (config: Config): Rules => ({
  policy: createPolicy(config.policy, config.readOnly),
  access: createAccess(config.roles, config),
  profiles: Object.keys(config.profiles),
});

/** What one machine shares lies in its state folder, where its terminals look, too. */
const isBeyondMachine = ({ kind }: Store): boolean => kind === 'redis';

/** Where calls wait for a person: in the store that replicas share, else in the state folder of this machine. */
export const openApprovals = ({ state }: Pick<Config, 'state'>, store: Store): Approvals =>
  isBeyondMachine(store) ? createSharedApprovals(store) : createApprovals(join(state, 'approvals'));

/** What proves who calls, by profile. */
const secretsOf =
  ({ profiles }: Pick<Config, 'profiles'>) =>
  (profile: string): string => {
    const secret = profiles[profile]?.secret;
    // The embedded simulator has no credential to keep, and nothing that is secret.
    if (!secret) return '';
    return 'secretKey' in secret ? secret.secretKey : secret.password;
  };

/** Where plans are saved: in the same places. */
export const openPlans = (config: Pick<Config, 'state' | 'profiles'>, store: Store): Plans =>
  encryptPlans(
    isBeyondMachine(store) ? createSharedPlans(store) : createPlans(join(config.state, 'plans')),
    secretsOf(config),
  );

/** What a store holds for as long as anyone uses it, also when it was restarted. */
const tenYearsMs = 10 * 365 * 86_400_000;

/** Passkeys of principals: in the same places. */
export const openPasskeys = ({ state }: Pick<Config, 'state'>, store: Store): Passkeys => {
  const keyOf = (id: string): string => `passkeys:${id}`;
  const folder = textsInFolder(join(state, 'passkeys'));
  return createPasskeys(
    store.shared
      ? {
          get: async (id) => (await store.get(keyOf(id))) || undefined,
          put: (id, text) => store.set(keyOf(id), text, tenYearsMs),
        }
      : { get: async (id) => (await folder.all()).get(id) || undefined, put: folder.put },
    store,
  );
};

/** Where standing approvals are kept: in the same places. */
const openStanding = (config: Config, store: Store): GuardDependencies['standing'] =>
  createStandingApprovals(
    isBeyondMachine(store)
      ? textsInStore(store, maxStandingDays * 86_400_000)
      : textsInFolder(join(config.state, 'standing')),
    secretsOf(config),
  );

/** Where changes that a limit is about are counted: in the same places. */
const openCounts = ({ state }: Pick<Config, 'state'>, store: Store): Count =>
  isBeyondMachine(store)
    ? (key, seconds, add) => store.count(key, seconds * 1000, add)
    : createCounts(join(state, 'limits'));

/** Questions that wait for an answer, of all replicas. */
export const openQuestions = (store: Store, { questionTimeout }: Config): SharedQuestions =>
  createQuestions(store, questionTimeout * 1000);

/** The bounds of roles, remembered for a minute: domains come and go slowly. */
const createBounds = (clouds: Clouds): GuardDependencies['boundsOf'] => {
  const known = new Map<string, { bounds: Promise<Bounds | undefined>; at: number }>();
  return ({ role, request }) => {
    if (!isBounded(role)) return Promise.resolve(undefined);
    const { profile } = request.caller;
    const key = JSON.stringify([profile, role.domains, role.projects]);
    const found = known.get(key);
    if (found && isRecent(found)) return found.bounds;
    const bounds = boundsOf(role, async () => {
      const { cloudstack } = await clouds.open(profile);
      const wire = toReadWire(loadCatalog().find('listDomains')!, { listall: true });
      // Others wait for the same answer: it does not end with the call that asked first.
      const signal = AbortSignal.timeout(10_000);
      return rowsOf((await cloudstack.send(wire, { signal, wait: 0 })).body);
    });
    known.set(key, { bounds, at: Date.now() });
    bounds.catch(() => known.delete(key));
    return bounds;
  };
};

/** A yes that counts for a session: where requests have none, for a working day. */
const confirmationLifetimeMs = 8 * 3_600_000;

/** What the guard of a server needs beside its rules. */
export const openGuard = (
  config: Config,
  { store, clouds, jobs, questions }: { store: Store; clouds: Clouds; jobs: Jobs; questions: OpenQuestions },
  observe: Observe | undefined,
  onWaiting: GuardDependencies['onWaiting'],
): GuardDependencies => ({
  setIfAbsent: (key) => store.setIfAbsent(key, 2 * config.questionTimeout * 1000),
  confirmations: {
    has: async (key) => (await store.get(`confirmed:${key}`)) !== undefined,
    add: (key) => store.set(`confirmed:${key}`, 'yes', confirmationLifetimeMs),
  },
  count: openCounts(config, store),
  standing: openStanding(config, store),
  questions,
  approvals: openApprovals(config, store),
  passkeys: openPasskeys(config, store),
  boundsOf: createBounds(clouds),
  hasBegun: ({ request }, job) => jobs.isOf(request.caller, job),
  onWaiting,
  onConfirmation: (result) => observe?.({ type: 'confirmation', result }),
});
