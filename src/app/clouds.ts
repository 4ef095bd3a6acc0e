import { joinCatalog, loadCatalog } from '../catalog/catalog.ts';
import { readLiveApis } from '../catalog/live.ts';
import type { Cloud, Clouds } from '../call/composition.ts';
import { createCloudStack, type CloudStack } from '../cloudstack/cloudstack.ts';
import { identityOf } from '../cloudstack/credential.ts';
import { createEndpoints } from '../cloudstack/endpoint.ts';
import { createFetchTransport, type Transport } from '../cloudstack/transport.ts';
import { missingProfile, type Config, type Profile } from '../config/config.ts';
import { CallError } from '../errors.ts';
import { toReadWire } from '../request/to-wire.ts';
import { rowsOf } from '../rows.ts';
import type { Store } from '../store/store.ts';
import type { CloudOrigin } from '../types.ts';
import { createCachedClouds } from './cached-clouds.ts';
import { createCallingAccount } from './calling-account.ts';
import type { ComposeOptions } from './options.ts';

/** A cloud that could not say what it offers is asked again after this many milliseconds. */
const retryIntervalMs = 60_000;

/** The commands of a cloud, and whether it said itself which they are. */
type Offer = Pick<Cloud, 'catalog' | 'discovery'>;

/** The live catalog of one cloud: asked for with the first call, without holding up a cloud that is down. */
const createLiveCatalog = (cloudstack: CloudStack, report: (message: string) => void): (() => Promise<Offer>) => {
  let asked: Promise<Offer> | undefined;
  let isReported = false;
  const discover = async (): Promise<Offer> => {
    const signal = AbortSignal.timeout(10_000);
    const wire = toReadWire(loadCatalog().find('listApis')!, {});
    const { apis, skipped } = readLiveApis(rowsOf((await cloudstack.send(wire, { signal, wait: 0, retries: 0 })).body));
    if (!apis.length) throw new CallError('protocol', 'listApis names no command', '');
    if (skipped) report(`${skipped} of ${apis.length + skipped} commands of listApis cannot be read and are left out.`);
    return { catalog: joinCatalog(apis), discovery: skipped ? 'partial' : 'done' };
  };
  return () =>
    (asked ??= discover().catch((error: unknown) => {
      // The call itself will say what is wrong with the cloud; until then the known commands serve.
      setTimeout(() => (asked = undefined), retryIntervalMs).unref();
      const reason = error instanceof CallError ? error.kind : 'failed';
      if (!isReported)
        report(
          `which commands this account may call cannot be read (${reason}). Until it can, every known one is offered.`,
        );
      isReported = true;
      return { catalog: loadCatalog(), discovery: 'failed' as const };
    }));
};

const openSimulator = async (): Promise<{ profile: Profile; transport: Transport }> => {
  const { createSimulator } = await import('../simulator/index.ts');
  const simulator = createSimulator();
  const { apiKey, secretKey } = simulator.credentials;
  return {
    profile: { endpoint: 'http://simulator.invalid/client/api', secret: { apiKey, secretKey } },
    transport: createFetchTransport(simulator.fetch),
  };
};

/** Where a profile leads, as people are told. */
const hostOf = ({ endpoint }: Profile): string =>
  endpoint === undefined ? 'the embedded simulator' : new URL(endpoint).host;

const originOf = (host: string, { endpoint, secret }: Profile): CloudOrigin => {
  let identity: Promise<string> | undefined;
  return {
    host,
    identity: () => (identity ??= identityOf(endpoint!, secret!)),
  };
};

/** The clouds of the profiles, each opened with the first call that needs it. */
export const openClouds = (
  config: Config,
  store: Store,
  options: ComposeOptions,
): Clouds & { close(): Promise<void> } => {
  const { observe, tracing, transport, report } = options;
  const endpoints = createEndpoints({ ...config, observe, tracing });
  const cachedClouds = createCachedClouds(config, store, options);
  const opened = new Map<string, Promise<Omit<Cloud, keyof Offer> & { live: () => Promise<Offer> }>>();
  const open = async (name: string) => {
    const found = config.profiles[name];
    if (!found) throw missingProfile(config.profiles, name);
    const simulated = found.endpoint === undefined ? await openSimulator() : undefined;
    const profile = simulated?.profile ?? found;
    const endpoint = endpoints.of(profile.endpoint!, name, transport ?? simulated?.transport);
    const cloudstack = createCloudStack({ ...config, secret: profile.secret! }, endpoint);
    const known: Offer = { catalog: loadCatalog(), discovery: 'off' };
    const live = config.discover
      ? createLiveCatalog(cloudstack, (message) => report(`Profile ${name}: ${message}`))
      : () => Promise.resolve(known);
    const { secret } = profile;
    const catalog = async () => (await live()).catalog;
    const apiKey = secret && 'apiKey' in secret ? secret.apiKey : undefined;
    const account = createCallingAccount(cloudstack, catalog, apiKey);
    const send = await cachedClouds.clientFor({
      cloudstack,
      profile,
      isSimulated: simulated !== undefined,
      live: catalog,
      account,
    });
    const origin = originOf(hostOf(found), profile);
    return { cloudstack, send, live, origin, account };
  };
  return {
    hostOf: (name) => config.profiles[name] && hostOf(config.profiles[name]),
    open: async (name) => {
      let cloud = opened.get(name);
      if (!cloud) {
        opened.set(name, (cloud = open(name)));
        cloud.catch(() => opened.delete(name));
      }
      const { live, ...connection } = await cloud;
      return { ...connection, ...(await live()) };
    },
    close: async () => {
      const clouds = await Promise.allSettled(opened.values());
      await cachedClouds.close();
      await Promise.all(
        clouds.flatMap((result) => (result.status === 'fulfilled' ? [result.value.cloudstack.close()] : [])),
      );
      await endpoints.close();
    },
  };
};
