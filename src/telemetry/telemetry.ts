import type { Config } from '../config/config.ts';
import type { Observe, Tracing } from '../observe.ts';
import { createTextLog, type Log } from './log.ts';
import type { Metrics } from './metrics.ts';

/** What a server tells of itself. */
export interface Telemetry {
  log: Log;
  /** Undefined on stdio, and where they are switched off. */
  metrics?: Metrics | undefined;
  observe?: Observe | undefined;
  /** Loads what traces calls; undefined where no one named a collector. */
  tracing?: (() => Promise<Tracing>) | undefined;
  /** Sends what is left. */
  close(): Promise<void>;
}

type TelemetrySettings = Pick<Config, 'transport' | 'log' | 'logLevel' | 'metrics' | 'traces'>;

/** Turns of a circuit and of the store, for the log: they explain what calls then say. */
const createStateLog = (log: Log): Observe => {
  let reachable = true;
  const circuits = new Map<string, string>();
  return (seen) => {
    if (seen.type === 'circuit') {
      const { profile, state } = seen;
      const before = circuits.get(profile) ?? 'closed';
      circuits.set(profile, state);
      if (before === state) return;
      log.record(state === 'closed' ? 'info' : 'warn', `The circuit of ${profile} is ${state}`, { profile, state });
    } else if (seen.type === 'store' && seen.reachable !== reachable) {
      reachable = seen.reachable;
      log.record(reachable ? 'info' : 'warn', `The store ${reachable ? 'is back' : 'cannot be reached'}`);
    }
  };
};

/** Whether spans can be sent there: OpenTelemetry's exporter throws for what is no URL, and every call would with it. */
const canBeSentTo = (url: string): boolean => URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);

/** Opens what the settings ask for; each library is loaded only then. */
export const openTelemetry = async (
  { transport, log: form, logLevel, metrics: counts, traces }: TelemetrySettings,
  stderr: { write(text: string): unknown },
): Promise<Telemetry> => {
  const log = form === 'json' ? (await import('./json-log.ts')).createJsonLog(stderr, logLevel) : createTextLog(stderr);
  const metrics = transport === 'http' && counts ? (await import('./metrics.ts')).createMetrics() : undefined;
  const observers = [metrics?.observe, form === 'json' ? createStateLog(log) : undefined].filter((one) => !!one);
  let opened: Promise<Tracing> | undefined;
  const isTraced = traces !== undefined && canBeSentTo(traces.url);
  // The address itself may hold a password.
  if (traces && !isTraced) log.report('warn', 'No traces: OTEL_EXPORTER_OTLP_ENDPOINT is not an http(s) URL.');
  const tracing = isTraced
    ? () =>
        (opened ??= import('./open-tracing.ts').then(({ openTracing }) =>
          openTracing(traces, (message) => log.report('warn', message)),
        ))
    : undefined;
  return {
    log,
    metrics,
    observe: observers.length > 1 ? (seen) => observers.forEach((watch) => watch(seen)) : observers[0],
    tracing,
    close: async () => (await opened)?.close(),
  };
};
