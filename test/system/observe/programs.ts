import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** A program that runs until it is stopped. */
export interface Running {
  /** What the pattern found in its first lines. */
  found: string;
  stop: () => Promise<void>;
}

const isThere = (program: string): boolean =>
  spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined;

const policy = '/usr/sbin/policy-rc.d';

/** Debian's packages start their services; this one is only to be there. */
export const install = (name: string): void => {
  const isOurs = !existsSync(policy);
  if (isOurs) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    for (const args of [
      ['update', '-q'],
      ['install', '-y', '-q', '--no-install-recommends', name],
    ])
      spawnSync('env', ['DEBIAN_FRONTEND=noninteractive', 'apt-get', ...args], { stdio: 'ignore' });
  } finally {
    if (isOurs) rmSync(policy);
  }
};

/** Whether programs are there, perhaps only now: Debian's package is installed where that is allowed. */
export const provide = (programs: readonly string[], debian: string): boolean => {
  if (programs.every(isThere)) return true;
  if (process.getuid?.() === 0 && isThere('apt-get')) install(debian);
  return programs.every(isThere);
};

const stopOf = (child: ChildProcess): (() => Promise<void>) => {
  const gone = once(child, 'exit');
  // However this ends, nothing that it started stays behind.
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.off('exit', kill));
  return async () => {
    child.kill();
    await gone;
  };
};

/** Starts a program, in this environment or one of its own, and waits until one of its lines fits a pattern. Throws what it said when it ends before. */
export const start = async (
  command: string,
  args: readonly string[],
  ready: RegExp,
  env?: Record<string, string>,
): Promise<Running> => {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...(env ? { env } : {}) });
  const stop = stopOf(child);
  let output = '';
  const found = await new Promise<string>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr])
      createInterface({ input: stream }).on('line', (line) => {
        output = `${output}${line}\n`.slice(-4000);
        const match = ready.exec(line);
        if (match) resolve(match[1] ?? match[0]);
      });
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`${command} ended:\n${output}`)));
  });
  return { found, stop };
};
