import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env } from 'node:process';

/** Where a machine has its memory as a folder: the fast tests wait for disks a third of their time otherwise. */
const memory = '/dev/shm';
const minFreeBytes = 2 ** 30;

const hasMemory = (): boolean => {
  try {
    const { bavail, bsize } = statfsSync(memory);
    return bavail * bsize >= minFreeBytes;
  } catch {
    return false;
  }
};

/** Gives all tests of a run one temporary folder, in memory where there is a gigabyte of it; it goes with the run. */
export const setup = (): (() => void) => {
  const before = env['TMPDIR'];
  const folder = mkdtempSync(join(hasMemory() ? memory : tmpdir(), 'cloudstack-tests-'));
  env['TMPDIR'] = folder;
  return () => {
    if (before === undefined) delete env['TMPDIR'];
    else env['TMPDIR'] = before;
    rmSync(folder, { recursive: true, force: true });
  };
};
