import { LRUCache } from 'lru-cache';
import type { Answer } from '../types.ts';

/** One kept answer. Times in milliseconds since 1970. */
export interface Entry {
  body: Answer['body'];
  /** When its request was sent. */
  at: number;
  until: number;
  /** The generations of its keys when its request was sent. */
  stamp: string;
  /** What it depends on: it is dropped with any of them. */
  keys: readonly string[];
  /** Characters of its JSON. */
  size: number;
}

/** Answers in this process: the ones used longest ago make room. */
export interface Memory {
  get(key: string): Entry | undefined;
  /** Keeps an answer, unless a newer one is there. */
  keep(key: string, entry: Entry): void;
  /** Drops what depends on one of the keys and says how many answers that were. */
  drop(keys: readonly string[]): number;
  /** Whether anything that is not over depends on a key. */
  holds(key: string): boolean;
}

// Strings of two bytes a character, objects around them: what lies in memory is more than its JSON.
const bytesPerCharacter = 3;

/** `size`: MiB that the answers may take in all; one may take an eighth of it. `tell`: told how many there are. */
export const createMemory = (size: number, now: () => number, tell?: (entries: number) => void): Memory => {
  const maxSize = size * 2 ** 20;
  const entries = new LRUCache<string, Entry>({
    maxSize,
    maxEntrySize: maxSize / 8,
    sizeCalculation: (entry) => (entry.size + 200) * bytesPerCharacter,
  });
  return {
    get: (key) => {
      const found = entries.get(key);
      if (found && found.until > now()) return found;
      if (found) {
        entries.delete(key);
        tell?.(entries.size);
      }
      return undefined;
    },
    keep: (key, entry) => {
      const known = entries.peek(key);
      if (known && known.at > entry.at) return;
      entries.set(key, entry);
      tell?.(entries.size);
    },
    drop: (keys) => {
      const dropped = new Set(keys);
      let count = 0;
      for (const [key, entry] of [...entries.entries()])
        if (entry.keys.some((one) => dropped.has(one)) && entries.delete(key)) count++;
      if (count) tell?.(entries.size);
      return count;
    },
    holds: (key) => {
      for (const entry of entries.values()) if (entry.until > now() && entry.keys.includes(key)) return true;
      return false;
    },
  };
};
