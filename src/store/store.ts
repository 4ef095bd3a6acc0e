/** The part of the cache that replicas share. Only a store that several processes share has it. */
export interface SharedCache {
  get(key: string): Promise<string | undefined>;
  /** Stores a text for its time to live (milliseconds). */
  set(key: string, value: string, ttl: number): Promise<void>;
  /** The version of each key, in the order of the keys; every invalidation changes it. */
  versions(keys: readonly string[]): Promise<readonly string[]>;
  /** Gives each key a new version and notifies every process. */
  invalidate(keys: readonly string[]): Promise<void>;
  /** Called with the keys that any process invalidated, this one included; `['*']`: some may have been missed. Returns how to stop. */
  onInvalidate(listener: (keys: readonly string[]) => void): () => void;
  /** True for the first process that claims a key within its time to live (milliseconds). */
  claim(key: string, ttl: number): Promise<boolean>;
  /** Whether commands and notifications come through. While they do not, cached answers may be stale. */
  isReachable(): boolean;
}

/** A token bucket: its capacity and its refill rate. */
export interface TokenBucket {
  size: number;
  perMillisecond: number;
}

/**
 * State that the replicas of one server share; in memory while there is one process. Times to live are milliseconds.
 * Everything rejects with a CallError (`unavailable`) while the store is lost, and soon: within about a second.
 */
export interface Store {
  /** What it is made of: one process, those of one machine, or a server that several machines share. */
  readonly kind: 'memory' | 'machine' | 'redis';
  readonly shared?: SharedCache;
  /** Sets a key that does not exist yet and returns true; false if it exists. */
  setIfAbsent(key: string, ttl: number): Promise<boolean>;
  /** The number of events under a key within the last `window` milliseconds; `add` (the default) counts one more. */
  count(key: string, window: number, add?: boolean): Promise<number>;
  /** Takes `price` tokens and returns 0, or takes nothing and returns the milliseconds until there are enough. */
  takeTokens(key: string, bucket: TokenBucket, price: number): Promise<number>;
  /** Stores a text; it replaces an earlier one. */
  set(key: string, value: string, ttl: number): Promise<void>;
  get(key: string): Promise<string | undefined>;
  /** The text under a key; `proposal` becomes it if there is none. It lasts for its time to live or until the store restarts. */
  getOrSet(key: string, proposal: string, ttl: number): Promise<string>;
  /** All fields of a hash and their values. */
  hashGetAll(hash: string): Promise<ReadonlyMap<string, string>>;
  /**
   * Replaces the value `from` of a field by `to`; undefined means that the field does not exist. Returns false and changes
   * nothing if the current value is not `from`. The hash expires when it was not changed for its time to live, and when
   * the store restarts.
   */
  compareAndSet(
    hash: string,
    field: string,
    from: string | undefined,
    to: string | undefined,
    ttl: number,
  ): Promise<boolean>;
  /** Resolves when a write succeeded. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
