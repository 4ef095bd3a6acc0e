import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** A process under test, watched from outside. */
export interface Running {
  pid: number;
  /** The end of what it has said on standard error. */
  output(): string;
  isRunning(): boolean;
  /** Resident memory in MiB. */
  memory(): number;
  /** Seconds of processor time since its start. */
  cpu(): number;
  /** Open files and sockets. */
  handles(): number;
  /** Sends a signal and waits for the end; gives the exit status, or the signal that ended it. */
  stop(signal?: NodeJS.Signals): Promise<number | NodeJS.Signals | null>;
}

const ticksPerSecond = 100;
const maxText = 20_000;

/** Watches a process through /proc. */
export const watch = (child: ChildProcess): Running => {
  const pid = child.pid!;
  let printed = '';
  child.stderr?.on('data', (chunk: Buffer) => (printed = (printed + chunk.toString()).slice(-maxText)));
  // However this ends, nothing that it started stays behind.
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.off('exit', kill));
  const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  const read = (name: string): string => readFileSync(`/proc/${pid}/${name}`, 'utf8');
  return {
    pid,
    output: () => printed,
    isRunning: () => child.exitCode === null && child.signalCode === null,
    memory: () => Number(/VmRSS:\s+(\d+) kB/.exec(read('status'))?.[1] ?? 0) / 1024,
    cpu: () => {
      // After the command's name, which may hold anything, in parentheses; then from the third field on.
      const fields = read('stat')
        .replace(/^.*\) /s, '')
        .split(' ');
      return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
    },
    handles: () => readdirSync(`/proc/${pid}/fd`).length,
    stop: async (signal = 'SIGTERM') => {
      child.kill(signal);
      const [status, by] = await exited;
      return status ?? by;
    },
  };
};

/** Waits for a line that matches, and gives what its first group caught, else the match. Throws with all that was said if it ends before. */
const waitForLine = (child: ChildProcess, pattern: RegExp): Promise<string> =>
  new Promise((resolve, reject) => {
    const lines: string[] = [];
    for (const stream of [child.stdout, child.stderr])
      if (stream)
        createInterface({ input: stream }).on('line', (line) => {
          if (lines.length < 50) lines.push(line);
          const match = pattern.exec(line);
          if (match) resolve(match[1] ?? match[0]);
        });
    child.once('error', reject);
    child.once('exit', (status) => reject(new Error(`it ended with ${status}:\n${lines.join('\n')}`)));
  });

/** How a program is started. */
export interface ProgramOptions {
  /** Its whole environment; this process's own where there is none. */
  env?: Record<string, string> | undefined;
  /** A limit as `ulimit` takes it, such as `-f 100`. */
  limit?: string | undefined;
  /** Its standard input stays open, for what ends with it. */
  input?: boolean;
}

/** Starts a program and waits for a line that fits; gives what the line's first group caught. Rejects with what it said if it ends before. */
export const startProgram = async (
  command: readonly [string, ...string[]],
  pattern: RegExp,
  { env, limit, input = false }: ProgramOptions = {},
): Promise<Running & { found: string }> => {
  const [program, ...args] = limit
    ? (['/bin/bash', '-c', `ulimit ${limit}; exec "$@"`, 'limited', ...command] as const)
    : command;
  const child = spawn(program, args, { stdio: [input ? 'pipe' : 'ignore', 'pipe', 'pipe'], ...(env ? { env } : {}) });
  const found = waitForLine(child, pattern);
  // A program that cannot be started has no number; what went wrong is said by `found`.
  if (child.pid === undefined) await found;
  const running = watch(child);
  return { ...running, found: await found };
};

/** How a process of our own binary is started. */
export interface StartOptions extends ProgramOptions {
  args: readonly string[];
}

const start = ({ args, env = {}, limit }: StartOptions, pattern: RegExp) =>
  startProgram([process.execPath, 'dist/main.js', ...args], pattern, { env, limit });

/** A running server. */
export interface ServerProcess extends Running {
  /** Such as `http://127.0.0.1:40123`. */
  origin: string;
}

/** Starts `serve --transport http` from the build, as users do. */
export const startHttpServer = async ({ args, ...options }: StartOptions): Promise<ServerProcess> => {
  const flags = ['serve', '--transport', 'http', ...args];
  const { found, ...running } = await start({ args: flags, ...options }, /Serving MCP on (\S+)\/mcp/);
  return { ...running, origin: found };
};

/** A running simulator and how to prove who asks. */
export interface SimulatorProcess extends Running {
  url: string;
  apiKey: string;
  secretKey: string;
}

/** Starts the simulator from the build. */
export const startSimulator = async (...flags: string[]): Promise<SimulatorProcess> => {
  const { found, ...running } = await start({ args: ['simulator', '--port', '0', ...flags] }, /^(\{"url".*)$/);
  return { ...running, ...(JSON.parse(found) as { url: string; apiKey: string; secretKey: string }) };
};
