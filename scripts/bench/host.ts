import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { env as environment } from 'node:process';
import { createInterface } from 'node:readline';
import { residentMiB } from './process.ts';

/** An MCP host that speaks to one server over stdio and costs the server nothing beside its own work. */
export interface Host {
  /** Sends a request and resolves with the text of the whole response. */
  request(method: string, params?: object): Promise<string>;
  notify(method: string): void;
  /** Milliseconds since the process was started. */
  age(): number;
  /** Milliseconds of CPU that the process used, in all its threads. */
  cpu(): number;
  /** Resident memory in MiB now. */
  memory(): number;
  close(): Promise<void>;
}

/** Milliseconds of CPU of all threads of a process, as Linux's scheduler counts them. */
export const cpuOf = (pid: number): number =>
  readdirSync(`/proc/${pid}/task`).reduce((sum, task) => {
    try {
      const [ran = '0'] = readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ');
      return sum + Number(ran) / 1e6;
    } catch {
      // The thread has ended since its name was read.
      return sum;
    }
  }, 0);

/** Starts a server; `args` are those of Node. */
export const startHost = (args: readonly string[], env: Record<string, string> = {}): Host => {
  const begun = performance.now();
  const child = spawn(process.execPath, args, {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { PATH: environment['PATH'], ...env },
  });
  const waiting = new Map<number, (line: string) => void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const id = Number(/"id":(\d+)/.exec(line.length > 500 ? `${line.slice(0, 250)}${line.slice(-250)}` : line)?.[1]);
    waiting.get(id)?.(line);
    waiting.delete(id);
  });
  let last = 0;
  return {
    request: (method, params = {}) =>
      new Promise((resolve) => {
        const id = ++last;
        waiting.set(id, resolve);
        child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
      }),
    notify: (method) => child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', method })}\n`),
    age: () => performance.now() - begun,
    cpu: () => cpuOf(child.pid!),
    memory: () => residentMiB(child.pid!),
    close: async () => {
      const gone = once(child, 'exit');
      child.kill();
      await gone;
    },
  };
};

/** Connects as hosts do and asks for the tools. */
export const connect = async (host: Host): Promise<void> => {
  await host.request('initialize', {
    protocolVersion: '2025-06-18',
    capabilities: {},
    clientInfo: { name: 'bench', version: '0' },
  });
  host.notify('notifications/initialized');
  await host.request('tools/list');
};
