import { createAudit, type Audit } from '../audit/audit.ts';
import { createSinks, type Sinks } from '../audit/sinks.ts';
import type { AppOptions } from './options.ts';
import { openApprovals } from './approvals.ts';
import { createBegunJobs } from './begun-jobs.ts';
import type { Cloud, Parts } from '../call/call.ts';
import { joinCatalog, loadCatalog, type Catalog } from '../catalog/catalog.ts';
import type { LiveApi } from '../catalog/live.ts';
import { createCloudStack, type CloudStack } from '../cloudstack/cloudstack.ts';
import { createEndpoints } from '../cloudstack/endpoint.ts';
import { createFetchTransport, type Transport } from '../cloudstack/transport.ts';
import type { Config, Profile } from '../config/config.ts';
import { CallError } from '../errors.ts';
import { createCachedClouds } from './cached-clouds.ts';
import { boundsOf, type Bounds } from '../guard/bounds.ts';
import { createPolicy } from '../guard/policy.ts';
import { createAccess } from '../guard/roles.ts';
import type { Tracing } from '../observe.ts';
import { toReadWire } from '../request/to-wire.ts';
import { rowsOf } from '../rows.ts';
import { openStore } from '../store/open.ts';
import type { Store } from '../store/store.ts';

/** A cloud that could not say what it offers is asked again after this many milliseconds. */
const askAgainAfter = 60_000;

/** What the parts are told and given beside the configuration. */
type PartsOptions = Omit<AppOptions, 'tracing'> & { tracing?: Tracing | undefined };

const openSinks = ({ audit, auditRotate, otlp }: Config, { stderr, report }: PartsOptions): Sinks =>
  createSinks(audit, {
    stderr,
    report: (message) => (report ? report(`audit: ${message}`) : stderr.write(`audit: ${message}\n`)),
    limit: auditRotate * 2 ** 20,
    otlp,
  });

/** Questions that replicas put and answer for each other: `question:DIGEST` is `open` or `answered`. */
const openQuestions = (store: Store, lifetime: number) => {
  const stateOf = (digest: string) => store.get(`question:${digest}`);
  return {
    isOpen: async (digest: string) => (await stateOf(digest)) === 'open',
    // Known for longer than another replica waits for it.
    isAnswered: async (digest: string) => (await stateOf(digest)) === 'answered',
    open: (digest: string) => store.set(`question:${digest}`, 'open', lifetime),
    close: (digest: string) => store.set(`question:${digest}`, 'answered', 2 * lifetime),
  };
};

/** The audit log, watched: what cannot be written is counted, what is written is a step of its call. */
const openAudit = (
  config: Config,
  lifetime: number,
  isAnswered: (question: string) => Promise<boolean>,
  options: PartsOptions,
): Audit => {
  const { observe, tracing } = options;
  const onEntry = (written: boolean): void => observe?.({ type: 'audit', written });
  const audit = createAudit(openSinks(config, options), lifetime, onEntry, isAnswered);
  return tracing ? { ...audit, record: (entry) => tracing.step('audit', () => audit.record(entry)) } : audit;
};

/** The live catalog of one cloud: asked for with the first call, without holding up a cloud that is down. */
const createLiveCatalog = (cloudstack: CloudStack): (() => Promise<Catalog>) => {
  let asked: Promise<Catalog> | undefined;
  const discover = async (): Promise<Catalog> => {
    const signal = AbortSignal.timeout(10_000);
    const wire = toReadWire(loadCatalog().find('listApis')!, {});
    const apis = rowsOf((await cloudstack.send(wire, { signal, wait: 0, retries: 0 })).body);
    return apis.length ? joinCatalog(apis as unknown as LiveApi[]) : loadCatalog();
  };
  return () =>
    (asked ??= discover().catch(() => {
      // The call itself will say what is wrong with the cloud; until then the known commands serve.
      setTimeout(() => (asked = undefined), askAgainAfter).unref();
      return loadCatalog();
    }));
};

const openSimulator = async (): Promise<{ profile: Profile; transport: Transport }> => {
  const { createSimulator } = await import('../simulator/index.ts');
  const simulator = createSimulator();
  const { apiKey, secretKey } = simulator.credentials;
  return {
    profile: { endpoint: 'http://simulator.invalid/client/api', secret: { apiKey, secretKey } },
    transport: createFetchTransport(simulator.fetch),
  };
};

/** Who may do what, as the configuration says. Throws a configuration error for rules that cannot be right. */
export const createRules = (config: Config): Parts['rules'] => ({
  policy: createPolicy(config.policy, config.readOnly),
  access: createAccess(config.roles, config),
});

