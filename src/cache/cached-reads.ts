import type { Tool } from '../catalog/tool.ts';
import type { CloudStack, SendOptions } from '../cloudstack/cloudstack.ts';
import { CallError } from '../errors.ts';
import type { Observe } from '../observe.ts';
import { listSecrets } from '../secrets/mask.ts';
import type { SharedCache } from '../store/store.ts';
import type { Answer, WireParams } from '../types.ts';
import { dependenciesOf } from './dependencies.ts';
import type { EventPoller } from './event-poller.ts';
import type { InFlightRequests } from './in-flight.ts';
import type { CacheEntry, Memory } from './memory.ts';
import { endpointKey, kindKey, polledKey, scopeKey, type CacheScope } from './scope.ts';
import type { Versions } from './versions.ts';

/** How a request is sent through the cache. */
export interface CachedOptions extends SendOptions {
  /** Ask again, and cache the new answer. */
  fresh?: boolean | undefined;
}

/** What the clients of one cache have in common. */
export interface CacheState {
  memory: Memory;
  requests: InFlightRequests;
  versions: Versions;
  /** Where replicas share answers. */
  store?: SharedCache | undefined;
  observe?: Observe | undefined;
  /** Milliseconds between two polls of the events. */
  pollIntervalMs: number;
}

/** Reads that may be answered from the cache. */
export interface CachedReads {
  /** `maxAgeMs`: how long the answer may be cached while the cloud's events are polled. */
  send(tool: Tool, wire: WireParams, options: CachedOptions, maxAgeMs: number): Promise<Answer>;
  /** Whether polls of events are worth their requests: a read is running, or one that comes soon could be cached for longer. */
  wantsPolls(): boolean;
  /** Everything was dropped. */
  forget(): void;
}

const keyOf = (identity: string, { command, params }: WireParams): string =>
  `${identity} ${command} ${JSON.stringify(
    Object.keys(params)
      .sort()
      .flatMap((name) => [name, params[name]]),
  )}`;

/** The reads of one scope. `poller`: what notices changes made elsewhere. */
export const createCachedReads = (
  cloudstack: CloudStack,
  scope: CacheScope,
  { memory, requests, versions, store, observe, pollIntervalMs }: CacheState,
  poller: () => Pick<EventPoller, 'isPolling' | 'start'>,
): CachedReads => {
  const now = (): number => Date.now();
  let active = 0;
  let wantedUntil = 0;

  const fromStore = async (key: string): Promise<CacheEntry | undefined> => {
    const read = async () => JSON.parse((await store?.get(key)) ?? 'null') as CacheEntry | null;
    // If the store fails, or the entry cannot be read, the cloud is asked.
    const found = await read().catch(() => null);
    return found && found.expiresAt > now() ? found : undefined;
  };
  const save = (key: string, entry: CacheEntry): void => {
    memory.save(key, entry);
    // The store never gets credentials, nor entries too large or too old for this process.
    if (store && memory.get(key) === entry && !listSecrets(entry.body).length)
      void store.set(key, JSON.stringify(entry), Math.max(1, entry.expiresAt - now())).catch(() => undefined);
  };
  const toAnswer = ({ body, sentAt }: CacheEntry): Answer => {
    observe?.({ type: 'cache', result: 'hit' });
    return { body, age: Math.max(0, Math.round((now() - sentAt) / 1000)) };
  };

  const ask = async (tool: Tool, wire: WireParams, options: CachedOptions, maxAgeMs: number): Promise<Answer> => {
    const { fresh = false, signal } = options;
    const key = keyOf(scope.identity, wire);
    const isPolling = poller().isPolling();
    const keys = [
      endpointKey(scope.endpoint),
      scopeKey(scope),
      ...(isPolling ? [polledKey(scope)] : []),
      ...dependenciesOf(tool.command, wire.params).map((kind) => kindKey(scope.endpoint, kind)),
    ];
    /** Whether an entry's keys are as they were; it may have been cached with the promise of polls, or without. */
    const isValid = async (entry: CacheEntry): Promise<boolean> =>
      entry.version === (entry.keys.length === keys.length ? version : await versions.current(entry.keys));
    const skip = (): Promise<Answer> => {
      observe?.({ type: 'cache', result: 'skipped' });
      return cloudstack.send(wire, options);
    };
    const version = await versions.current(keys);
    if (version === undefined) return skip();
    const known = fresh ? undefined : memory.get(key);
    if (known && (await isValid(known))) return toAnswer(known);
    const stored = fresh ? undefined : await fromStore(key);
    if (stored && (await isValid(stored))) {
      memory.save(key, stored);
      poller().start();
      return toAnswer(stored);
    }
    const obtain = async (stopped: AbortSignal): Promise<Answer> => {
      const sentAt = now();
      const answer = await cloudstack.send(wire, { ...options, signal: stopped });
      if (answer.job || (await versions.current(keys)) !== version) return answer;
      const { body, size = JSON.stringify(body).length } = answer;
      // Without events nothing reports a change made elsewhere: the answer expires as soon as a poll would have seen it.
      const age = isPolling ? maxAgeMs : Math.min(maxAgeMs, pollIntervalMs);
      // The next answer can be cached for longer if polls go on until then.
      if (!isPolling) wantedUntil = Math.max(wantedUntil, sentAt + maxAgeMs);
      save(key, { body, sentAt, expiresAt: sentAt + age, version, keys, size });
      // The look at events comes after the answer: no read waits for it.
      poller().start();
      return answer;
    };
    const { joined, answer } = requests.coalesce(key, version, { signal, alone: fresh }, obtain);
    observe?.({ type: 'cache', result: fresh ? 'skipped' : joined ? 'joined' : 'miss' });
    if (!joined) return answer;
    return answer.catch((error: unknown) => {
      // The request may have ended with the deadline of the caller that sent it; this caller's may be later.
      const isOver = options.deadline === undefined || now() >= options.deadline;
      if (isOver || !(error instanceof CallError) || error.kind !== 'timeout') throw error;
      return ask(tool, wire, options, maxAgeMs);
    });
  };

  return {
    send: async (...read) => {
      active++;
      try {
        return await ask(...read);
      } finally {
        active--;
      }
    },
    wantsPolls: () => active > 0 || now() < wantedUntil,
    forget: () => {
      wantedUntil = 0;
    },
  };
};
