import {
  createMcpHandler,
  isLegacyRequest,
  type McpServerFactory,
  type Server,
  type ServerNotifier,
} from '@modelcontextprotocol/server';
import { laterError, rpcError, whenAnswered } from './answers.ts';
import { readJson, type BodyLimits } from './body.ts';
import type { Limits } from './limits.ts';
import { toAuthInfo, type Principal } from './principal.ts';
import { createSessions, type SessionLimits } from './sessions.ts';

/** What the endpoint `/mcp` is made of. */
export interface CoreOptions {
  /** Makes a server: one a request in the new era, one a session in the older one. */
  build: () => Server;
  identify: (request: Request) => Promise<Principal | Response>;
  limits: Limits;
  settings: BodyLimits & SessionLimits;
  report: (message: string) => void;
}

/** The endpoint `/mcp`. */
export interface Core {
  fetch(request: Request): Promise<Response>;
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
  let draining = false;

  const slowDown = (name: string, requests: number): Response | undefined => {
    const wait = limits.take(name, requests);
    return wait === undefined ? undefined : laterError(429, 'Too many requests; come back later', wait);
  };

  const dispatch = async (request: Request, principal: Principal, body: unknown): Promise<Response> => {
    const authInfo = toAuthInfo(principal);
    const parsed = body === undefined ? {} : { parsedBody: body };
    return (await isLegacyRequest(request, body))
      ? sessions.handle(request, { principal: principal.name, authInfo, body })
      : modern.fetch(request, { authInfo, ...parsed });
  };

  /** A request that makes work, within the limits of its principal. */
  const work = async (request: Request, principal: Principal, body: unknown): Promise<Response> => {
    if (draining) return laterError(503, 'The server is being stopped', 5);
    if (limits.isFull(principal.name)) return laterError(429, 'Too many requests at once', 1);
    const leave = limits.enter(principal.name, isRecord(body) && body['method'] === 'subscriptions/listen');
    try {
      return whenAnswered(await dispatch(request, principal, body), leave);
    } catch (error) {
      leave();
      throw error;
    }
  };

  const serve = async (request: Request): Promise<Response> => {
    const { method } = request;
    if (method !== 'POST' && method !== 'GET' && method !== 'DELETE') {
      const response = rpcError(405, -32_000, 'Method not allowed');
      response.headers.set('allow', 'GET, POST, DELETE');
      return response;
    }
    const principal = await identify(request);
    if (principal instanceof Response) return principal;
    const slow = slowDown(principal.name, 1);
    if (slow) return slow;
    if (method !== 'POST') return dispatch(request, principal, undefined);
    const json = await readJson(request, settings);
    if (json instanceof Response) return json;
    const { value } = json;
    const messages: unknown[] = Array.isArray(value) ? value : [value];
    // Each message of a batch counts.
    const many = messages.length > 1 ? slowDown(principal.name, messages.length - 1) : undefined;
    if (many) return many;
    return messages.length && messages.every(endsWork)
      ? dispatch(request, principal, value)
      : work(request, principal, value);
  };

  return {
    fetch: async (request) => {
      try {
        return await serve(request);
      } catch (error) {
        report(`/mcp: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
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
