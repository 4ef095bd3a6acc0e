import { LRUCache } from 'lru-cache';
import type { Answer } from '../types.ts';

/** One cached answer. Times in milliseconds since 1970. */
export interface CacheEntry {
  body: Answer['body'];
  /** When its request was sent. */
  sentAt: number;
  expiresAt: number;
  /** The versions of its keys when its request was sent. */
  version: string;
  /** The keys on which it depends: it is dropped with any of them. */
  keys: readonly string[];
  /** Characters of its JSON. */
  size: number;
}

/** The answers in this process; the least recently used are evicted. */
export interface Memory {
  get(key: string): CacheEntry | undefined;
  /** Saves an answer unless a newer one is there. */
  save(key: string, entry: CacheEntry): void;
  /** Drops the answers that depend on one of the keys and returns their number. */
  drop(keys: readonly string[]): number;
  /** Whether an answer that has not expired depends on a key. */
  isUsed(key: string): boolean;
}

// Two bytes a character and the objects around them: in memory an answer is larger than its JSON.
const bytesPerCharacter = 3;

/** `size`: MiB for all answers; one may take an eighth of it. `onCount`: called with the number of answers. */
export const createMemory = (size: number, now: () => number, onCount?: (entries: number) => void): Memory => {
  const maxSize = size * 2 ** 20;
  const entries = new LRUCache<string, CacheEntry>({
    maxSize,
    maxEntrySize: maxSize / 8,
    sizeCalculation: (entry) => (entry.size + 200) * bytesPerCharacter,
  });
  return {
    get: (key) => {
      const found = entries.get(key);
      if (found && found.expiresAt > now()) return found;
      if (found) {
        entries.delete(key);
        onCount?.(entries.size);
      }
      return undefined;
    },
    save: (key, entry) => {
      const known = entries.peek(key);
      if (known && known.sentAt > entry.sentAt) return;
      entries.set(key, entry);
      onCount?.(entries.size);
    },
    drop: (keys) => {
      const dropped = new Set(keys);
      let count = 0;
      for (const [key, entry] of [...entries.entries()])
        if (entry.keys.some((one) => dropped.has(one)) && entries.delete(key)) count++;
      if (count) onCount?.(entries.size);
      return count;
    },
    isUsed: (key) => {
      for (const entry of entries.values()) if (entry.expiresAt > now() && entry.keys.includes(key)) return true;
      return false;
    },
  };
};
