import { setTimeout as sleep } from 'node:timers/promises';
import { openHost, type Stage } from './stage.ts';
import type { ServerProcess } from '../../support/process.ts';
import { countErrors, createTally, errorsOf, figuresOf, type Figures, type Tally } from './tally.ts';
import { createCall, isWait, spendDays } from './user.ts';

/** Seconds that a user, or the model that works for one, takes between two calls; evenly spread. */
export const thinkTime = { least: 1, maximum: 5 };

/** How many users work for how long. */
export interface CrowdOptions {
  users: number;
  seconds: number;
  /** Seconds between two calls of a user; undefined: none. */
  think?: { least: number; maximum: number } | undefined;
  /** Instead of a whole run's own. */
  tally?: Tally;
  /** Told of each first error of a kind. */
  report?: (message: string) => void;
}

/** What a run of a crowd was like. */
export interface Run extends Figures {
  users: number;
  /** Seconds between two calls of a user, [least, most]; null: the next call at once. */
  think: [number, number] | null;
  seconds: number;
  /** Calls a second, those that wait for a job left out. */
  rate: number;
  errors: Record<string, number>;
  operations: Record<string, Figures>;
  /** Processor time over wall time: 1 is one core. */
  cpu: { server: number; simulator: number; generator: number };
  /** Resident memory of the server at the end, in MiB. */
  memory: number;
}

const round = (value: number): number => Math.round(value * 100) / 100;

/** Lets users work until time is up, then lets them finish what they do. */
export const letWork = async (
  stage: Stage,
  origin: string,
  { users, seconds, think, tally = createTally(), report: report }: CrowdOptions,
): Promise<Tally> => {
  const end = performance.now() + seconds * 1000;
  const isOver = (): boolean => performance.now() >= end;
  const pause = async (): Promise<void> => {
    if (!think || isOver()) return;
    const wanted = 1000 * (think.least + Math.random() * (think.maximum - think.least));
    await sleep(Math.max(0, Math.min(wanted, end - performance.now())));
  };
  let number = 0;
  const received = new Set<string>();
  const work = async (user: number): Promise<void> => {
    const host = openHost(stage, origin, user);
    const call = createCall(host, (operation, duration, kind, { text }) => {
      // What is only brought to its end after that comes all at once, as users never do.
      if (!isOver() || kind !== 'ok') tally.add(operation, duration, kind);
      if (kind === 'ok' || received.has(`${operation} ${kind}`)) return;
      received.add(`${operation} ${kind}`);
      report?.(`${operation}: ${kind}: ${text.slice(0, 300)}`);
    });
    // Not all in the same moment.
    await pause();
    await spendDays({ goods: stage.goods, user, call, pause, next: () => ++number }, isOver);
    await host.close();
  };
  await Promise.all(Array.from({ length: users }, (_, user) => work(user)));
  return tally;
};

/** Each user's first call, some at once: its server asks the cloud what that user may do. Gives the milliseconds of one. */
export const greet = async (stage: Stage, origin: string, users: number): Promise<Figures & { errors: number }> => {
  const tally = createTally();
  let next = 0;
  const some = async (): Promise<void> => {
    for (let user = next++; user < users; user = next++) {
      const host = openHost(stage, origin, user);
      const begun = performance.now();
      const { kind } = await host.call('read', { tool: 'list-zones' });
      tally.add('first call', performance.now() - begun, kind);
      await host.close();
    }
  };
  await Promise.all(Array.from({ length: 4 }, some));
  return { ...figuresOf(tally.operations.values()), errors: countErrors(tally) };
};

/** A crowd at one server, measured: its answers, and what the three processes took. */
export const measureCrowd = async (stage: Stage, server: ServerProcess, options: CrowdOptions): Promise<Run> => {
  const generator = (): number => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  };
  const cpu = () => ({ server: server.cpu(), simulator: stage.simulator.cpu(), generator: generator() });
  const [before, begun] = [cpu(), performance.now()];
  const tally = await letWork(stage, server.origin, options);
  const taken = (performance.now() - begun) / 1000;
  const after = cpu();
  const share = (of: keyof typeof after): number => round((after[of] - before[of]) / taken);
  const { operations } = tally;
  const own = [...operations].flatMap(([name, operation]) => (isWait(name) ? [] : [operation]));
  const figures = figuresOf(own);
  return {
    users: options.users,
    think: options.think ? [options.think.least, options.think.maximum] : null,
    seconds: options.seconds,
    rate: round(figures.count / options.seconds),
    ...figures,
    errors: errorsOf(tally),
    operations: Object.fromEntries([...operations].map(([name, operation]) => [name, figuresOf([operation])])),
    cpu: { server: share('server'), simulator: share('simulator'), generator: share('generator') },
    memory: Math.round(server.memory()),
  };
};
