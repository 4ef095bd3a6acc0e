import type { Cache } from '../cache/cache.ts';
import type { CachedCloudStack } from '../cache/cached-client.ts';
import type { Cloud } from '../call/composition.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { lookEverywhere } from '../catalog/list-scope.ts';
import type { CloudStack } from '../cloudstack/cloudstack.ts';
import { identityOf } from '../cloudstack/credential.ts';
import type { Config } from '../config/config.ts';
import type { Profile } from '../config/profile.ts';
import { CallError } from '../errors.ts';
import { toReadWire } from '../request/to-wire.ts';
import { rowsOf } from '../rows.ts';
import type { Store } from '../store/store.ts';
import type { ListRows } from '../types.ts';
import type { ComposeOptions } from './options.ts';

/** What a cloud is reached by. `catalog`: its commands, as far as they are known now. */
interface CloudConnection {
  cloudstack: CloudStack;
  /** The same for what goes on beside calls. */
  beside: CloudStack;
  profile: Profile;
  isSimulated: boolean;
  catalog: () => Catalog;
  account: Cloud['account'];
}

/** Puts the cache before a cloud's client; without one, requests go straight through. */
export interface CachedClouds {
  clientFor(reached: CloudConnection): Promise<CachedCloudStack['send']>;
  close(): Promise<void>;
}

/** Milliseconds that one look beside calls may take. */
const besideTimeoutMs = 10_000;

/** Lists beside calls, wherever the account may look. */
export const listBeside =
  ({ beside, account }: Pick<CloudConnection, 'beside' | 'account'>): ListRows =>
  async (tool, params) => {
    const places = await lookEverywhere(tool.command, params, async () => (await account())?.role);
    const signal = AbortSignal.timeout(besideTimeoutMs);
    const answers = await Promise.all(
      places.map((place) => beside.send(toReadWire(tool, place), { signal, wait: 0, retries: 0 })),
    );
    return answers.flatMap(({ body }) => rowsOf(body));
  };

const eventsOf = (reached: CloudConnection) => {
  const list = listBeside(reached);
  return async (page: number, pagesize: number) => {
    const tool = reached.catalog().find('listEvents');
    if (!tool) throw new CallError('permission', 'This account may not list events.', 'Nothing was sent.');
    const rows = await list(tool, { page, pagesize });
    return rows.map(({ id, type }) => ({ id: String(id), type: String(type) }));
  };
};

const isForbidden = (error: unknown): boolean => error instanceof CallError && error.kind === 'permission';

/** `isWanted`: by a server that goes on. The cache is loaded with the first cloud. */
export const createCachedClouds = (
  config: Config,
  store: Store,
  { cache: isWanted = false, observe }: Pick<ComposeOptions, 'cache' | 'observe'>,
): CachedClouds => {
  let opened: Promise<Cache> | undefined;
  const open = async (): Promise<Cache> => {
    const { createCache } = await import('../cache/cache.ts');
    return createCache(config, { shared: store.shared, observe });
  };
  return {
    clientFor: async (reached) => {
      const { cloudstack, profile, isSimulated } = reached;
      if (!isWanted || !config.cache) return (_tool, wire, options) => cloudstack.send(wire, options);
      const endpoint = profile.endpoint!;
      const identity = await identityOf(endpoint, profile.secret!);
      const events = eventsOf(reached);
      const cache = await (opened ??= open());
      return cache.createClient(cloudstack, { endpoint, identity, isShared: !isSimulated, events, isForbidden }).send;
    },
    close: async () => (await opened)?.close(),
  };
};
