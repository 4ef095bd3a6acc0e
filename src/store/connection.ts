import type { Redis } from 'ioredis';
import type { StoreAddress } from '../config/store-url.ts';

/** A connection that reconnects whenever it is lost. */
export interface Connection {
  /** The client while there is a connection; waits for the first attempt only. */
  client(): Promise<Redis | undefined>;
  isUp(): boolean;
  /** Reconnects: an answer did not come in time. */
  reset(reason: string): void;
  close(): Promise<void>;
}

/** Callbacks of a connection. */
export interface ConnectionEvents {
  /** Connected and authenticated; the connection counts as up when this resolves. */
  up: (client: Redis) => unknown;
  /** Lost, or not established. `reason`: a code such as ECONNREFUSED or WRONGPASS; called for every failed attempt. */
  down: (reason: string) => void;
}

/** Milliseconds in which a connection or an answer must come. */
const timeoutMs = 1000;
/** Milliseconds between pings, which find a connection that broke silently. */
const pingIntervalMs = 5000;

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

/** Opens a connection to the shared store, at once; no command is queued, and none is sent twice. */
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
  const onReady = async (client: Redis): Promise<void> => {
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
      connectTimeout: timeoutMs,
      commandTimeout: timeoutMs,
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
      client.on('ready', () => void onReady(client).then(settled));
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
  }, pingIntervalMs).unref();
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
