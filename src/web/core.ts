import {
  createMcpHandler,
  InMemoryServerEventBus,
  isLegacyRequest,
  type McpServerFactory,
  type ServerEventBus,
  type ServerNotifier,
} from '@modelcontextprotocol/server';
import { AsyncLocalStorage } from 'node:async_hooks';
import { onResponseEnd, retryLaterError, rpcError, takesJsonOnly, toJson } from './responses.ts';
import { toAuthInfo, type DoorContext } from '../mcp/door-context.ts';
import { toSubscribable, type Subscriptions } from '../mcp/subscriptions.ts';
import { isRecord } from '../rows.ts';
import type { Requester } from '../types.ts';
import { createBodyBudget, type BodyBudget } from './body-budget.ts';
import { dropBody, readJson, type BodyLimits } from './body.ts';
import { createRequestContext, type RequestContext } from './request-context.ts';
import type { Limits } from './limits.ts';
import type { PlainDoor } from './plain.ts';
import { createSessions, type BuildServer, type SessionLimits } from './sessions.ts';

/** What the endpoint `/mcp` is made of. */
export interface CoreOptions {
  /** Makes a server: one per request of a stateless client, one per session of a session client. */
  build: BuildServer;
  identify: (request: Request, context: RequestContext) => Promise<Requester | Response>;
  limits: Limits;
  /** Shared with the rest of the door, where there is more. */
  bodyBudget?: BodyBudget;
  settings: BodyLimits & SessionLimits;
  report: ReportError;
  /** This process among those of its server. */
  worker?: string | undefined;
  /** Answers calls that need no SDK, where there are any. */
  plainDoor?: PlainDoor | undefined;
  /** What becomes of jobs and machines. */
  subscriptions?: Subscriptions | undefined;
}

/** Reports to the operator of the server: what went wrong, and with which request. */
export type ReportError = (message: string, about?: { request?: string | undefined }, level?: 'error' | 'warn') => void;

/** The endpoint `/mcp`. */
export interface Core {
  fetch(request: Request, context?: RequestContext): Promise<Response>;
  sessions(): number;
  /** From now on only what belongs to running calls is let in. */
  drain(): void;
  /** Notifies subscribers of what has changed. */
  notify: ServerNotifier;
  /** Notifies subscribers and sessions that the list of tools has changed. */
  toolsChanged(): void;
  close(): Promise<void>;
}

/** Answers to our questions, and cancellations: they end work, and never wait behind it. */
const endsWork = (message: unknown): boolean => isRecord(message) && !('id' in message && 'method' in message);

/**
 * What streams of the newer protocol hear of. What a stream subscriptions is told to that stream alone: another principal that
 * listens for the same address does not learn by it what it may not see.
 */
const createChanges = (subscriptions: Subscriptions | undefined) => {
  const all = new InMemoryServerEventBus();
  const asking = new AsyncLocalStorage<{ door: DoorContext; uris: readonly string[] }>();
  const bus: ServerEventBus = {
    publish: (event) => all.publish(event),
    subscribe: (listener) => {
      const leave = all.subscribe(listener);
      const { door, uris = [] } = asking.getStore() ?? {};
      if (!door || !uris.length || !subscriptions) return leave;
      const subscription = subscriptions.open({ door, notify: (uri) => listener({ kind: 'resource_updated', uri }) });
      // What cannot be read is not subscribed.
      for (const uri of uris) void subscription.add(uri).catch(() => undefined);
      return () => {
        subscription.close();
        leave();
      };
    },
  };
  return {
    bus,
    /** Serves a stream that listens. */
    listen: <T>(door: DoorContext, body: unknown, serve: (body: unknown) => T): T => {
      const { message, uris } = toSubscribable(body);
      return asking.run({ door, uris }, () => serve(message));
    },
  };
};

