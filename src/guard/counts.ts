import { createHash, randomUUID } from 'node:crypto';
import { appendFileSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeOwnFolder } from '../folder.ts';
import { CallError } from '../errors.ts';

/** How many events there were under a key within the last `seconds`; with `add`, one more, which is counted too. */
export type Count = (key: string, seconds: number, add: boolean) => Promise<number>;

/** What cannot be read counts as well: a torn line was meant to be an event. */
const isWithin = (line: string, since: number): boolean => {
  const at = Number.parseInt(line, 10);
  return Number.isNaN(at) || at > since;
};

const linesOf = (path: string): string[] => {
  try {
    return readFileSync(path, 'utf8').split('\n').filter(Boolean);
  } catch (error) {
    // Another process put it away: everything in it was too old.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
};

/**
 * Counts in a folder that only its owner can enter, so that processes on one machine share them. An event is a line that is
 * appended at once (O_APPEND) before anything is counted: of processes that count at the same time each sees the lines before
 * its own, and nothing needs a lock that a crash would leave behind. Each file holds the events of one stretch of time and is
 * removed when they no longer count. Rejects with a CallError (`unavailable`) where the folder cannot be used.
 */
export const createCounts = (folder: string, now: () => number = () => Date.now()): Count => {
  const count = (key: string, window: number, add: boolean): number => {
    const time = now();
    const name = createHash('sha256')
      .update(JSON.stringify([key, window]))
      .digest('hex')
      .slice(0, 32);
    const stretch = Math.floor(time / window);
    const current = `${name}.${stretch}`;
    const own = `${time} ${randomUUID()}`;
    makeOwnFolder(folder);
    if (add) appendFileSync(join(folder, current), `${own}\n`, { mode: 0o600 });
    let events = 0;
    for (const file of readdirSync(folder)) {
      if (!file.startsWith(`${name}.`)) continue;
      if (Number(file.slice(name.length + 1)) < stretch - 1) {
        rmSync(join(folder, file), { force: true });
        continue;
      }
      const lines = linesOf(join(folder, file));
      // A line that a torn one runs into ends with the own event all the same.
      const last = add && file === current ? lines.findIndex((line) => line.endsWith(own)) + 1 : lines.length;
      events += lines.slice(0, last).filter((line) => isWithin(line, time - window)).length;
    }
    return events;
  };
  return (key, seconds, add) =>
    new Promise((resolve) => resolve(count(key, Math.max(1, seconds * 1000), add))).catch((error: unknown) => {
      throw new CallError(
        'unavailable',
        `The limits of the policy cannot be counted (${(error as NodeJS.ErrnoException).code ?? 'failed'}). Nothing was sent.`,
        'Changes without a limit continue. The operator of this server can look at the folder `limits` in the state folder.',
        { cause: error },
      );
    }) as Promise<number>;
};
