import { setTimeout as sleep } from 'node:timers/promises';
import type { Host, Reply } from './host.ts';
import type { Ledger } from './ledger.ts';
import { openHost, type Stage } from './stage.ts';
import { createTally, type Tally } from './tally.ts';
import { createCall, readOn } from './user.ts';

/** Users who read and make volumes until they are told to stop. */
export interface Traffic {
  /** Reads and changes apart, under `read` and `change`. */
  tally: Tally;
  /** Stops and waits for what is under way. */
  stop(): Promise<void>;
}

/** Who works how. */
export interface TrafficOptions {
  stage: Stage;
  origin: string;
  users: number;
  /** First user's number. */
  from?: number;
  /** Milliseconds between two calls of a user. */
  pause: number;
  /** Where changes are written down; without, users only read. */
  ledger?: Ledger | undefined;
  /** False: users only make changes. */
  reads?: boolean;
  notify?: ((message: string) => void) | undefined;
  /** Milliseconds to wait for one answer. */
  limit?: number;
}

/** Makes a volume, written down before and after. */
export const makeVolume = async (host: Host, stage: Stage, ledger: Ledger): Promise<Reply> => {
  const { zoneid, diskofferingid } = stage.goods;
  const name = ledger.open();
  const reply = await host.call('change', {
    tool: 'create-volume',
    arguments: { name, zoneid, diskofferingid },
    wait: 5,
  });
  ledger.close(name, reply);
  return reply;
};

/** Lets users work beside whatever else is done. */
export const startTraffic = (options: TrafficOptions): Traffic => {
  const { stage, origin, users, from = 0, pause, ledger, reads = true, notify: report, limit: timeLimit } = options;
  const tally = createTally();
  let stopped = false;
  const received = new Set<string>();
  const note =
    (operation: string) =>
    (_name: string, duration: number, kind: string, { text }: Reply) => {
      tally.add(operation, duration, kind);
      if (kind === 'ok' || received.has(`${operation} ${kind}`)) return;
      received.add(`${operation} ${kind}`);
      report?.(`          ${operation}: ${kind}: ${text.slice(0, 200)}`);
    };
  const work = async (user: number): Promise<void> => {
    const host = openHost(stage, origin, user, timeLimit === undefined ? {} : { timeoutMs: timeLimit });
    const call = createCall(host, note('read'));
    const wait = async (): Promise<void> => {
      if (!stopped) await sleep(pause * (0.5 + Math.random()));
    };
    await wait();
    let number = user;
    while (!stopped) {
      if (reads) await readOn({ goods: stage.goods, user, call, pause: wait, next: () => ++number });
      await wait();
      if (!ledger || stopped) continue;
      const begun = performance.now();
      const reply = await makeVolume(host, stage, ledger);
      note('change')('', performance.now() - begun, reply.kind, reply);
      await wait();
    }
    await host.close();
  };
  const working = Promise.all(Array.from({ length: users }, (_, user) => work(from + user)));
  return {
    tally,
    stop: async () => {
      stopped = true;
      await working;
    },
  };
};