/** MCP over Streamable HTTP: stateless for new protocol versions, for older ones in sessions of one principal each. */
export const createCore = ({
  build,
  identify,
  limits,
  settings,
  report,
  subscriptions,
  bodyBudget = createBodyBudget(settings),
  worker,
  plainDoor,
}: CoreOptions): Core => {
  const factory: McpServerFactory = (from) => build(from);
  const changes = createChanges(subscriptions);
  const modern = createMcpHandler(factory, {
    legacy: 'reject',
    maxRequestBodySize: settings.bodyLimit,
    bus: changes.bus,
  });
  const sessions = createSessions(build, settings, worker, plainDoor);
  let draining = false;

  const refuse = (context: RequestContext, why: RequestContext['refused'] & string, response: Response): Response => {
    context.refused = why;
    return response;
  };

  const slowDown = async (name: string, requests: number, context: RequestContext): Promise<Response | undefined> => {
    const wait = await limits.take(name, requests);
    if (wait === undefined) return undefined;
    return refuse(context, 'rate-limit', retryLaterError(429, 'Too many requests; try again later', wait));
  };

  const dispatch = async (
    request: Request,
    requester: Requester,
    body: unknown,
    context: RequestContext,
  ): Promise<Response> => {
    const door = { requester, origin: context };
    const plain = plainDoor?.read(request, body);
    const authInfo = toAuthInfo(door);
    const serveModern = (parsedBody: unknown): Promise<Response> =>
      modern.fetch(request, { authInfo, ...(parsedBody === undefined ? {} : { parsedBody }) });
    if (plain?.envelope) {
      const pass = (): Promise<Response> => serveModern(body);
      return plainDoor!.answer({ message: plain, door, pass }, plain.envelope, request.signal);
    }
    if (!plain && !(await isLegacyRequest(request, body)))
      return context.lasting ? changes.listen(door, body, serveModern) : serveModern(body);
    const response = await sessions.handle(request, { door, body, plain });
    return response.status === 429 || response.status === 503 ? refuse(context, 'sessions', response) : response;
  };

  /** A request that makes work, within the limits of its principal. */
  const work = async (
    request: Request,
    requester: Requester,
    body: unknown,
    context: RequestContext,
  ): Promise<Response> => {
    const { principal } = requester;
    if (draining) return refuse(context, 'stopping', retryLaterError(503, 'The server is being stopped', 5));
    if (limits.isFull(principal))
      return refuse(context, 'in-flight', retryLaterError(429, 'Too many requests at once', 1));
    context.lasting = isRecord(body) && body['method'] === 'subscriptions/listen';
    const leave = limits.enter(principal, context.lasting);
    try {
      return onResponseEnd(await dispatch(request, requester, body, context), leave);
    } catch (error) {
      leave();
      throw error;
    }
  };

  const serve = async (request: Request, context: RequestContext): Promise<Response> => {
    const { method } = request;
    if (method !== 'POST' && method !== 'GET' && method !== 'DELETE') {
      const response = rpcError(405, -32_000, 'Method not allowed');
      response.headers.set('allow', 'GET, POST, DELETE');
      return response;
    }
    const requester = await identify(request, context);
    if (requester instanceof Response)
      return requester.status === 503 ? refuse(context, 'issuer', requester) : requester;
    const { principal } = requester;
    context.principal = principal;
    const slow = await slowDown(principal, 1, context);
    if (slow) return slow;
    if (method !== 'POST') return dispatch(request, requester, undefined, context);
    const release = bodyBudget.reserve(principal, request);
    if (!release) {
      const isGone = !(await dropBody(request, principal, bodyBudget, settings));
      return refuse(context, 'in-flight', retryLaterError(429, 'Too much is arriving at once', 1, isGone));
    }
    const json = await readJson(request, settings).finally(release);
    if (json instanceof Response) return json;
    const { value } = json;
    const messages: unknown[] = Array.isArray(value) ? value : [value];
    // Each message of a batch counts.
    const many = messages.length > 1 ? await slowDown(principal, messages.length - 1, context) : undefined;
    if (many) return many;
    return messages.length && messages.every(endsWork)
      ? dispatch(request, requester, value, context)
      : work(request, requester, value, context);
  };

  return {
    fetch: async (request, context = createRequestContext(request)) => {
      try {
        if (!takesJsonOnly(request)) return await serve(request, context);
        // The SDK insists on both types, and most clients take both.
        const headers = new Headers(request.headers);
        headers.set('accept', 'application/json, text/event-stream');
        return await toJson(await serve(new Request(request, { headers }), context));
      } catch (error) {
        report(`/mcp: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`, context);
        return rpcError(500, -32_603, 'Internal error');
      }
    },
    sessions: sessions.size,
    drain: () => {
      draining = true;
    },
    notify: modern.notify,
    toolsChanged: () => {
      plainDoor?.toolsChanged();
      modern.notify.toolsChanged();
      sessions.toolsChanged();
    },
    close: async () => {
      await Promise.all([sessions.close(), modern.close()]);
    },
  };
};
