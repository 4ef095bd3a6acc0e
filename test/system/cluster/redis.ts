import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import { until } from '../load/checks.ts';
import { watch, type Running } from '../../support/process.ts';
import { findProgram } from './programs.ts';

/** A store that can be taken away and brought back; what was in it is then gone. */
export interface StoreServer {
  url: string;
  /** What it is: `valkey-server` or `redis-server`. */
  name: string;
  start(): Promise<void>;
  /** `SIGSTOP` leaves it there, without answers. */
  signal(signal: NodeJS.Signals): void;
  stop(): Promise<void>;
}

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    socket.once('data', (chunk: Buffer) => {
      socket.destroy();
      resolve(chunk.toString().startsWith('+PONG'));
    });
    socket.once('error', () => resolve(false));
  });

/** A Valkey or Redis server on a port of loopback, with nothing on disk. */
export const createStoreServer = (port: number, folder: string): StoreServer => {
  const program = findProgram(['valkey-server', 'redis-server'], 'redis-server');
  let running: Running | undefined;
  return {
    url: `redis://127.0.0.1:${port}/0`,
    name: program.replace(/^.*\//, ''),
    start: async () => {
      const flags = [
        '--port',
        String(port),
        '--bind',
        '127.0.0.1',
        '--save',
        '',
        '--appendonly',
        'no',
        '--dir',
        folder,
      ];
      const child = spawn(program, flags, { stdio: 'ignore' });
      running = watch(child);
      if ((await until(() => answers(port), 5000)) === undefined) throw new Error(`${program} does not answer`);
    },
    signal: (signal) => {
      if (running) process.kill(running.pid, signal);
    },
    stop: async () => {
      if (running?.isRunning()) await running.stop('SIGKILL');
    },
  };
};
