import type { StoreAddress } from '../config/store-url.ts';
import { openConnection, type Connection } from './connection.ts';

/** Invalidations by other processes, received on a separate connection. */
export interface Notices {
  /** Called with the keys of each notification; `['*']` whenever some may have been missed. Returns how to stop. */
  listen(listener: (keys: readonly string[]) => void): () => void;
  /** Whether notifications come through, once there is a listener. */
  isReceiving(): boolean;
  close(): Promise<void>;
}

const allKeys = ['*'];

/** A text that is no list of keys may mean any key. */
const readKeys = (text: string): readonly string[] => {
  try {
    const keys = JSON.parse(text) as unknown;
    return Array.isArray(keys) && keys.every((key) => typeof key === 'string') ? keys : allKeys;
  } catch {
    return allKeys;
  }
};

/** Subscribes with the first listener. */
export const createNotices = (address: StoreAddress, channel: string): Notices => {
  const listeners = new Set<(keys: readonly string[]) => void>();
  let connection: Connection | undefined;
  const emit = (keys: readonly string[]): void => {
    for (const listener of listeners) listener(keys);
  };
  const subscribe = (): Connection =>
    openConnection(address, {
      up: async (client) => {
        client.removeAllListeners('message');
        client.on('message', (_channel: string, text: string) => emit(readKeys(text)));
        await client.subscribe(channel);
        // Notifications from before the subscription are lost.
        emit(allKeys);
      },
      down: () => undefined,
    });
  return {
    listen: (listener) => {
      listeners.add(listener);
      connection ??= subscribe();
      return () => void listeners.delete(listener);
    },
    isReceiving: () => !connection || connection.isUp(),
    close: async () => connection?.close(),
  };
};