/** In this process's memory only, and of the latest jobs. */
const createJobSecrets = (): Parts['secrets'] => {
  const kept = new Map<string, readonly string[]>();
  return {
    keep: (job, secrets) => {
      if (secrets.length) kept.set(job, secrets);
      for (const [oldest] of kept.size > 1000 ? kept : []) {
        kept.delete(oldest);
        break;
      }
    },
    of: (job) => kept.get(job) ?? [],
  };
};

/** The bounds of roles, kept for a minute: domains come and go slowly. */
const createBounds = (): Parts['bounds'] => {
  const kept = new Map<string, { bounds: Promise<Bounds | undefined>; until: number }>();
  return ({ role, request }, { cloudstack }) => {
    if (!role.domains && !role.projects) return Promise.resolve(undefined);
    const key = JSON.stringify([request.caller.profile, role.domains, role.projects]);
    const known = kept.get(key);
    if (known && known.until > Date.now()) return known.bounds;
    const read = async () => {
      const wire = toReadWire(loadCatalog().find('listDomains')!, { listall: true });
      // Others wait for the same answer: it does not end with the call that asked first.
      const signal = AbortSignal.timeout(10_000);
      return rowsOf((await cloudstack.send(wire, { signal, wait: 0 })).body);
    };
    const bounds = boundsOf(role, read);
    kept.set(key, { bounds, until: Date.now() + 60_000 });
    bounds.catch(() => kept.delete(key));
    return bounds;
  };
};

/** Everything a call needs, put together from the configuration. `transport` replaces the network, for tests. */
export const createParts = (config: Config, options: PartsOptions) => {
  const { transport, observe, tracing, report = (message) => void options.stderr.write(`${message}\n`) } = options;
  const store = options.store ?? openStore(config, { report, observe });
  const endpoints = createEndpoints({ ...config, observe, tracing });
  const kept = createCachedClouds(config, store, { isWanted: options.cache === true, observe });
  const clouds = new Map<string, Promise<Cloud & { live: () => Promise<Catalog> }>>();
  const open = async (name: string) => {
    const found = config.profiles[name];
    if (!found)
      throw new CallError(
        'configuration',
        `There is no profile "${name}".`,
        `There are: ${Object.keys(config.profiles).join(', ') || 'none'}. Profiles come from the configuration only.`,
      );
    const simulated = found.endpoint === undefined ? await openSimulator() : undefined;
    const profile = simulated?.profile ?? found;
    const cloudstack = createCloudStack(
      { ...config, secret: profile.secret! },
      endpoints.of(profile.endpoint!, name, transport ?? simulated?.transport),
    );
    const live = config.discover ? createLiveCatalog(cloudstack) : () => Promise.resolve(loadCatalog());
    const send = await kept.clientFor({ cloudstack, profile, isSimulated: simulated !== undefined, live });
    return { cloudstack, send, catalog: loadCatalog(), live };
  };
  const cloud = async (name: string): Promise<Cloud> => {
    let opened = clouds.get(name);
    if (!opened) {
      opened = open(name);
      clouds.set(name, opened);
      opened.catch(() => clouds.delete(name));
    }
    const { live, cloudstack, send } = await opened;
    return { cloudstack, send, catalog: await live() };
  };
  const lifetime = config.questionTimeout * 1000;
  const questions = openQuestions(store, lifetime);
  const parts: Parts = {
    observe,
    tracing,
    cloud,
    rules: createRules(config),
    audit: openAudit(config, lifetime, questions.isAnswered, options),
    once: (key) => store.setIfAbsent(key, 2 * lifetime),
    count: (key, seconds, add) => store.count(key, seconds * 1000, add),
    questions,
    approvals: openApprovals(config, store),
    jobs: createBegunJobs(store),
    secrets: createJobSecrets(),
    bounds: createBounds(),
    budget: config.budget,
    pageSizeLimit: config.pageSizeLimit,
    callTimeout: config.callTimeout,
  };
  const close = async (): Promise<void> => {
    const opened = await Promise.allSettled(clouds.values());
    await kept.close();
    await Promise.all(
      opened.flatMap((result) => (result.status === 'fulfilled' ? [result.value.cloudstack.close()] : [])),
    );
    await endpoints.close();
    await parts.audit.close();
    // One that was given is its giver's to close.
    if (!options.store) await store.close();
  };
  return Object.assign(parts, { store, close });
};
