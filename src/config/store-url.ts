/** Where the shared store is, and how to prove who asks. */
export interface StoreAddress {
  host: string;
  port: number;
  tls: boolean;
  db: number;
  username?: string;
  password?: string;
}

const decode = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
};

/** Reads `redis[s]://[[user]:password@]host[:port][/db]`; undefined for anything else. */
export const readStoreUrl = (text: string): StoreAddress | undefined => {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const { protocol, hostname, port, pathname, search, hash } = url;
  const [username, password] = [url.username, url.password].map(decode);
  const db = /^\/?(\d{0,4})$/.exec(pathname)?.[1];
  const known = protocol === 'redis:' || protocol === 'rediss:';
  if (!known || !hostname || search || hash || db === undefined) return undefined;
  if (username === undefined || password === undefined) return undefined;
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port || 6379),
    tls: protocol === 'rediss:',
    db: Number(db),
    ...(username ? { username } : {}),
    ...(password ? { password } : {}),
  };
};
