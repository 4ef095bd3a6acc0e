import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { whenAnswered } from './answers.ts';
import { refusalOf, type Exchange } from './exchange.ts';

/** The routes by which requests are counted; all else is `other`. */
const routes = ['/mcp', '/metrics', '/health', '/health/live', '/health/ready', '/'];
const wellKnown = '/.well-known/oauth-protected-resource';

const routeOf = (path: string): string => {
  if (routes.includes(path)) return path;
  return path === wellKnown || path.startsWith(`${wellKnown}/`) ? wellKnown : 'other';
};

/** What probes and collectors ask for again and again. */
const isRoutine = (route: string, status: number): boolean => /^\/(health|metrics)/.test(route) && status < 400;

/** Watches one exchange until its answer has been given; gives the answer to give. */
export type Watch = (exchange: Exchange, request: Request, response: Response) => Response;

/** Counts requests and writes a line for each. */
export const createWatch =
  ({ log, metrics }: { log: Log; metrics?: Metrics | undefined }): ((begun: number) => Watch) =>
  (begun) =>
  (exchange, request, response) => {
    const { method } = request;
    const { status } = response;
    const route = routeOf(new URL(request.url).pathname);
    const refused = refusalOf(exchange, route, status);
    return whenAnswered(response, () => {
      const seconds = (performance.now() - begun) / 1000;
      const isStream = exchange.lasting === true || (method === 'GET' && route === '/mcp' && status < 400);
      metrics?.http({ route, method, status, seconds: isStream ? undefined : seconds, refused });
      const level = status >= 500 ? 'error' : isRoutine(route, status) ? 'debug' : 'info';
      log.record(level, `${method} ${route} ${status}`, {
        request: exchange.request,
        trace: exchange.trace,
        principal: exchange.principal,
        method,
        route,
        status,
        refused,
        milliseconds: Math.round(seconds * 1e6) / 1000,
      });
    });
  };
