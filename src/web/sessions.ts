import {
  isInitializeRequest,
  WebStandardStreamableHTTPServerTransport,
  type AuthInfo,
  type Server,
} from '@modelcontextprotocol/server';
import { randomUUID } from 'node:crypto';
import type { HttpSettings } from '../config/http.ts';
import { toAuthInfo, type DoorContext } from '../mcp/door-context.ts';
import { createRunning } from '../mcp/running.ts';
import { isRecord } from '../rows.ts';
import { retryLaterError, rpcError, onResponseEnd } from './responses.ts';
import { hasPlace } from '../limits.ts';
import type { PlainDoor, PlainMessage, PlainSession } from './plain.ts';

/** How many sessions there may be, and for how long. */
export type SessionLimits = Pick<HttpSettings, 'maxSessions' | 'maxSessionsEach' | 'sessionIdle' | 'sessionLifetime'>;

/** A request of an older protocol version, as the door knows it. */
export interface SessionRequest {
  door: DoorContext;
  /** The JSON of a POST. */
  body?: unknown;
  /** The same, where it is a call that may need no SDK. */
  plain?: PlainMessage | undefined;
}

/** Sessions of clients of older protocol versions. Each belongs to the principal that began it; no one else finds it. */
export interface Sessions {
  handle(request: Request, from: SessionRequest): Promise<Response>;
  size(): number;
  /** Tells those who listen that the list of tools has changed. */
  toolsChanged(): void;
  close(): Promise<void>;
}

/** Makes a server for the caller that the door let in. */
export type BuildServer = (from: { authInfo?: AuthInfo }) => Server | Promise<Server>;

interface Session extends PlainSession {
  principal: string;
  transport: WebStandardStreamableHTTPServerTransport;
  server: Server;
  /** Requests and streams that are open. A stream alone keeps a session open, unless its principal needs the place. */
  requests: number;
  streams: number;
  /** Ids of the requests that are not answered yet. */
  ids: Set<unknown>;
  begun: number;
  /** When it was last used. */
  at: number;
}

/** The ids of the requests in a POST. */
const idsOf = (body: unknown): unknown[] =>
  (Array.isArray(body) ? body : [body])
    .filter((message) => isRecord(message) && 'id' in message && 'method' in message)
    .map((message: { id: unknown }) => message.id);

/** Requests, and streams, which have no body; not answers to questions of ours, nor notifications. */
const beginsWork = (body: unknown): boolean => idsOf(body ?? { id: 0, method: '' }).length > 0;

/** What an `initialize` says of its client. */
const aboutClient = (body: unknown): Pick<PlainSession, 'client' | 'capabilities'> => {
  const { clientInfo, capabilities } = isRecord(body) && isRecord(body['params']) ? body['params'] : {};
  return { client: isRecord(clientInfo) ? clientInfo : undefined, capabilities };
};

const notFound = (): Response => rpcError(404, -32_001, 'Session not found');

