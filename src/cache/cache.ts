import type { Tool } from '../catalog/tool.ts';
import type { CloudStack, SendOptions } from '../cloudstack/cloudstack.ts';
import { CallError } from '../errors.ts';
import type { Observe } from '../observe.ts';
import { listSecrets } from '../secrets.ts';
import type { SharedCache } from '../store/store.ts';
import type { Answer, WireParams } from '../types.ts';
import { createChanges } from './changes.ts';
import { createFlights } from './flights.ts';
import { createFollower, type EventRow } from './follow.ts';
import { createGenerations, createSharedGenerations } from './generations.ts';
import { isMomentary, lifetimeOf, type Lifetime } from './lifetimes.ts';
import { createMemory, type Entry } from './memory.ts';
import { loadViews, kindsIn } from './shows.ts';
import { touchedByEvent, type Touched } from './touches.ts';

/** How long answers are kept, how much of them, and how often events are looked at. Seconds; MiB. */
export interface CacheSettings {
  cacheLists: number;
  cacheInfrastructure: number;
  cacheConfiguration: number;
  cacheSize: number;
  cacheFollow: number;
}

/** One endpoint as one credential sees it. */
export interface Place {
  endpoint: string;
  /** Stands for endpoint and credential without telling them: answers are kept under it. */
  identity: string;
  /** False where the endpoint is of this process alone. */
  isShared: boolean;
  /** A page of the events that the credential sees, newest first. */
  events(page: number, size: number): Promise<readonly EventRow[]>;
  /** Whether an error means that the credential may not see events at all. */
  isForbidden(error: unknown): boolean;
}

/** How a request is sent through the cache. */
export interface CachedOptions extends SendOptions {
  /** Ask again, and keep the new answer. */
  fresh?: boolean | undefined;
}

/** A client that remembers answers to reads, and what its changes make stale. */
export interface CachedCloudStack {
  send(tool: Tool, wire: WireParams, options: CachedOptions): Promise<Answer>;
}

/** The answers that one server keeps, of all its clouds and credentials. */
export interface Cache {
  open(cloudstack: CloudStack, place: Place): CachedCloudStack;
  close(): void;
}

const settingOf: Readonly<Record<Lifetime, keyof CacheSettings>> = {
  lists: 'cacheLists',
  infrastructure: 'cacheInfrastructure',
  configuration: 'cacheConfiguration',
};

const keyOf = (identity: string, { command, params }: WireParams): string =>
  `${identity} ${command} ${JSON.stringify(Object.entries(params).sort(([a], [b]) => (a < b ? -1 : 1)))}`;

