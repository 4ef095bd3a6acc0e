import type { Tool } from '../catalog/tool.ts';
import type { CloudStack } from '../cloudstack/cloudstack.ts';
import type { Answer, WireParams } from '../types.ts';
import { createCachedReads, type CachedOptions, type CacheState } from './cached-reads.ts';
import { createChanges } from './changes.ts';
import { createEventPoller } from './event-poller.ts';
import { invalidatedByEvent, type Invalidated } from './invalidation-rules.ts';
import { isMomentary, lifetimeOf, type Lifetime } from './lifetimes.ts';
import { endpointKey, kindKey, polledKey, scopeKey, type CacheScope } from './scope.ts';

/** A client that answers reads from the cache and invalidates what its changes make stale. */
export interface CachedCloudStack {
  send(tool: Tool, wire: WireParams, options: CachedOptions): Promise<Answer>;
}

/** Removes the entries that depend on one of the keys from this process's memory. */
export type Drop = (keys: readonly string[], cause: 'change' | 'event' | 'replica' | 'doubt') => void;

/** The cached client of one scope. `maxAgeMs`: how long answers of each lifetime may be cached. */
export const createCachedClient = (
  cloudstack: CloudStack,
  scope: CacheScope,
  state: CacheState,
  { drop, maxAgeMs }: { drop: Drop; maxAgeMs: Readonly<Record<Lifetime, number>> },
): CachedCloudStack & { close(): void } => {
  const { endpoint, identity, events, isForbidden } = scope;
  const { memory, versions, store, pollIntervalMs } = state;
  const own = scopeKey(scope);
  const toKeys = (invalidated: Invalidated): string[] =>
    invalidated === 'everything' ? [endpointKey(endpoint)] : [...invalidated].map((kind) => kindKey(endpoint, kind));
  const invalidate = async (keys: readonly string[], cause: 'event' | 'doubt'): Promise<void> => {
    drop(keys, cause);
    if (keys.includes(endpointKey(endpoint))) reads.forget();
    await versions.invalidate(keys);
  };
  const reads = createCachedReads(cloudstack, scope, state, () => poller);
  const poller = createEventPoller({
    list: events,
    isForbidden,
    intervalMs: pollIntervalMs,
    // A running read will be cached on the promise that events are polled, so polling goes on for it too.
    isNeeded: () => reads.wantsPolls() || memory.isUsed(own),
    onEvents: (types) => invalidate([...new Set([...new Set(types)].map(invalidatedByEvent).flatMap(toKeys))], 'event'),
    // What was cached without polls expires by the time that a poll would have taken.
    onDoubt: () => invalidate([polledKey(scope)], 'doubt'),
    shared: store && { store, key: identity },
  });
  const changes = createChanges(async (invalidated) => {
    const keys = toKeys(invalidated);
    drop(keys, 'change');
    const close = await versions.openScope(keys);
    return async () => {
      drop(keys, 'change');
      await close();
    };
  });
  return {
    send: (tool, wire, options) => {
      if (tool.risk.risk !== 'read') return changes.send(tool.command.name, () => cloudstack.send(wire, options));
      const lifetime = wire.method === 'GET' && !wire.follow && !isMomentary(wire.params) && lifetimeOf(wire.command);
      if (lifetime) return reads.send(tool, wire, options, maxAgeMs[lifetime]);
      return changes.sendJobQuery(wire, () => cloudstack.send(wire, options));
    },
    close: () => {
      poller.close();
      changes.close();
    },
  };
};
