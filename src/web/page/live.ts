import { randomUUID } from 'node:crypto';
import { loadCatalog } from '../../catalog/catalog.ts';
import { CallError } from '../../errors.ts';
import type { App } from '../../app/app.ts';
import type { Store } from '../../store/store.ts';
import { pageHeaders } from './assets.ts';
import { hasPlace } from '../../limits.ts';

/** What changed: something of these is to be asked again. No event holds more, so that roles decide what is seen. */
const topics = ['calls', 'jobs', 'approvals'] as const;
type Topic = (typeof topics)[number];

/** Streams of one principal, and of all: a browser has one for each of its tabs. */
const maxStreamsOfOne = 6;
const maxStreams = 500;
/** Events that a browser may be behind; then its stream ends, and it asks anew. */
const maxBehind = 32;
/** Milliseconds between two looks at what other replicas did, and between two signs of life. */
const lookMs = 1000;
const heartbeatMs = 10_000;
/** What other replicas are told is forgotten after this many milliseconds. */
const noticeMs = 60_000;

/** Server-sent events of the page. */
export interface Live {
  /** The same call; everyone who looks at the page is told that there was one. */
  watch(call: App['call']): App['call'];
  /** Tells everyone who looks, on every replica. */
  notify(topic: Topic): void;
  /** A stream that ends with its session; undefined where there are as many as there may be. */
  open(principal: string, isSignedIn: () => Promise<boolean>, signal: AbortSignal): Response | undefined;
  close(): void;
}

interface Listener {
  principal: string;
  controller: ReadableStreamDefaultController<Uint8Array>;
  end: () => void;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const isChange = (tool: string): boolean => loadCatalog().find(tool)?.risk.risk !== 'read';

/** Events of this process; through a shared store, those of its replicas, at most one of each kind in a second. */
export const createLive = (store: Pick<Store, 'shared' | 'get' | 'set'>): Live => {
  const listeners = new Set<Listener>();
  const unsent = new Set<Topic>();
  const known = new Map<Topic, string | undefined>();
  const keyOf = (topic: Topic): string => `page-live:${topic}`;

  const send = (text: string): void => {
    for (const { controller, end } of listeners)
      if ((controller.desiredSize ?? 0) <= -maxBehind) end();
      else controller.enqueue(bytes(text));
  };
  const emit = (topic: Topic): void => {
    if (listeners.size) send(`event: ${topic}\ndata: {}\n\n`);
  };
  const notify = (topic: Topic): void => {
    if (store.shared) unsent.add(topic);
    emit(topic);
  };
  const look = async (): Promise<void> => {
    for (const topic of unsent) {
      unsent.delete(topic);
      const mark = randomUUID();
      known.set(topic, mark);
      await store.set(keyOf(topic), mark, noticeMs);
    }
    if (!listeners.size) return;
    for (const topic of topics) {
      const mark = await store.get(keyOf(topic));
      if (mark !== undefined && mark !== known.get(topic)) {
        known.set(topic, mark);
        emit(topic);
      }
    }
  };
  // While the store is lost, each replica tells of its own.
  const timer = store.shared && setInterval(() => void look().catch(() => undefined), lookMs).unref();

  return {
    notify,
    watch: (call) => async (request) => {
      const changes = isChange(request.tool);
      if (changes) notify('jobs');
      try {
        return await call(request);
      } catch (error) {
        if (error instanceof CallError && error.kind === 'unconfirmed') notify('approvals');
        throw error;
      } finally {
        notify('calls');
        if (changes) for (const topic of ['jobs', 'approvals'] as const) notify(topic);
      }
    },
    open: (principal, isSignedIn, signal) => {
      const own = [...listeners].filter((one) => one.principal === principal).length;
      if (!hasPlace(own, listeners.size, { each: maxStreamsOfOne, max: maxStreams })) return undefined;
      let listener: Listener | undefined;
      let heart: NodeJS.Timeout | undefined;
      const end = (): void => {
        clearInterval(heart);
        if (!listener || !listeners.delete(listener)) return;
        try {
          listener.controller.close();
        } catch {
          // Its reader has gone.
        }
      };
      const beat = async (): Promise<void> => {
        if (!(await isSignedIn().catch(() => true))) end();
        else if (listener && listeners.has(listener)) listener.controller.enqueue(bytes(': still here\n\n'));
      };
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => {
          listener = { principal, controller, end };
          listeners.add(listener);
          controller.enqueue(bytes(': here\n\n'));
          heart = setInterval(() => void beat(), heartbeatMs).unref();
          signal.addEventListener('abort', end, { once: true });
        },
        cancel: end,
      });
      const headers = { ...pageHeaders, 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' };
      return new Response(body, { headers });
    },
    close: () => {
      clearInterval(timer);
      for (const { end } of listeners) end();
    },
  };
};
