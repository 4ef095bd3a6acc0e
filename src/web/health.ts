import type { App } from '../app/app.ts';
import type { Figures } from './measure.ts';

/** What `/health` reports beside the app's components. */
export interface HealthOptions {
  app: App;
  figures: () => Figures;
  sessions: () => number;
  running: () => number;
  /** Which of the machine's processes answers, where there are several. */
  worker?: string | undefined;
}

/** Milliseconds for which a health report is cached. */
const cacheMs = 5000;
/** Fewer calls in a minute say too little to judge by. */
export const minCalls = 20;
/** Largest share of calls that may fail on the server side. */
export const maxFailureShare = 0.1;

type Checked = Awaited<ReturnType<App['health']>>;

/** What the last minute was like, and whether that is well: where it is not, the server is degraded. */
const judge = ({ calls, failed, mean, slowest }: Figures, running: number, timeout: number) => {
  const statusOf = (isWell: boolean) => (isWell ? ('ok' as const) : ('degraded' as const));
  const isSufficient = calls >= minCalls;
  return {
    responseTime: {
      // On average, calls take half the time after which a single request of theirs would be given up.
      status: statusOf(!isSufficient || mean <= timeout / 2),
      meanMilliseconds: mean,
      slowestMilliseconds: slowest,
    },
    throughput: {
      // Many run, and none has ended for a minute.
      status: statusOf(calls > 0 || running < minCalls),
      callsPerSecond: Math.round((calls / 60) * 100) / 100,
    },
    errorRate: {
      status: statusOf(!isSufficient || failed <= calls * maxFailureShare),
      calls,
      failed,
      share: calls ? Math.round((failed / calls) * 1000) / 1000 : 0,
    },
  };
};

/** Answers how the server is: 200, or 503 when something that calls depend on is down. */
export const createHealth = ({ app, figures, sessions, running, worker }: HealthOptions): (() => Promise<Response>) => {
  let last: { checked: Promise<Checked>; at: number } | undefined;
  const check = (): Promise<Checked> => {
    if (!last || Date.now() - last.at > cacheMs) last = { checked: app.health(), at: Date.now() };
    return last.checked;
  };
  return async () => {
    const checked = await check();
    const minute = judge(figures(), running(), app.config.timeout);
    const statuses: string[] = Object.values({ ...checked, ...minute }).map(({ status }) => status);
    const status = statuses.includes('down') ? 'down' : statuses.includes('degraded') ? 'degraded' : 'ok';
    return Response.json(
      {
        status,
        components: {
          mcp: { status: 'ok', sessions: sessions(), running: running(), ...(worker === undefined ? {} : { worker }) },
          ...checked,
        },
        ...minute,
      },
      { status: status === 'down' ? 503 : 200 },
    );
  };
};
