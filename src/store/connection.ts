import type { Redis } from 'ioredis';
import type { StoreAddress } from '../config/store.ts';

/** A connection that opens itself again whenever it is lost. */
export interface Connection {
  /** The client while there is a connection; waits for the first attempt only. */
  client(): Promise<Redis | undefined>;
  isUp(): boolean;
  /** Begins anew: what should have been answered was not. */
  reset(reason: string): void;
  close(): Promise<void>;
}

/** What a connection tells of itself. */
export interface ConnectionEvents {
  /** Connected and proven who asks: the connection counts as up when this resolves. */
  up: (client: Redis) => unknown;
  /** Lost, or not to be had. `reason`: a code such as ECONNREFUSED or WRONGPASS; told with every attempt that fails. */
  down: (reason: string) => void;
}

/** Milliseconds in which a connection or an answer must come. */
export const patience = 1000;
/** Milliseconds between signs of life: a connection that broke without a word is found out. */
const beat = 5000;

/**
 * What is wrong, in a code that holds neither address nor credential: Node's (ECONNREFUSED), the server's first word
 * (WRONGPASS, OOM), or `timeout`.
 */
export const reasonOf = (error: unknown): string => {
  const { code, message = '' } = error as { code?: unknown; message?: string };
  if (typeof code === 'string' && /^[A-Z0-9_]+$/.test(code)) return code;
  if (message === 'Command timed out' || message.includes('ETIMEDOUT')) return 'timeout';
  return /^[A-Z]+(?= )/.exec(message)?.[0] ?? 'closed';
};

/** Opens a connection to the shared store, at once; no command waits in a queue, and none is sent again. */
export const openConnection = (address: StoreAddress, events: ConnectionEvents): Connection => {
  const { tls, ...where } = address;
  let redis: Redis | undefined;
  let up = false;
  let closed = false;
  let reason = 'closed';
  const down = (why: string): void => {
    up = false;
    if (!closed) events.down(why);
  };
  const reset = (why: string): void => {
    reason = why;
    redis?.disconnect(true);
    down(why);
  };
  const rise = async (client: Redis): Promise<void> => {
    try {
      await events.up(client);
      up = client.status === 'ready';
    } catch (error) {
      reset(reasonOf(error));
    }
  };
  const open = async (): Promise<void> => {
    // Loaded only where there is a store to reach.
    const { Redis } = (await import('ioredis')).default;
    if (closed) return;
    const client = new Redis({
      ...where,
      ...(tls ? { tls: {} } : {}),
      connectionName: 'cloudstack-mcp',
      connectTimeout: patience,
      commandTimeout: patience,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
      autoResubscribe: false,
      retryStrategy: (times) => Math.min(25 * 2 ** times, 1000),
      // A primary that has become a replica: its name leads to the new one.
      reconnectOnError: ({ message }) => message.includes('READONLY'),
    });
    redis = client;
    client.on('error', (error) => (reason = reasonOf(error)));
    await new Promise<void>((settled) => {
      client.on('ready', () => void rise(client).then(settled));
      client.on('close', () => {
        down(reason);
        reason = 'closed';
        settled();
      });
    });
  };
  const opened = open();
  const timer = setInterval(() => {
    if (up) redis?.ping().catch((error: unknown) => reset(reasonOf(error)));
  }, beat).unref();
  return {
    client: async () => {
      await opened;
      return up ? redis : undefined;
    },
    isUp: () => up,
    reset,
    close: async () => {
      closed = true;
      up = false;
      clearInterval(timer);
      redis?.disconnect();
      await opened.catch(() => undefined);
    },
  };
};
