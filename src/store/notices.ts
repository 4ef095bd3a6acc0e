import type { StoreAddress } from '../config/store.ts';
import { openConnection, type Connection } from './connection.ts';

/** What other processes say, on a connection of its own. */
export interface Notices {
  /** Told the keys of each notice; `['*']` whenever some may have been missed. Returns how to stop. */
  listen(listener: (keys: readonly string[]) => void): () => void;
  /** Whether notices come through, once somebody listens. */
  isHeard(): boolean;
  close(): Promise<void>;
}

const everything = ['*'];

/** What is no list of keys may have been any. */
const readKeys = (text: string): readonly string[] => {
  try {
    const keys = JSON.parse(text) as unknown;
    return Array.isArray(keys) && keys.every((key) => typeof key === 'string') ? keys : everything;
  } catch {
    return everything;
  }
};

/** Subscribes with the first listener. */
export const createNotices = (address: StoreAddress, channel: string): Notices => {
  const listeners = new Set<(keys: readonly string[]) => void>();
  let connection: Connection | undefined;
  const tell = (keys: readonly string[]): void => {
    for (const listener of listeners) listener(keys);
  };
  const subscribe = (): Connection =>
    openConnection(address, {
      up: async (client) => {
        client.removeAllListeners('message');
        client.on('message', (_channel: string, text: string) => tell(readKeys(text)));
        await client.subscribe(channel);
        // What was said before is lost.
        tell(everything);
      },
      down: () => undefined,
    });
  return {
    listen: (listener) => {
      listeners.add(listener);
      connection ??= subscribe();
      return () => void listeners.delete(listener);
    },
    isHeard: () => !connection || connection.isUp(),
    close: async () => connection?.close(),
  };
};
