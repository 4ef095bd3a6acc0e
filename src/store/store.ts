/** What replicas tell each other of cached answers. Only a store that several processes share has it. */
export interface Shared {
  get(key: string): Promise<string | undefined>;
  /** Keeps a text for its time to live (milliseconds). */
  set(key: string, value: string, ttl: number): Promise<void>;
  /** The generation of each key, in their order; it changes with every bump. */
  generations(keys: readonly string[]): Promise<readonly string[]>;
  /** Begins a new generation of each key, and tells every process of it. */
  bump(keys: readonly string[]): Promise<void>;
  /** Told of bumps of all processes, this one included; `['*']`: some may have been missed. Returns how to stop. */
  onBump(listener: (keys: readonly string[]) => void): () => void;
  /** True for the first of all processes that claims a key within its time to live (milliseconds). */
  claim(key: string, ttl: number): Promise<boolean>;
  /** Whether commands and notices come through. While they do not, what is cached may be stale. */
  isReachable(): boolean;
}

/** So many at once, and so many more as time goes by. */
export interface Bucket {
  size: number;
  perMillisecond: number;
}

/**
 * State that the replicas of one server share; in memory while there is one process. Times to live are milliseconds.
 * Everything rejects with a CallError (`unavailable`) while the store is lost, and soon: within about a second.
 */
export interface Store {
  readonly kind: 'memory' | 'redis';
  readonly shared?: Shared;
  /** True the first time a key is seen within its time to live, false ever after. */
  once(key: string, ttl: number): Promise<boolean>;
  /** How many events there were under a key within the last `window` milliseconds; with `add`, one more is counted. */
  count(key: string, window: number, add?: boolean): Promise<number>;
  /** Takes a price out of a bucket and gives 0, or takes nothing and gives the milliseconds until there is enough. */
  take(key: string, bucket: Bucket, price: number): Promise<number>;
  /** Keeps a text; it replaces an earlier one. */
  keep(key: string, value: string, ttl: number): Promise<void>;
  recall(key: string): Promise<string | undefined>;
  /** The text that all who propose one agree on: the first one's, for its time to live or until the store begins anew. */
  agree(key: string, proposal: string, ttl: number): Promise<string>;
  /** The fields of a table. */
  list(table: string): Promise<ReadonlyMap<string, string>>;
  /**
   * Puts `to` in the place of `from`; undefined stands for no such field. False, and nothing is changed, where there is
   * something else by now. The table goes when nobody has changed it for its time to live, and when the
   * store begins anew.
   */
  swap(table: string, field: string, from: string | undefined, to: string | undefined, ttl: number): Promise<boolean>;
  /** Resolves when something could be written. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
