import { setTimeout as sleep } from 'node:timers/promises';
import { until, type Checks } from '../checks.ts';
import type { ServerProcess, Running } from '../../support/process.ts';
import { setStage, type Stage } from '../load/stage.ts';
import { findPorts } from '../../support/ports.ts';
import { startServer, type Server } from '../../support/store-server.ts';
import { checkEvery, startProxy } from './proxy.ts';
import { findProgram } from '../programs.ts';

/** Three replicas of one server with a shared store, behind a proxy, before one simulator. */
export interface Cluster {
  checks: Checks;
  stage: Stage;
  store: Server;
  /** Where clients call. */
  origin: string;
  /** Where each replica can be asked past the proxy. */
  replicas: readonly string[];
  process(replica: number): ServerProcess;
  /** Starts a replica again, on its port, and waits until the proxy knows. */
  restart(replica: number): Promise<void>;
  close(): Promise<void>;
}

/** So many changes of a kind that nothing else here makes. */
export const limited = { command: 'createAffinityGroup', changes: 5 };
/** Requests that one user may send in a minute, through all replicas together. */
export const rateLimit = 600;

const count = 3;
/**
 * Time enough for the proxy to notice. What each account may call is asked for with its first call at each replica; that
 * would be most of what they do here.
 */
const flags = ['--rate-limit', String(rateLimit), '--drain', String(8 * checkEvery), '--discover', 'false'];

/** Starts everything, on loopback. Throws a MissingProgram where the store's server or the proxy cannot be had. */
export const startCluster = async (checks: Checks): Promise<Cluster> => {
  const [proxyPort = 0, ...ports] = await findPorts(1 + count);
  const limits = [{ name: 'few', match: { command: limited.command }, changes: limited.changes, per: '1h' }];
  const stage = await setStage({ users: 100, config: { policy: { limits } } });
  let proxy: Running | undefined;
  let store: Server | undefined;
  const close = async (): Promise<void> => {
    await proxy?.stop('SIGKILL');
    await stage.close();
    await store?.close();
  };
  try {
    store = await startServer({ program: findProgram(['valkey-server', 'redis-server'], 'redis-server') });
    const env = { CLOUDSTACK_MCP_REDIS_URL: store.url };
    const serve = (n: number): Promise<ServerProcess> =>
      stage.serve(`replica-${n}`, { flags: ['--port', String(ports[n]), ...flags], env });
    const processes = await Promise.all(ports.map((_, n) => serve(n)));
    const started = await startProxy(proxyPort, ports, stage.folder);
    proxy = started;
    return {
      checks,
      stage,
      store,
      origin: started.origin,
      replicas: processes.map(({ origin }) => origin),
      process: (n) => processes[n]!,
      restart: async (n) => {
        processes[n] = await serve(n);
        const { origin } = processes[n];
        if ((await until(async () => (await fetch(`${origin}/health/ready`)).ok, 5000)) === undefined)
          throw new Error(`replica ${n} is not ready`);
        await sleep(3 * checkEvery);
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
};
