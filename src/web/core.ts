import {
  createMcpHandler,
  isLegacyRequest,
  type McpServerFactory,
  type Server,
  type ServerNotifier,
} from '@modelcontextprotocol/server';
import { laterError, rpcError, whenAnswered } from './answers.ts';
import { createArrivals } from './arrivals.ts';
import { readJson, type BodyLimits } from './body.ts';
import { beginExchange, type Exchange } from './exchange.ts';
import type { Limits } from './limits.ts';
import { toAuthInfo, type Principal } from './principal.ts';
import { createSessions, type SessionLimits } from './sessions.ts';

/** What the endpoint `/mcp` is made of. */
export interface CoreOptions {
  /** Makes a server: one a request in the new era, one a session in the older one. */
  build: () => Server;
  identify: (request: Request, exchange: Exchange) => Promise<Principal | Response>;
  limits: Limits;
  settings: BodyLimits & SessionLimits;
  report: Report;
}

/** Says something to whoever operates the server: what went wrong, and with which request. */
export type Report = (message: string, about?: { request?: string | undefined }) => void;

/** The endpoint `/mcp`. */
export interface Core {
  fetch(request: Request, exchange?: Exchange): Promise<Response>;
  sessions(): number;
  /** From now on only what belongs to running calls is let in. */
  drain(): void;
  /** Tells subscribers of the new era what has changed. */
  notify: ServerNotifier;
  close(): Promise<void>;
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** Answers to our questions, and cancellations: they end work, and never wait behind it. */
const endsWork = (message: unknown): boolean => isRecord(message) && !('id' in message && 'method' in message);

/** MCP over Streamable HTTP in both eras: the new one without state, the older one in sessions of one principal each. */
export const createCore = ({ build, identify, limits, settings, report }: CoreOptions): Core => {
  const factory: McpServerFactory = () => build();
  const modern = createMcpHandler(factory, { legacy: 'reject', maxRequestBodySize: settings.bodyLimit });
  const sessions = createSessions(build, settings);
  const arrivals = createArrivals(settings);
  let draining = false;

  const refuse = (exchange: Exchange, why: Exchange['refused'] & string, response: Response): Response => {
    exchange.refused = why;
    return response;
  };

  const slowDown = async (name: string, requests: number, exchange: Exchange): Promise<Response | undefined> => {
    const wait = await limits.take(name, requests);
    if (wait === undefined) return undefined;
    return refuse(exchange, 'rate-limit', laterError(429, 'Too many requests; come back later', wait));
  };

  const dispatch = async (
    request: Request,
    principal: Principal,
    body: unknown,
    exchange: Exchange,
  ): Promise<Response> => {
    const authInfo = toAuthInfo(principal, exchange);
    const parsed = body === undefined ? {} : { parsedBody: body };
    if (!(await isLegacyRequest(request, body))) return modern.fetch(request, { authInfo, ...parsed });
    const response = await sessions.handle(request, { principal: principal.name, authInfo, body });
    return response.status === 429 || response.status === 503 ? refuse(exchange, 'sessions', response) : response;
  };

  /** A request that makes work, within the limits of its principal. */
  const work = async (request: Request, principal: Principal, body: unknown, exchange: Exchange): Promise<Response> => {
    if (draining) return refuse(exchange, 'stopping', laterError(503, 'The server is being stopped', 5));
    if (limits.isFull(principal.name))
      return refuse(exchange, 'in-flight', laterError(429, 'Too many requests at once', 1));
    exchange.lasting = isRecord(body) && body['method'] === 'subscriptions/listen';
    const leave = limits.enter(principal.name, exchange.lasting);
    try {
      return whenAnswered(await dispatch(request, principal, body, exchange), leave);
    } catch (error) {
      leave();
      throw error;
    }
  };

  const serve = async (request: Request, exchange: Exchange): Promise<Response> => {
    const { method } = request;
    if (method !== 'POST' && method !== 'GET' && method !== 'DELETE') {
      const response = rpcError(405, -32_000, 'Method not allowed');
      response.headers.set('allow', 'GET, POST, DELETE');
      return response;
    }
    const principal = await identify(request, exchange);
    if (principal instanceof Response)
      return principal.status === 503 ? refuse(exchange, 'issuer', principal) : principal;
    exchange.principal = principal.name;
    const slow = await slowDown(principal.name, 1, exchange);
    if (slow) return slow;
    if (method !== 'POST') return dispatch(request, principal, undefined, exchange);
    const arrived = arrivals.enter(principal.name, request);
    if (!arrived) return refuse(exchange, 'in-flight', laterError(429, 'Too much is arriving at once', 1, true));
    const json = await readJson(request, settings).finally(arrived);
    if (json instanceof Response) return json;
    const { value } = json;
    const messages: unknown[] = Array.isArray(value) ? value : [value];
    // Each message of a batch counts.
    const many = messages.length > 1 ? await slowDown(principal.name, messages.length - 1, exchange) : undefined;
    if (many) return many;
    return messages.length && messages.every(endsWork)
      ? dispatch(request, principal, value, exchange)
      : work(request, principal, value, exchange);
  };

  return {
    fetch: async (request, exchange = beginExchange(request)) => {
      try {
        return await serve(request, exchange);
      } catch (error) {
        report(`/mcp: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`, exchange);
        return rpcError(500, -32_603, 'Internal error');
      }
    },
    sessions: sessions.size,
    drain: () => {
      draining = true;
    },
    notify: modern.notify,
    close: async () => {
      await Promise.all([sessions.close(), modern.close()]);
    },
  };
};
