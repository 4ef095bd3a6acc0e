import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, join } from 'node:path';
import { env } from 'node:process';
import { findPort } from './ports.ts';
import { startProgram, type Running } from './process.ts';

const isProgram = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/** The store to test with: what STORE_SERVER names, which then has to be there, else the first that is on the PATH. */
export const findStoreProgram = (): string | undefined =>
  env['STORE_SERVER'] ||
  ['valkey-server', 'redis-server'].find((name) =>
    (env['PATH'] ?? '').split(delimiter).some((folder) => isProgram(join(folder, name))),
  );

export const password = 'c4nary/p@ss:word';

/** How a store is started: `program` is Valkey's or Redis' own; `flags` as its command line has them. */
export interface StoreOptions {
  program?: string | undefined;
  flags?: readonly string[];
}

/** A running Valkey or Redis, empty, on a port of loopback that stays the same. */
export const startServer = async ({ program = findStoreProgram(), flags = [] }: StoreOptions = {}) => {
  if (program === undefined) throw new Error('Neither valkey-server nor redis-server is on the PATH.');
  const port = await findPort();
  const folder = mkdtempSync(join(tmpdir(), 'cloudstack-store-'));
  const own = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder];
  let running: Running | undefined;
  const start = async (): Promise<void> => {
    running = await startProgram([program, ...own, '--requirepass', password, ...flags], /Ready to accept connections/);
  };
  const signal = (name: NodeJS.Signals): void => {
    if (running?.isRunning()) process.kill(running.pid, name);
  };
  const stop = async (): Promise<void> => {
    if (running?.isRunning()) await running.stop('SIGKILL');
  };
  await start();
  return {
    /** Such as `redis-server`. */
    name: basename(program),
    port,
    url: `redis://:${encodeURIComponent(password)}@127.0.0.1:${port}`,
    start,
    stop,
    /** It keeps its connections and answers nothing. */
    freeze: () => signal('SIGSTOP'),
    thaw: () => signal('SIGCONT'),
    close: async () => {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

/** A store that can be taken away and brought back; what was in it is then gone. */
export type Server = Awaited<ReturnType<typeof startServer>>;
