import cluster, { type Address, type Worker } from 'node:cluster';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config/config.ts';
import { CallError } from '../errors.ts';
import { answerFor, connectMachineStore, createMachineStore } from '../store/machine.ts';
import type { Store } from '../store/store.ts';
import type { Log } from '../telemetry/log.ts';
import type { Peers } from '../web/peers.ts';
import { exit, type Io } from './io.ts';

/** What the process that started the others is told. */
type WorkerMessage =
  | { ask: number; name: string; args: readonly unknown[] }
  /** The port of loopback where a worker takes what belongs to it. */
  | { port: number }
  /** The metrics of one, as they were asked for. */
  | { counted: number; metrics: object[] };

/** What a worker is told. */
type PrimaryMessage =
  | { answer: number; value?: unknown; problem?: string }
  | { invalidated: readonly string[] }
  | { ports: Readonly<Record<string, number>> }
  | { count: number }
  | { stop: true }
  | { reload: true };

/** Milliseconds for which metrics are waited for, and before a worker that ended is started again. */
const countingMs = 1000;
const pauseMs = 500;

/** Whether this process serves: one that another started to serve with it. */
export const isWorker = (): boolean => cluster.isWorker;

const checkConfig = ({ profiles }: Config): void => {
  if (Object.values(profiles).every(({ endpoint }) => endpoint !== undefined)) return;
  throw new CallError(
    'configuration',
    'The embedded simulator is in one process, and --workers asks for several.',
    'Leave --workers out, or start the simulator by itself and give its URL.',
  );
};

/** Starts the processes that serve, replaces those that end, and holds what they share. Ends when it is asked to stop. */
export const runWorkers = async (config: Config, io: Io, log: Log): Promise<number> => {
  checkConfig(config);
  const { signal } = io;
  const store = createMachineStore();
  const answer = answerFor(store);
  const ports: Record<string, number> = {};
  const counting = new Map<number, { metrics: object[][]; missing: number; done: () => void }>();
  let counts = 0;
  let status: number | undefined;
  const workers = (): Worker[] =>
    Object.values(cluster.workers ?? {}).filter((one): one is Worker => !!one?.isConnected());
  // One that ends in this moment is told nothing.
  const sendTo = (worker: Worker, message: PrimaryMessage): void => void worker.send(message, () => undefined);
  const broadcast = (message: PrimaryMessage): void => workers().forEach((worker) => sendTo(worker, message));
  store.shared.onInvalidate((keys) => broadcast({ invalidated: keys }));

  const count = async (): Promise<object[][]> => {
    const number = ++counts;
    const asked = workers();
    const metrics: object[][] = [];
    const stopped = new AbortController();
    const all = new Promise<void>((done) => counting.set(number, { metrics, missing: asked.length, done }));
    for (const worker of asked) sendTo(worker, { count: number });
    await Promise.race([all, sleep(countingMs, undefined, { signal: stopped.signal }).catch(() => undefined)]);
    stopped.abort();
    counting.delete(number);
    return metrics;
  };
  const receive = (worker: Worker, message: WorkerMessage): void => {
    if ('port' in message) {
      ports[worker.id] = message.port;
      broadcast({ ports });
    } else if ('counted' in message) {
      const one = counting.get(message.counted);
      one?.metrics.push(message.metrics);
      if (one && one.metrics.length === one.missing) one.done();
    } else {
      const { ask, name, args } = message;
      (name === 'metrics' ? count() : answer(name, args)).then(
        (value) => sendTo(worker, { answer: ask, value }),
        (error: unknown) => sendTo(worker, { answer: ask, problem: String(error) }),
      );
    }
  };

  // What is undefined and what is a map stays so.
  cluster.setupPrimary({ serialization: 'advanced' });
  /** Starts one; resolves with where it listens, or undefined when it ended before. */
  const start = (): Promise<Address | undefined> =>
    new Promise((resolve) => {
      const worker = cluster.fork();
      const begun = Date.now();
      let address: Address | undefined;
      worker.on('message', (message: WorkerMessage) => receive(worker, message));
      worker.on('listening', (where: Address) => {
        resolve((address = where));
      });
      worker.on('exit', (code: number | null, by: string | null) => {
        delete ports[worker.id];
        broadcast({ ports });
        resolve(address);
        if (signal.aborted || status !== undefined) return;
        // What is wrong with the configuration is wrong for all.
        if (!address) status = code ?? exit.failed;
        else {
          log.report('error', `Process ${worker.id} of this server ended (${by ?? code}); another takes its place.`);
          setTimeout(() => void (signal.aborted || start()), Date.now() - begun > 10 * pauseMs ? 0 : pauseMs).unref();
        }
      });
    });
  io.onReload?.(() => broadcast({ reload: true }));
  const first = await start();
  if (!first) return status ?? exit.done;
  await Promise.all(Array.from({ length: config.workers - 1 }, start));
  const host = first.addressType === 6 ? `[${first.address}]` : first.address;
  if (!signal.aborted)
    log.report(
      'info',
      `Serving MCP on http://${host}:${first.port}/mcp with ${workers().length} processes${config.auth ? '' : ', without authentication'}`,
    );
  while (!signal.aborted && workers().length) await sleep(250, undefined, { signal }).catch(() => undefined);
  broadcast({ stop: true });
  await Promise.all(workers().map((worker) => new Promise((gone) => worker.once('exit', gone))));
  return status ?? exit.done;
};

/** One of several processes that serve. */
export interface Member {
  peers: Peers;
  store: Store;
  /** Aborted when this one, or all, are to stop. */
  signal: AbortSignal;
  onReload: NonNullable<Io['onReload']>;
}

/** Joins the processes that serve: what they share is asked of the one that started them. `signal`: this one's own end. */
export const joinWorkers = (signal: AbortSignal): Member => {
  const worker = cluster.worker!;
  const send = (message: WorkerMessage): void => void worker.send(message, () => undefined);
  const stop = new AbortController();
  signal.addEventListener('abort', () => stop.abort(), { once: true });
  if (signal.aborted) stop.abort();
  const open = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  const listeners = new Set<(keys: readonly string[]) => void>();
  const reloads: (() => void)[] = [];
  let ports: Readonly<Record<string, number>> = {};
  let own: (() => Promise<object[]>) | undefined;
  let last = 0;
  worker.on('message', (message: PrimaryMessage) => {
    if ('answer' in message) {
      const one = open.get(message.answer);
      open.delete(message.answer);
      if (message.problem === undefined) one?.resolve(message.value);
      else one?.reject(new Error(message.problem));
    } else if ('invalidated' in message) listeners.forEach((listener) => listener(message.invalidated));
    else if ('ports' in message) ports = message.ports;
    else if ('count' in message)
      void (own?.() ?? Promise.resolve([])).then((metrics) => send({ counted: message.count, metrics }));
    else if ('reload' in message) reloads.forEach((reload) => reload());
    else stop.abort();
  });
  const ask = (name: string, args: readonly unknown[] = []): Promise<unknown> =>
    new Promise((resolve, reject) => {
      open.set(++last, { resolve, reject });
      send({ ask: last, name, args });
    });
  return {
    peers: {
      id: String(worker.id),
      isFirst: worker.id === 1,
      announce: (port) => send({ port }),
      portOf: (id) => ports[id],
      metrics: async () => (await ask('metrics')) as object[][],
      onMetrics: (get) => (own = get),
    },
    store: connectMachineStore({
      ask,
      onInvalidate: (listener) => {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
      isOpen: () => worker.isConnected(),
    }),
    signal: stop.signal,
    onReload: (reload) => void reloads.push(reload),
  };
};
