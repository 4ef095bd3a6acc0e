import type { App } from '../app/app.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';

/** Counts the resources of the default profile's cloud at once and every `resourceCounts` minutes; never where that is 0. */
export const pollResources = (
  app: Pick<App, 'config' | 'count'>,
  metrics: Pick<Metrics, 'resources'>,
  log: Log,
): { stop: () => void } => {
  const { resourceCounts, profile } = app.config;
  if (!resourceCounts) return { stop: () => undefined };
  let failing = false;
  let counting = false;
  const look = async (): Promise<void> => {
    // A cloud that takes longer than a turn is not asked twice at once.
    if (counting) return;
    counting = true;
    try {
      metrics.resources(await app.count(profile));
      failing = false;
    } catch (error) {
      if (!failing)
        log.report('warn', `Resources cannot be counted: ${error instanceof Error ? error.message : 'failed'}`);
      failing = true;
    } finally {
      counting = false;
    }
  };
  const timer = setInterval(() => void look(), resourceCounts * 60_000).unref();
  void look();
  return { stop: () => clearInterval(timer) };
};