/** Keeps answers in this process and, with `shared`, in a store that replicas share. */
export const createCache = (
  settings: CacheSettings,
  { shared, observe }: { shared?: SharedCache | undefined; observe?: Observe | undefined },
): Cache => {
  const now = (): number => Date.now();
  const memory = createMemory(settings.cacheSize, now, (entries) => observe?.({ type: 'cache-entries', entries }));
  const flights = createFlights();
  const every = settings.cacheFollow * 1000;
  const endpoints = new Set<string>();
  const all = (): string[] => [...endpoints].map((endpoint) => `${endpoint} *`);
  const alone = createGenerations();
  const together = shared && createSharedGenerations(shared, all);
  const closing: (() => void)[] = [];
  if (shared)
    closing.push(
      shared.onInvalidate((keys) => drop(keys.includes('*') ? all() : keys, 'replica')),
      () => together?.close(),
    );

  const drop = (keys: readonly string[], cause: 'change' | 'event' | 'replica' | 'doubt'): void => {
    const entries = memory.drop(keys);
    if (entries) observe?.({ type: 'invalidation', cause, entries });
  };

  const open = (cloudstack: CloudStack, place: Place): CachedCloudStack => {
    const { endpoint, identity, isShared } = place;
    endpoints.add(endpoint);
    const generations = (isShared && together) || alone;
    const store = isShared ? shared : undefined;
    const own = `${endpoint} of ${identity}`;
    let asking = 0;
    const everything = `${endpoint} *`;
    const toKeys = (touched: Touched): string[] =>
      touched === 'everything' ? [everything] : [...touched].map((kind) => `${endpoint} ${kind}`);
    const tell = async (keys: readonly string[], cause: 'event' | 'doubt'): Promise<void> => {
      drop(keys, cause);
      await generations.bump(keys);
    };
    const follower = createFollower({
      list: place.events,
      isForbidden: place.isForbidden,
      every,
      // What is on its way will be kept as long as events are followed.
      isNeeded: () => asking > 0 || memory.holds(own),
      onEvents: (types) => tell([...new Set(types.map(touchedByEvent).flatMap(toKeys))], 'event'),
      onDoubt: () => tell([own], 'doubt'),
      shared: store && { store, key: identity },
    });
    closing.push(follower.close);
    const changes = createChanges(async (touched) => {
      const keys = toKeys(touched);
      drop(keys, 'change');
      const end = await generations.hold(keys);
      return async () => {
        drop(keys, 'change');
        await end();
      };
    });
    closing.push(changes.close);

    const recall = async (key: string, stamp: string): Promise<Entry | undefined> => {
      const read = async () => JSON.parse((await store?.get(key)) ?? 'null') as Entry | null;
      // Whatever is wrong with the store or with what lies there: the cloud is asked.
      const found = await read().catch(() => null);
      return found?.stamp === stamp && found.until > now() ? found : undefined;
    };
    /** Neither credentials nor what is too large or too old for this process. */
    const isForStore = (key: string, entry: Entry): boolean =>
      memory.get(key) === entry && !listSecrets(entry.body).length;
    const answerOf = ({ body, at }: Entry): Answer => {
      observe?.({ type: 'cache', result: 'hit' });
      return { body, age: Math.max(0, Math.round((now() - at) / 1000)) };
    };

    const ask = async (tool: Tool, wire: WireParams, options: CachedOptions, life: number): Promise<Answer> => {
      const { fresh = false, signal } = options;
      const key = keyOf(identity, wire);
      const keys = [everything, own, ...kindsIn(tool.command, wire.params).map((kind) => `${endpoint} ${kind}`)];
      const skip = (): Promise<Answer> => {
        observe?.({ type: 'cache', result: 'skipped' });
        return cloudstack.send(wire, options);
      };
      const first = await generations.stamp(keys);
      if (first === undefined) return skip();
      const known = fresh ? undefined : memory.get(key);
      if (known?.stamp === first) return answerOf(known);
      const isFollowed = await follower.ready();
      const stamp = await generations.stamp(keys);
      if (stamp === undefined) return skip();
      const kept = fresh ? undefined : await recall(key, stamp);
      if (kept) {
        memory.keep(key, kept);
        return answerOf(kept);
      }
      const obtain = async (stopped: AbortSignal): Promise<Answer> => {
        const at = now();
        const answer = await cloudstack.send(wire, { ...options, signal: stopped });
        if (answer.job || (await generations.stamp(keys)) !== stamp) return answer;
        const { body } = answer;
        const text = JSON.stringify(body);
        // Where no events tell of changes, an answer is not known to be right for longer than they would take.
        const until = at + (isFollowed && !isOfProject(wire) ? life : Math.min(life, every));
        const entry: Entry = { body, at, until, stamp, keys, size: text.length };
        memory.keep(key, entry);
        if (store && isForStore(key, entry))
          void store.set(key, JSON.stringify(entry), Math.max(1, until - now())).catch(() => undefined);
        return answer;
      };
      const { joined, answer } = flights.fly(key, stamp, { signal, alone: fresh }, obtain);
      observe?.({ type: 'cache', result: fresh ? 'skipped' : joined ? 'joined' : 'miss' });
      if (!joined) return answer;
      return answer.catch((error: unknown) => {
        // The time of whoever asked first was up, not ours.
        const isOver = options.deadline === undefined || now() >= options.deadline;
        if (isOver || !(error instanceof CallError) || error.kind !== 'timeout') throw error;
        return ask(tool, wire, options, life);
      });
    };

    const read = async (...asked: Parameters<typeof ask>): Promise<Answer> => {
      asking++;
      try {
        return await ask(...asked);
      } finally {
        asking--;
      }
    };

    return {
      send: (tool, wire, options) => {
        if (tool.risk.risk !== 'read') return changes.send(tool.command.name, () => cloudstack.send(wire, options));
        const lifetime = wire.method === 'GET' && !wire.follow && !isMomentary(wire.params) && lifetimeOf(wire.command);
        if (lifetime) return read(tool, wire, options, settings[settingOf[lifetime]] * 1000);
        return changes.watch(wire, () => cloudstack.send(wire, options));
      },
    };
  };
  loadViews();
  return {
    open,
    close: () => {
      for (const close of closing) close();
    },
  };
};

/** The events of projects are not among those that are followed. */
const isOfProject = ({ params }: WireParams): boolean => params['projectid'] !== undefined;
