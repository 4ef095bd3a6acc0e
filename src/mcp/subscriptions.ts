import { ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/server';
import type { App } from '../app/app.ts';
import { isRecord } from '../rows.ts';
import type { DoorContext } from './door-context.ts';
import { kindOfAddress, readCloudResource } from './resources.ts';
import type { HostCall } from './run.ts';

/** Kinds of which people wait for the next state: what else changes is asked for. */
const changingKinds = new Set(['UserVm', 'AsyncJob']);

/** Resources that one connection subscriptions, and that all do, at most. */
const maxEach = 20;
const maxAll = 500;

/** Whether an address is one that can be subscribed. */
const canSubscribe = (uri: string): boolean => changingKinds.has(kindOfAddress(uri)?.name ?? '');

/** Resources that one connection, or one stream, wants to hear of. */
export interface Subscription {
  /** Throws a protocol error for what is no job or machine, what the caller may not see, and one too many. */
  add(uri: string): Promise<void>;
  remove(uri: string): void;
  close(): void;
}

/** Who subscriptions, how they are told, and whether they are still there. */
export interface Subscriber {
  door: DoorContext;
  notify: (uri: string) => void;
  isThere?: () => boolean;
}

/** Subscriptions of all connections. While there are none, nothing is read. */
export interface Subscriptions {
  open(subscriber: Subscriber): Subscription;
  /** Looks at once at what a principal subscriptions, after each call of theirs that may have changed it. */
  following(call: App['call']): App['call'];
}

/** What a subscription asks for, without what cannot be subscribed: the acknowledgement says what is left. */
export const toSubscribable = (message: unknown): { message: unknown; uris: readonly string[] } => {
  const { params } = isRecord(message) ? message : {};
  const notifications = isRecord(params) ? params['notifications'] : undefined;
  const asked = isRecord(notifications) ? notifications['resourceSubscriptions'] : undefined;
  if (!Array.isArray(asked) || !asked.every((uri) => typeof uri === 'string')) return { message, uris: [] };
  const uris = [...new Set(asked)].filter(canSubscribe).slice(0, maxEach);
  const left = { ...(notifications as object), resourceSubscriptions: uris };
  return { message: { ...(message as object), params: { ...(params as object), notifications: left } }, uris };
};

/** A resource that is subscribed: how often it was asked for, and what it was like when it was last read. */
interface Subscribed {
  count: number;
  text: string;
}

/**
 * Tells hosts what has become of jobs and machines. They are read as their principal reads them, through the whole path, so that
 * the cache answers until the look at the cloud's events says that something happened; with `cacheFollow` between two rounds.
 */
export const createSubscriptions = (app: App, call: App['call']): Subscriptions => {
  const open = new Set<{ subscriber: Subscriber; subscribed: Map<string, Subscribed>; close(): void }>();
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> | undefined;
  const waiting = new Set<string | undefined>();

  const read = async ({ door }: Subscriber, uri: string): Promise<string> => {
    const host: HostCall = {
      app,
      call,
      door,
      client: { name: 'subscription' },
      meta: undefined,
      signal: AbortSignal.timeout(app.config.timeout),
      consent: () => Promise.resolve(undefined),
      onProgress: () => undefined,
    };
    const [content] = (await readCloudResource(host, uri)).contents;
    return content && 'text' in content ? content.text : '';
  };

  /** Reads one after the other what is subscribed, by a principal or by all, and tells what has changed. */
  const round = async (principal: string | undefined): Promise<void> => {
    for (const { subscriber, subscribed, close } of open) {
      if (subscriber.isThere?.() === false) close();
      else if (principal === undefined || subscriber.door.requester.principal === principal)
        for (const [uri, was] of subscribed) {
          // One that cannot be read any more has changed, once.
          const text = await read(subscriber, uri).catch(() => '');
          if (text === was.text || !subscribed.has(uri)) continue;
          was.text = text;
          subscriber.notify(uri);
        }
    }
  };

  const look = (principal?: string): void => {
    waiting.add(principal);
    looking ??= (async () => {
      for (const next of waiting) {
        waiting.delete(next);
        await round(next);
      }
    })().finally(() => (looking = undefined));
  };

  const countAll = (): number => [...open].reduce((sum, { subscribed }) => sum + subscribed.size, 0);

  return {
    open: (subscriber) => {
      const subscribed = new Map<string, Subscribed>();
      const close = (): void => {
        open.delete(one);
        subscribed.clear();
        if (open.size) return;
        clearInterval(timer);
        timer = undefined;
      };
      const one = { subscriber, subscribed, close };
      const add = async (uri: string): Promise<void> => {
        const refuse = (why: string): never => {
          throw new ProtocolError(ProtocolErrorCode.InvalidParams, why);
        };
        if (!canSubscribe(uri)) refuse('Only jobs and virtual machines can be subscribed to');
        const known = subscribed.get(uri);
        if (known) return void known.count++;
        if (subscribed.size >= maxEach || countAll() >= maxAll) refuse(`At most ${maxEach} subscriptions at once`);
        const fresh = { count: 1, text: '' };
        subscribed.set(uri, fresh);
        open.add(one);
        timer ??= setInterval(look, app.config.cacheFollow * 1000).unref();
        try {
          fresh.text = await read(subscriber, uri);
        } catch (error) {
          subscribed.delete(uri);
          if (!subscribed.size) close();
          throw error;
        }
      };
      return {
        add,
        remove: (uri) => {
          const known = subscribed.get(uri);
          if (!known || --known.count) return;
          subscribed.delete(uri);
          if (!subscribed.size) close();
        },
        close,
      };
    },
    following: (inner) => async (request) => {
      try {
        return await inner(request);
      } finally {
        if (open.size && request.riskTool !== 'read') look(request.caller.principal);
      }
    },
  };
};
