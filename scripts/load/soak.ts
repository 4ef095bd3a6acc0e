import { setTimeout as sleep } from 'node:timers/promises';
import type { Checks } from './checks.ts';
import { letWork } from './crowd.ts';
import type { ServerProcess } from './process.ts';
import { setStage } from './stage.ts';
import { countErrors, createTally, errorsOf, figuresOf } from './tally.ts';

/** One look at a server. */
interface Sample {
  /** Seconds since the beginning. */
  at: number;
  /** Resident, in MiB. */
  memory: number;
  /** In use by JavaScript, in MiB; from /metrics. */
  heap: number | undefined;
  handles: number;
  sessions: number;
}

/** Seconds between two samples: so many that some are taken right after a collection. Each of `kept` is written down. */
const every = 1;
const kept = 15;
/** Seconds on both sides of the moments that are compared. */
const around = 60;
/** MiB that JavaScript may hold more or less whenever it is looked at. */
const slack = 2;
/** How much memory may grow from minute 2 to the end. */
const mostGrowth = 1.05;
/** The default of the setting `connections`. */
const cloudConnections = 50;
/** Seconds between two calls of a user: more than users do, so that ten minutes are worth a day. */
const think = { least: 0.1, most: 0.9 };

const read = async (url: string, token: string): Promise<string> => {
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } }).catch(() => undefined);
  return response?.ok ? response.text() : '';
};

const sample = async (server: ServerProcess, token: string, at: number): Promise<Sample> => {
  const metrics = await read(`${server.origin}/metrics`, token);
  const heap = /^nodejs_heap_size_used_bytes (\S+)/m.exec(metrics)?.[1];
  const health = JSON.parse((await read(`${server.origin}/health`, token)) || '{}') as {
    components?: { mcp?: { sessions?: number } };
  };
  return {
    at,
    memory: server.isRunning() ? server.memory() : 0,
    heap: heap === undefined ? undefined : Number(heap) / 2 ** 20,
    handles: server.isRunning() ? server.handles() : 0,
    sessions: health.components?.mcp?.sessions ?? 0,
  };
};

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** Median of what some samples have; of the heap the least, which is what is left after a collection. */
const summarize = (samples: readonly Sample[]) => {
  const heaps = samples.flatMap(({ heap }) => heap ?? []);
  return {
    memory: median(samples.map(({ memory }) => memory)),
    heap: heaps.length ? Math.min(...heaps) : undefined,
    handles: median(samples.map(({ handles }) => handles)),
    sessions: median(samples.map(({ sessions }) => sessions)),
  };
};

/** Steady load for minutes: what the server holds after two minutes is what it holds at the end. */
export const runSoak = async (checks: Checks, { users, minutes }: { users: number; minutes: number }) => {
  const stage = await setStage({ users });
  const server = await stage.serve('server', { flags: ['--rate-limit', '1000000', '--audit-rotate', '5'] });
  const seconds = minutes * 60;
  const samples: Sample[] = [];
  const tally = createTally();
  let begun = performance.now();
  const elapsed = (): number => (performance.now() - begun) / 1000;
  try {
    // As much as it will ever be: what the engine takes at its first great load is no growth.
    await letWork(stage, server.origin, { users, seconds: Math.min(20, seconds / 10), tell: checks.say });
    begun = performance.now();
    const working = letWork(stage, server.origin, { users, seconds, think, tally, tell: checks.say });
    while (elapsed() + every < seconds && server.isRunning()) {
      await sleep(every * 1000);
      const taken = await sample(server, stage.tokenOf(0), Math.round(elapsed()));
      samples.push(taken);
      const { at, memory, heap, handles, sessions } = taken;
      if (samples.length % 60 === 0)
        checks.say(
          `          ${at} s: ${memory.toFixed(1)} MiB, heap ${heap?.toFixed(1)} MiB, ${handles} handles, ${sessions} sessions`,
        );
    }
    await working;
    checks.check(
      'the server runs',
      server.isRunning(),
      server.isRunning() ? '' : `it ended with ${String(await server.stop())}: ${server.said().slice(-2000)}`,
    );
    const early = Math.min(120, seconds / 5);
    const width = Math.min(around, seconds / 10);
    const before = summarize(samples.filter(({ at }) => Math.abs(at - early) <= width));
    const after = summarize(samples.filter(({ at }) => at >= seconds - 2 * width));
    const figures = figuresOf(tally.operations.values());
    const rate = Math.round(figures.count / seconds);
    checks.check(
      `${users} users for ${minutes} min: no errors`,
      figures.count > 0 && !countErrors(tally),
      `${figures.count} calls, ${rate}/s, p99 ${figures.p99} ms, ${JSON.stringify(errorsOf(tally))}`,
    );
    const compare = (what: string, from: number, to: number, most = mostGrowth): void =>
      checks.check(
        `${what} is flat from ${early} s to the end`,
        to <= from * most,
        `${from.toFixed(1)} → ${to.toFixed(1)} (×${(to / from).toFixed(3)})`,
      );
    compare('resident memory (MiB)', before.memory, after.memory);
    if (before.heap !== undefined && after.heap !== undefined)
      compare('heap after collection (MiB)', before.heap, after.heap, mostGrowth + slack / before.heap);
    // Connections to the cloud are opened when many are needed at once, up to what `connections` allows.
    compare('number of handles', before.handles, after.handles, 1 + cloudConnections / before.handles);
    compare('number of sessions', before.sessions, after.sessions, 1);
    return {
      users,
      minutes,
      calls: figures.count,
      rate,
      p99: figures.p99,
      before,
      after,
      samples: samples.filter((_, at) => at % kept === 0),
    };
  } finally {
    await stage.close();
  }
};
