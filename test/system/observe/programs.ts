import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { startProgram } from '../../support/process.ts';

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

/** Starts a program, in this environment or one of its own, and waits until one of its lines fits a pattern. Throws what it said when it ends before. */
export const start = async (
  command: string,
  args: readonly string[],
  ready: RegExp,
  env?: Record<string, string>,
): Promise<Running> => {
  const { found, stop } = await startProgram([command, ...args], ready, { env });
  return {
    found,
    stop: async () => {
      await stop();
    },
  };
};