/** Sessions in this process. `build` makes the server of one; `worker` begins their ids, where another process may be asked for one. */
export const createSessions = (
  build: BuildServer,
  { maxSessions, maxSessionsEach, sessionIdle, sessionLifetime }: SessionLimits,
  worker?: string,
  plainDoor?: PlainDoor,
): Sessions => {
  const sessions = new Map<string, Session>();

  const end = async (session: Session): Promise<void> => {
    sessions.delete(session.id);
    await session.server.close();
  };

  const isOld = ({ begun }: Session): boolean => Date.now() - begun >= sessionLifetime;
  const isUnused = ({ streams, at }: Session): boolean => !streams && Date.now() - at >= sessionIdle;
  const sweep = setInterval(
    () => {
      for (const session of sessions.values())
        if (!session.requests && (isUnused(session) || isOld(session))) void end(session);
    },
    Math.min(sessionIdle / 2, sessionLifetime / 2, 30_000),
  ).unref();

  const answer = (session: Session, request: Request, { door, body, plain }: SessionRequest): Promise<Response> => {
    const authInfo = toAuthInfo(door);
    const parsed = body === undefined ? {} : { parsedBody: body };
    const pass = (): Promise<Response> => session.transport.handleRequest(request, { authInfo, ...parsed });
    if (plain && plainDoor) return plainDoor.answerInSession({ message: plain, door, pass }, session);
    return session.running.cancel(body) ? Promise.resolve(new Response(null, { status: 202 })) : pass();
  };

  const serve = async (session: Session, request: Request, from: SessionRequest): Promise<Response> => {
    const kind = request.method === 'GET' ? 'streams' : 'requests';
    const ids = idsOf(from.body);
    // Of two requests with one id only the later would be answered, and the stream of the other would never end.
    const used = ids.find((id, at) => session.ids.has(id) || ids.indexOf(id) < at);
    if (used !== undefined)
      return rpcError(
        400,
        -32_600,
        `Another request of this session has the id ${JSON.stringify(used)} and is not answered yet`,
      );
    session[kind]++;
    for (const id of ids) session.ids.add(id);
    const leave = (): void => {
      for (const id of ids) session.ids.delete(id);
      session[kind]--;
      session.at = Date.now();
    };
    try {
      return onResponseEnd(await answer(session, request, from), leave);
    } catch (error) {
      leave();
      throw error;
    }
  };

  /** The least recently used session of a principal, if it must make room for a new one; or why there is no room. */
  const findRoom = (principal: string): { leaves?: Session } | Response => {
    const own = [...sessions.values()].filter((session) => session.principal === principal);
    if (hasPlace(own.length, sessions.size, { each: maxSessionsEach, max: maxSessions })) return {};
    const [leaves] = own.filter(({ requests }) => !requests).sort((a, b) => a.at - b.at);
    if (leaves) return { leaves };
    return own.length
      ? retryLaterError(429, `All ${own.length} sessions of yours are in use`, 5)
      : retryLaterError(503, 'There are too many sessions', 30);
  };

  const begin = async (request: Request, from: SessionRequest): Promise<Response> => {
    const { principal } = from.door.requester;
    const server = await build({ authInfo: toAuthInfo(from.door) });
    // Nothing is awaited until the session has its place.
    const room = findRoom(principal);
    if (room instanceof Response) return room;
    const id = worker === undefined ? randomUUID() : `${worker}.${randomUUID()}`;
    const transport = new WebStandardStreamableHTTPServerTransport({ sessionIdGenerator: () => id });
    const session: Session = {
      id,
      principal,
      ...aboutClient(from.body),
      running: createRunning(),
      transport,
      server,
      requests: 0,
      streams: 0,
      ids: new Set(),
      begun: Date.now(),
      at: Date.now(),
    };
    sessions.set(id, session);
    // A client that ends its session closes the transport, and that the server.
    server.onclose = () => {
      session.running.close();
      sessions.delete(id);
    };
    if (room.leaves) await end(room.leaves);
    await server.connect(transport);
    const response = await serve(session, request, from);
    if (transport.sessionId === undefined) await end(session);
    return response;
  };

  return {
    handle: async (request, from) => {
      const id = request.headers.get('mcp-session-id');
      const session = id === null ? undefined : sessions.get(id);
      if (id !== null && session?.principal !== from.door.requester.principal) return notFound();
      const begins = isInitializeRequest(from.body);
      // What runs in an old session may end, with answers to its questions; nothing new is begun under the old id.
      if (session && !begins && isOld(session) && !session.requests) {
        await end(session);
        return notFound();
      }
      if (session && !begins && isOld(session) && beginsWork(from.body)) return notFound();
      if (session && !begins) return serve(session, request, from);
      if (!begins) return rpcError(400, -32_000, 'Bad Request: Mcp-Session-Id header is required');
      const response = await begin(request, from);
      // A client that initializes again gets a new id, and the old one ends.
      if (session && response.ok) await end(session);
      return response;
    },
    size: () => sessions.size,
    toolsChanged: () => {
      // A client that has gone is told nothing.
      for (const { server } of sessions.values()) void server.sendToolListChanged().catch(() => undefined);
    },
    close: async () => {
      clearInterval(sweep);
      await Promise.all([...sessions.values()].map(end));
    },
  };
};
