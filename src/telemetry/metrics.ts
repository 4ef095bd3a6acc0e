import { AggregatorRegistry, collectDefaultMetrics, Registry, type MetricObject } from 'prom-client';
import type { ResourceCount } from '../app/count-resources.ts';
import type { Observation, Observe } from '../observe.ts';
import { version } from '../version.ts';
import { createInstruments, labelValues, type Instruments, type Refusal } from './instruments.ts';
import { createToolLabels, reachOf, type ToolLabels } from './labels.ts';

/** An HTTP request that was answered. */
export interface ServedRequest {
  /** One of the door's routes, or `other`. */
  route: string;
  method: string;
  status: number;
  /** Undefined for a stream that goes on for its own sake. */
  seconds: number | undefined;
  refused: Refusal | undefined;
}

/** Counts what happens, for Prometheus. */
export interface Metrics {
  observe: Observe;
  http(request: ServedRequest): void;
  /** How to look at what is open, when someone asks. */
  setGauges(open: { sessions: () => number; inFlight: () => number }): void;
  resources(counts: readonly ResourceCount[]): void;
  contentType: string;
  /** Everything in the text format of Prometheus. */
  text(): Promise<string>;
  /** The same, to be summed with what other processes of the server count. */
  json(): Promise<object[]>;
  /** What several processes counted, as one text. */
  sum(all: readonly object[][]): Promise<string>;
  registry: Registry;
}

const methods: ReadonlySet<string> = new Set(['GET', 'POST', 'DELETE', 'HEAD', 'OPTIONS']);

/** Gauges that end in `_total` as only counters may, and say what others say too. */
const misnamed = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

/** All at 0, and what is known from the start. */
const setInitialValues = (to: Instruments): void => {
  to.build.set({ version, node: process.versions.node }, 1);
  for (const result of labelValues.cache) to.cache.inc({ result }, 0);
  for (const cause of labelValues.dropped) to.dropped.inc({ cause }, 0);
  for (const result of labelValues.confirmations) to.confirmations.inc({ result }, 0);
  for (const result of labelValues.audit) to.audit.inc({ result }, 0);
  for (const outcome of labelValues.jobs) to.jobs.inc({ outcome }, 0);
  for (const reason of labelValues.refused) to.refused.inc({ reason }, 0);
  for (const state of labelValues.circuits) {
    to.circuits.set({ state }, 0);
    to.circuitChanges.inc({ state }, 0);
  }
  // Nothing is known against either yet.
  to.up.set(1);
  to.store.set(1);
};

/** Sums what several endpoints tell of themselves: their names may be those of persons, and never become labels. */
const createEndpoints = (to: Instruments) => {
  const pools = new Map<string, { running: number; waiting: number }>();
  const circuits = new Map<string, string>();
  const sum = (of: (pool: { running: number; waiting: number }) => number): number =>
    [...pools.values()].reduce((all, pool) => all + of(pool), 0);
  return {
    pool: (profile: string, running: number, waiting: number): void => void pools.set(profile, { running, waiting }),
    circuit: (profile: string, state: 'closed' | 'half-open' | 'open'): void => {
      if (circuits.get(profile) !== state && (circuits.has(profile) || state !== 'closed'))
        to.circuitChanges.inc({ state });
      circuits.set(profile, state);
    },
    collect: (): void => {
      to.poolRunning.set(sum(({ running }) => running));
      to.poolWaiting.set(sum(({ waiting }) => waiting));
      for (const state of labelValues.circuits)
        to.circuits.set({ state }, [...circuits.values()].filter((one) => one === state).length);
    },
  };
};

const createObserve = (
  to: Instruments,
  endpoints: ReturnType<typeof createEndpoints>,
  labelsOf: (command: string | undefined) => ToolLabels,
): Observe => {
  const request = (seen: Extract<Observation, { type: 'request' }>): void => {
    const { command, method, ending, answered, seconds } = seen;
    const labels = labelsOf(command);
    const result = reachOf(seen);
    to.requests.inc({ command: labels.command, outcome: ending });
    to.requestSeconds.inc({ command: labels.command }, seconds);
    to.requestDuration.observe({ method, result }, seconds);
    // A caller that gave up says nothing about the cloud.
    if (answered !== undefined) to.up.set(answered ? 1 : 0);
  };
  const call = ({ command, risk, ending, seconds }: Extract<Observation, { type: 'call' }>): void => {
    const labels = labelsOf(command);
    const named = { tool: labels.tool, risk: risk ?? labels.risk };
    to.calls.inc({ ...named, outcome: ending });
    to.callDuration.observe({ risk: named.risk }, seconds);
  };
  return (seen) => {
    switch (seen.type) {
      case 'call':
        return call(seen);
      case 'request':
        return request(seen);
      case 'retry':
        return to.retries.inc();
      case 'job-started':
        return to.jobsFollowed.inc();
      case 'job':
        to.jobsFollowed.dec();
        to.jobs.inc({ outcome: seen.ending });
        return to.jobDuration.observe(seen.seconds);
      case 'cache':
        return to.cache.inc({ result: seen.result });
      case 'invalidation':
        return to.dropped.inc({ cause: seen.cause }, seen.entries);
      case 'cache-entries':
        return to.kept.set(seen.entries);
      case 'confirmation':
        return to.confirmations.inc({ result: seen.result });
      case 'circuit':
        return endpoints.circuit(seen.profile, seen.state);
      case 'pool':
        return endpoints.pool(seen.profile, seen.running, seen.waiting);
      case 'store':
        return to.store.set(seen.reachable ? 1 : 0);
      case 'audit':
        return to.audit.inc({ result: seen.written ? 'written' : 'waiting' });
    }
  };
};

/** Metrics in a registry of their own, with those of the process. */
export const createMetrics = (): Metrics => {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const name of misnamed) registry.removeSingleMetric(name);
  const to = createInstruments(registry);
  setInitialValues(to);
  const endpoints = createEndpoints(to);
  let open: { sessions: () => number; inFlight: () => number } | undefined;
  const look = (): void => {
    endpoints.collect();
    to.sessions.set(open?.sessions() ?? 0);
    to.inFlight.set(open?.inFlight() ?? 0);
  };
  return {
    observe: createObserve(to, endpoints, createToolLabels()),
    http: ({ route, method, status, seconds, refused }) => {
      to.http.inc({ route, method: methods.has(method) ? method : 'other', status: `${Math.floor(status / 100)}xx` });
      if (seconds !== undefined) to.httpDuration.observe({ route }, seconds);
      if (refused) to.refused.inc({ reason: refused });
    },
    setGauges: (what) => (open = what),
    resources: (counts) => {
      to.resources.reset();
      for (const { kind, state = '', count } of counts) to.resources.set({ kind, state }, count);
      to.counted.setToCurrentTime();
    },
    contentType: registry.contentType,
    text: () => {
      look();
      return registry.metrics();
    },
    json: () => {
      look();
      return registry.getMetricsAsJSON();
    },
    // They come from processes of this release.
    sum: (all) => AggregatorRegistry.aggregate(all as MetricObject[][]).metrics(),
    registry,
  };
};
