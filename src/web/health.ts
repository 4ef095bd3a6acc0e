import type { App } from '../app.ts';
import type { Figures } from './measure.ts';

/** What `/health` is told beside the app's own parts. */
export interface HealthOptions {
  app: App;
  figures: () => Figures;
  sessions: () => number;
  running: () => number;
}

/** Milliseconds for which an answer is good enough for the next who asks. */
const freshFor = 5000;

type Checked = Awaited<ReturnType<App['health']>>;

/** Answers how the server is: 200, or 503 when something that calls depend on is down. */
export const createHealth = ({ app, figures, sessions, running }: HealthOptions): (() => Promise<Response>) => {
  let last: { checked: Promise<Checked>; at: number } | undefined;
  const check = (): Promise<Checked> => {
    if (!last || Date.now() - last.at > freshFor) last = { checked: app.health(), at: Date.now() };
    return last.checked;
  };
  return async () => {
    const checked = await check();
    const { calls, failed, mean, slowest } = figures();
    const statuses = Object.values(checked).map(({ status }) => status);
    const status = statuses.includes('down') ? 'down' : statuses.includes('degraded') ? 'degraded' : 'ok';
    return Response.json(
      {
        status,
        components: { mcp: { status: 'ok', sessions: sessions(), running: running() }, ...checked },
        // Of the last minute.
        responseTime: { meanMilliseconds: mean, slowestMilliseconds: slowest },
        throughput: { callsPerSecond: Math.round((calls / 60) * 100) / 100 },
        errorRate: { calls, failed, share: calls ? Math.round((failed / calls) * 1000) / 1000 : 0 },
      },
      { status: status === 'down' ? 503 : 200 },
    );
  };
};
