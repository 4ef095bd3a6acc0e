import type { Catalog } from './catalog/catalog.ts';
import type { Transport } from './cloudstack/transport.ts';
import type { Config } from './config.ts';
import { CallError } from './errors.ts';
import type { Component } from './health.ts';
import type { Store } from './store/store.ts';
import type { CallRequest, Outcome } from './types.ts';

/** The server as every door sees it. */
export interface App {
  /** As it is now: a configuration that was read again changes it. */
  readonly config: Config;
  call(request: CallRequest): Promise<Outcome>;
  /** The request a call would become, unsigned and unsent. */
  preview(request: CallRequest): Promise<Record<string, unknown>>;
  /** What the profile's cloud offers; what is known of CloudStack in general where the cloud cannot be asked. */
  catalog(profile: string): Promise<Catalog>;
  /** How the parts are that calls depend on. */
  health(): Promise<Record<string, Component>>;
  /** Takes over policy, roles, principals and tokens of a configuration that was read again. Throws when they cannot be right. */
  reload(config: Config): Promise<void>;
  /** Logs out, closes connections and the audit log. */
  close(): Promise<void>;
}

/** What an app needs from the process it runs in. */
export interface AppOptions {
  stderr: { write(text: string): unknown };
  /** Replaces the network, for tests. */
  transport?: Transport;
  /** What the replicas of one server share; in memory by default. */
  store?: Store;
}

/** An app whose parts are loaded with the first call, so that a host sees its tools at once. */
export const createApp = (config: Config, options: AppOptions): App => {
  let current = config;
  const load = async () => {
    const [{ createParts, createRules }, path] = await Promise.all([import('./parts.ts'), import('./call.ts')]);
    return { parts: createParts(config, options), createRules, path };
  };
  let loaded: ReturnType<typeof load> | undefined;
  const ready = () => (loaded ??= load());
  return {
    get config() {
      return current;
    },
    call: async (request) => {
      const { parts, path } = await ready();
      return path.call(parts, request);
    },
    preview: async (request) => {
      const { parts, path } = await ready();
      return path.preview(parts, request);
    },
    catalog: async (profile) => (await (await ready()).parts.cloud(profile)).catalog,
    health: async () => {
      const { checkHealth } = await import('./health.ts');
      return checkHealth((await ready()).parts, current.profiles);
    },
    reload: async (changed) => {
      if (current.auth && !changed.auth)
        throw new CallError('configuration', 'The section `auth` is gone.', 'Without it, only a new start is safe.');
      const { parts, createRules } = await ready();
      parts.rules = createRules(changed);
      const { policy, roles, principals, auth } = changed;
      current = { ...current, policy, roles, principals, auth };
    },
    close: async () => {
      await (await loaded)?.parts.close();
    },
  };
};
