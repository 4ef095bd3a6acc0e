import { spawn, type ChildProcess } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { env } from 'node:process';
import { describe } from 'vitest';
import { findPort } from './ports.ts';

const isProgram = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/** The server to test with: what STORE_SERVER names, which then has to be there, else the first that is on the PATH. */
const program =
  env['STORE_SERVER'] ||
  ['valkey-server', 'redis-server'].find((name) =>
    (env['PATH'] ?? '').split(delimiter).some((folder) => isProgram(join(folder, name))),
  );

/** A group of tests that need a real server. */
export const describeWithServer = program
  ? describe
  : (name: string, tests: () => void) =>
      describe.skip(`${name} (skipped: neither valkey-server nor redis-server is on the PATH)`, tests);

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    const end = (good: boolean): void => {
      socket.destroy();
      resolve(good);
    };
    socket.on('data', () => end(true));
    socket.on('error', () => end(false));
  });

export const password = 'c4nary/p@ss:word';

/** A Valkey or Redis of this test, empty, on a port of loopback that stays the same. `flags`: as its command line has them. */
export const startServer = async (flags: string[] = []) => {
  const port = await findPort();
  const folder = mkdtempSync(join(tmpdir(), 'cloudstack-store-'));
  let child: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    const own = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder];
    const started = spawn(program!, [...own, '--requirepass', password, ...flags], { stdio: 'ignore' });
    child = started;
    const failed = new Promise<never>((_, reject) => {
      started.once('error', reject);
      started.once('exit', (status) => reject(new Error(`${program} ended with ${status}`)));
    });
    failed.catch(() => undefined);
    const ready = async (): Promise<void> => {
      while (!(await answers(port))) await new Promise((resolve) => setTimeout(resolve, 20));
    };
    await Promise.race([ready(), failed]);
  };
  const stop = async (): Promise<void> => {
    const running = child;
    child = undefined;
    if (!running || running.exitCode !== null) return;
    const ended = new Promise((resolve) => running.once('exit', resolve));
    running.kill('SIGCONT');
    running.kill('SIGKILL');
    await ended;
  };
  await start();
  return {
    port,
    url: `redis://:${encodeURIComponent(password)}@127.0.0.1:${port}`,
    start,
    stop,
    /** It keeps its connections and answers nothing. */
    freeze: () => child?.kill('SIGSTOP'),
    thaw: () => child?.kill('SIGCONT'),
    close: async () => {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

export type Server = Awaited<ReturnType<typeof startServer>>;
