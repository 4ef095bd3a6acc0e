import type { Audit } from '../audit/audit.ts';
import type { Cloud, Clouds, Composition } from '../call/composition.ts';
import { loadCatalog } from '../catalog/catalog.ts';
import type { Profile } from '../config/profile.ts';
import { CallError } from '../errors.ts';
import { toReadWire } from '../request/to-wire.ts';
import type { Guard } from '../guard/guard.ts';
import type { Store } from '../store/store.ts';

/** How one part is. */
export interface Component {
  status: 'ok' | 'degraded' | 'down';
  [fact: string]: unknown;
}

/** Milliseconds that a cloud may take to answer. */
const timeoutMs = 3000;

/** One profile of each endpoint: they share whatever can be down. */
const oneOfEach = (profiles: Readonly<Record<string, Profile>>): string[] => [
  ...new Map(Object.entries(profiles).map(([name, { endpoint = '' }]) => [endpoint, name])).values(),
];

interface Look {
  milliseconds: number;
  problem?: string;
  discovery?: Cloud['discovery'];
}

/** Asks a cloud for what costs it least. Says only what kind of problem there is: anyone may read this. */
const lookAt = async (clouds: Clouds, profile: string): Promise<Look> => {
  const begun = Date.now();
  const signal = AbortSignal.timeout(timeoutMs);
  const late = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(new CallError('timeout', 'no answer in time', '')), { once: true });
  });
  const ask = async (): Promise<Cloud['discovery']> => {
    const { cloudstack, discovery } = await clouds.open(profile);
    const wire = toReadWire(loadCatalog().find('listCapabilities')!, {});
    // The health is open to anyone, so asking for it logs no one in.
    // Also where calls found no one a moment ago: this is how it is now, and an answer lets calls through again.
    await cloudstack.send(wire, { signal, wait: 0, retries: 0, early: true, login: false });
    return discovery;
  };
  try {
    const discovery = await Promise.race([ask(), late]);
    return { milliseconds: Date.now() - begun, discovery };
  } catch (error) {
    return { milliseconds: Date.now() - begun, problem: error instanceof CallError ? error.kind : 'failed' };
  }
};

const checkClouds = async (clouds: Clouds, profiles: readonly string[]): Promise<Component> => {
  const looks = await Promise.all(profiles.map((profile) => lookAt(clouds, profile)));
  const problems = looks.flatMap(({ problem }) => (problem === undefined ? [] : [problem]));
  const reachable = looks.length - problems.length;
  const discovery = (['failed', 'partial'] as const).find((one) => looks.some((look) => look.discovery === one));
  return {
    status: reachable === looks.length ? 'ok' : reachable ? 'degraded' : 'down',
    endpoints: looks.length,
    reachable,
    milliseconds: Math.max(0, ...looks.map(({ milliseconds }) => milliseconds)),
    ...(problems.length ? { problems: [...new Set(problems)] } : {}),
    ...(discovery ? { discovery } : {}),
  };
};

const tryOut = async (run: () => unknown): Promise<Component> => {
  try {
    await run();
    return { status: 'ok' };
  } catch {
    return { status: 'down' };
  }
};

/** Without the store reads go on: the server is degraded, and so it is while it hears nothing of other replicas. */
const checkStore = async ({ kind, shared, ping }: Store): Promise<Component> => {
  const begun = Date.now();
  const { status } = await tryOut(ping);
  const isWhole = status === 'ok' && shared?.isReachable() !== false;
  return { status: isWhole ? 'ok' : 'degraded', kind, ...(shared ? { milliseconds: Date.now() - begun } : {}) };
};

/** Without a place for questions and approvals no one can confirm: reads go on, what needs a confirmation is refused. */
const checkGuard = async ({ check }: Guard): Promise<Component> => {
  const { status } = await tryOut(check);
  return { status: status === 'ok' ? 'ok' : 'degraded' };
};

/** Entries are written, also where earlier ones are missing: that is for a person to look into. */
const checkAudit = async (audit: Audit): Promise<Component> => {
  const { status } = await tryOut(() => audit.ready());
  const problems = audit.problems();
  return status === 'ok' && problems.length ? { status: 'degraded', problems } : { status };
};

/** The clouds, the guard, the audit log and the store. */
export const checkHealth = async (
  {
    clouds,
    guard: current,
    audit: log,
    store: shared,
  }: Pick<Composition, 'clouds' | 'guard' | 'audit'> & { store: Store },
  profiles: Readonly<Record<string, Profile>>,
): Promise<Record<string, Component>> => {
  const [cloudstack, guard, audit, store] = await Promise.all([
    checkClouds(clouds, oneOfEach(profiles)),
    checkGuard(current),
    checkAudit(log),
    checkStore(shared),
  ]);
  return { cloudstack, guard, audit, store };
};
