import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { onResponseEnd } from './responses.ts';
import { refusalOf, type RequestContext } from './request-context.ts';

/** The routes by which requests are counted; all else is `other`. */
const routes = ['/mcp', '/metrics', '/health', '/health/live', '/health/ready', '/'];
const wellKnown = '/.well-known/oauth-protected-resource';

const routeOf = (path: string): string => {
  if (routes.includes(path)) return path;
  if (path.startsWith('/page/')) return '/page';
  return path === wellKnown || path.startsWith(`${wellKnown}/`) ? wellKnown : 'other';
};

/** What probes and metric collectors request all the time. */
const isRoutine = (route: string, status: number): boolean => /^\/(health|metrics)/.test(route) && status < 400;

/** Observes one request until its response has been sent; returns the response to send. */
export type ResponseObserver = (context: RequestContext, request: Request, response: Response) => Response;

/** Counts requests and logs a line for each. */
export const createRequestObserver =
  ({ log, metrics }: { log: Log; metrics?: Metrics | undefined }): ((begun: number) => ResponseObserver) =>
  (begun) =>
  (context, request, response) => {
    const { method } = request;
    const { status } = response;
    const route = routeOf(new URL(request.url).pathname);
    const refused = refusalOf(context, route, status);
    return onResponseEnd(response, () => {
      const seconds = (performance.now() - begun) / 1000;
      const isStream = context.lasting === true || (method === 'GET' && route === '/mcp' && status < 400);
      metrics?.http({ route, method, status, seconds: isStream ? undefined : seconds, refused });
      const level = status >= 500 ? 'error' : isRoutine(route, status) ? 'debug' : 'info';
      log.record(level, `${method} ${route} ${status}`, {
        request: context.request,
        trace: context.trace,
        principal: context.principal,
        method,
        route,
        status,
        refused,
        milliseconds: Math.round(seconds * 1e6) / 1000,
      });
    });
  };
