import { existsSync, readFileSync, readlinkSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { randomBytes } from 'node:crypto';
import { makeFolder } from '../folder.ts';
import { listBeside, slotPath } from './files.ts';

/** A log that this process alone writes, for as long as it lives. */
export interface Claim {
  path: string;
  /** Someone took it away, which happens when this process stood still on a shared folder. */
  isLost(): boolean;
  release(): void;
}

/** A lock of another machine or container counts as left behind when it was not touched for so many milliseconds. */
const staleAfterMs = 30_000;
const touchIntervalMs = 10_000;
const slots = 99;

const readText = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
};

const namespace = (): string => {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0';
  } catch {
    return '0';
  }
};

// A process number means something only on the same machine, since the same start, in the same container.
const findProcessScope = (): string =>
  [
    hostname()
      .replace(/[^A-Za-z0-9]+/g, '-')
      .slice(0, 40),
    readText('/proc/sys/kernel/random/boot_id').slice(0, 8),
    namespace(),
  ].join('.');
let processScope: string | undefined;

/** When a process began, in ticks; tells it from a later one with its number. Undefined for one that has ended. */
const startOf = (pid: number): string | undefined => {
  const text = readText(`/proc/${pid}/stat`);
  const [state, ...fields] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return state === 'Z' ? undefined : (fields[18] ?? '0');
};

const mark = '.lock_';

const isAlive = (lock: string): boolean => {
  const [where, pid = '', begun] = lock.slice(lock.lastIndexOf(mark) + mark.length).split('_');
  if (where !== processScope)
    return Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? 0) < staleAfterMs;
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const now = startOf(Number(pid));
  return now !== undefined && (now === '0' || begun === '0' || now === begun);
};

const isYoung = (lock: string): boolean =>
  Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? 0) < 1000;

const pause = (milliseconds: number): void => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
};

/** Locks of living processes on a log. */
const living = (path: string): string[] => listBeside(path, mark).filter(isAlive);

/** Whether some process has this log open. */
export const isClaimed = (path: string): boolean => {
  processScope ??= findProcessScope();
  return living(path).length > 0;
};

/**
 * Every process puts down a lock of its own and then looks for others: of two at once at least one sees the other and
 * steps back. A lock is never handed on, so that taking away a dead one cannot hit a living one.
 */
const claim = (path: string): Claim | undefined => {
  processScope ??= findProcessScope();
  const lock = `${path}${mark}${processScope}_${process.pid}_${startOf(process.pid) ?? '0'}_${randomBytes(4).toString('hex')}`;
  for (let attempt = 0; attempt < 6; attempt++) {
    const content = { pid: process.pid, host: hostname(), since: new Date().toISOString() };
    writeFileSync(lock, `${JSON.stringify(content)}\n`, { flag: 'wx', mode: 0o600 });
    const others = living(path).filter((other) => other !== lock);
    if (!others.length) {
      for (const dead of listBeside(path, mark)) if (dead !== lock && !isAlive(dead)) rmSync(dead, { force: true });
      const timer = setInterval(() => {
        const now = new Date();
        if (existsSync(lock)) utimesSync(lock, now, now);
      }, touchIntervalMs).unref();
      const release = (): void => {
        clearInterval(timer);
        try {
          rmSync(lock, { force: true });
        } catch {
          // Its folder is gone, and the lock with it.
        }
      };
      return { path, isLost: () => !existsSync(lock), release };
    }
    rmSync(lock, { force: true });
    if (!others.some(isYoung)) return undefined;
    pause(1 + Math.random() * 15);
  }
  return undefined;
};

/** Takes the first log of audit.jsonl, audit-2.jsonl, … that no living process has. Throws what the file system says. */
export const claimSlot = (path: string): Claim => {
  makeFolder(dirname(path));
  for (let slot = 1; slot <= slots; slot++) {
    const claimed = claim(slotPath(path, slot));
    if (claimed) return claimed;
  }
  throw new Error(`${slots} processes already write beside ${path}`);
};
