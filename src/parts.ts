import { join } from 'node:path';
import { createAudit } from './audit/audit.ts';
import { createSinks, type Sinks } from './audit/sinks.ts';
import type { AppOptions } from './app.ts';
import type { Cloud, Parts } from './call.ts';
import { joinCatalog, loadCatalog, type Catalog } from './catalog/catalog.ts';
import type { LiveApi } from './catalog/live.ts';
import { createCloudStack, type CloudStack } from './cloudstack/cloudstack.ts';
import { createFetchTransport, type Transport } from './cloudstack/transport.ts';
import type { Config, Profile } from './config.ts';
import { CallError } from './errors.ts';
import { createApprovals } from './guard/approvals.ts';
import { boundsOf, type Bounds } from './guard/bounds.ts';
import { createPolicy } from './guard/policy.ts';
import { createAccess } from './guard/roles.ts';
import { toReadWire } from './request/to-wire.ts';
import { rowsOf } from './rows.ts';
import { createMemoryStore } from './store/store.ts';
import type { Caller } from './types.ts';

/** A cloud that could not say what it offers is asked again after this many milliseconds. */
const askAgainAfter = 60_000;

const openSinks = ({ audit, auditRotate, otlp }: Config, stderr: AppOptions['stderr']): Sinks =>
  createSinks(audit, {
    stderr,
    report: (message) => stderr.write(`audit: ${message}\n`),
    limit: auditRotate * 2 ** 20,
    otlp,
  });

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
  const { createSimulator } = await import('./simulator/index.ts');
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
  access: createAccess(config.roles, config.principals),
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

const jobKey = ({ profile, principal }: Caller, job: string): string => `job:${profile}:${principal}:${job}`;

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
export const createParts = (config: Config, { stderr, transport, store = createMemoryStore() }: AppOptions) => {
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
      { ...config, endpoint: profile.endpoint!, secret: profile.secret! },
      transport ?? simulated?.transport,
    );
    const live = config.discover ? createLiveCatalog(cloudstack) : () => Promise.resolve(loadCatalog());
    return { cloudstack, catalog: loadCatalog(), live };
  };
  const cloud = async (name: string): Promise<Cloud> => {
    let opened = clouds.get(name);
    if (!opened) {
      opened = open(name);
      clouds.set(name, opened);
      opened.catch(() => clouds.delete(name));
    }
    const { live, cloudstack } = await opened;
    return { cloudstack, catalog: await live() };
  };
  const lifetime = config.questionTimeout * 1000;
  const parts: Parts = {
    cloud,
    rules: createRules(config),
    audit: createAudit(openSinks(config, stderr), lifetime),
    once: (key) => store.once(key, 2 * lifetime),
    count: (key, seconds, add) => store.count(key, seconds * 1000, add),
    questions: {
      isOpen: (digest) => store.knows(`question:${digest}`),
      open: (digest) => store.remember(`question:${digest}`, lifetime),
      close: (digest) => store.forget(`question:${digest}`),
    },
    approvals: createApprovals(join(config.state, 'approvals')),
    jobs: {
      add: (caller, job) => store.remember(jobKey(caller, job), 86_400_000),
      isOf: (caller, job) => store.knows(jobKey(caller, job)),
    },
    secrets: createJobSecrets(),
    bounds: createBounds(),
    budget: config.budget,
    pageSizeLimit: config.pageSizeLimit,
  };
  const close = async (): Promise<void> => {
    const opened = await Promise.allSettled(clouds.values());
    await Promise.all(
      opened.flatMap((result) => (result.status === 'fulfilled' ? [result.value.cloudstack.close()] : [])),
    );
    await parts.audit.close();
  };
  return Object.assign(parts, { close });
};
