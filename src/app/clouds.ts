import type { Cloud, Clouds } from '../call/composition.ts';
import { hasTagsListed, renewTags } from '../call/recent-tags.ts';
import { createCloudStack, type CloudStack } from '../cloudstack/cloudstack.ts';
import { identityOf } from '../cloudstack/credential.ts';
import { createEndpoints } from '../cloudstack/endpoint.ts';
import { createFetchTransport, type Transport } from '../cloudstack/transport.ts';
import type { Config } from '../config/config.ts';
import type { Profile } from '../config/profile.ts';
import { missingProfile } from '../config/missing-profile.ts';
import { CallError } from '../errors.ts';
import { findUnknownNames, withJudgements } from '../catalog/judgements.ts';
import type { Store } from '../store/store.ts';
import { toLabel } from '../text.ts';
import type { CloudOrigin } from '../types.ts';
import { createPolicy } from '../guard/policy.ts';
import { createCachedClouds, listBeside } from './cached-clouds.ts';
import { createCallingAccount } from './calling-account.ts';
import { createDiscovery, createTurns, noDiscovery, type Discovery, type Offer } from './discovery.ts';
import type { ComposeOptions } from './options.ts';
import { createSavedOffer } from './saved-offer.ts';
import { createRenewal, type Renewal } from './tags-beside.ts';

const openSimulator = async (): Promise<{ profile: Profile; transport: Transport }> => {
  const { createSimulator } = await import('../simulator/index.ts');
  const simulator = createSimulator();
  const { apiKey, secretKey } = simulator.credentials;
  return {
    profile: { endpoint: 'http://simulator.invalid/client/api', secret: { apiKey, secretKey } },
    transport: createFetchTransport(simulator.fetch),
  };
};

/** CloudStack's error for a command that is not there, or not for this account. */
const notOffered = 432;

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
  const turnsOf = createTurns();
  const discoveries: Discovery[] = [];
  const renewals: Renewal[] = [];
  const opened = new Map<string, Promise<Omit<Cloud, keyof Offer> & { offer: () => Offer }>>();
  let isClosed = false;
  const open = async (name: string) => {
    const found = config.profiles[name];
    if (!found) throw missingProfile(config, name);
    const simulated = found.endpoint === undefined ? await openSimulator() : undefined;
    const profile = simulated?.profile ?? found;
    const endpoint = endpoints.of(profile.endpoint!, {
      name,
      ca: profile.ca,
      transport: transport ?? simulated?.transport,
    });
    const cloudstack = createCloudStack({ ...config, secret: profile.secret!, signature: profile.signature }, endpoint);
    // What goes on beside calls opens no session once the last one is logged out.
    const stopped = () => new CallError('cancelled', 'The server is being stopped.', 'Nothing was sent.');
    const beside: CloudStack = {
      ...cloudstack,
      send: async (...request) => {
        if (isClosed) throw stopped();
        // A connection that breaks because it is closed here says nothing of the cloud.
        return cloudstack.send(...request).catch((error: unknown) => {
          throw isClosed ? stopped() : error;
        });
      },
    };
    const origin = originOf(hostOf(found), profile);
    let isChecked = false;
    const saved = async () => (simulated ? undefined : createSavedOffer(config.state, await origin.identity()));
    const discovery = config.discover
      ? createDiscovery(
          beside,
          (message) => report(`Profile ${name}: ${message}`),
          saved,
          turnsOf(profile.endpoint!),
          options.onCatalogChange,
        )
      : noDiscovery;
    discoveries.push(discovery);
    const judge = (given: Offer): Offer => {
      const { discovery: state, catalog } = given;
      const wrong = state === 'done' && !isChecked ? findUnknownNames(catalog, config.risks) : [];
      isChecked ||= state === 'done';
      if (wrong.length)
        report(
          `Profile ${name}: the section risks names commands that do not exist here: ${wrong.map((each) => toLabel(each)).join(', ')}.`,
        );
      return config.risks ? { ...given, catalog: withJudgements(catalog, config.risks) } : given;
    };
    const offer = (): Offer => judge(discovery.offer());
    const discover: Discovery['discover'] = async (asked) => judge(await discovery.discover(asked));
    const { secret } = profile;
    const catalog = () => offer().catalog;
    const apiKey = secret && 'apiKey' in secret ? secret.apiKey : undefined;
    const account = createCallingAccount(beside, catalog, apiKey);
    const sendCached = await cachedClouds.clientFor({
      cloudstack,
      beside,
      profile,
      isSimulated: simulated !== undefined,
      catalog,
      account,
    });
    const { protect } = createPolicy(config.policy, config.readOnly);
    const list = listBeside({ beside, account });
    const renewal =
      options.cache && config.discover && protect && !config.readOnly
        ? createRenewal(
            () => renewTags({ cloudstack, catalog: catalog() }, list, protect),
            () => hasTagsListed(cloudstack),
          )
        : undefined;
    if (renewal) renewals.push(renewal);
    // A server that goes on asks for the commands beside its first call, once that has its answer.
    const discoverBeside = (error?: unknown): void => {
      if (discovery.offer().discovery === 'pending') setImmediate(() => void discover());
      else
        discovery.refresh({
          isRefused: error instanceof CallError && error.kind === 'permission' && error.code === notOffered,
        });
    };
    const send: Cloud['send'] = (...request) => {
      const answer = sendCached(...request);
      if (options.cache)
        answer.then(() => {
          renewal?.onUse();
          discoverBeside();
        }, discoverBeside);
      return answer;
    };
    return { cloudstack, send, offer, discover, origin, account };
  };
  return {
    hostOf: (name) => config.profiles[name] && hostOf(config.profiles[name]),
    open: async (name) => {
      let cloud = opened.get(name);
      if (!cloud) {
        opened.set(name, (cloud = open(name)));
        cloud.catch(() => opened.delete(name));
      }
      const { offer, ...connection } = await cloud;
      return { ...connection, ...offer() };
    },
    close: async () => {
      isClosed = true;
      for (const renewal of renewals) renewal.close();
      const clouds = await Promise.allSettled(opened.values());
      await cachedClouds.close();
      await Promise.all(
        clouds.flatMap((result) => (result.status === 'fulfilled' ? [result.value.cloudstack.close()] : [])),
      );
      await endpoints.close();
      await Promise.all(discoveries.map((discovery) => discovery.close()));
    },
  };
};
