import { setTimeout as sleep } from 'node:timers/promises';
import type { Checks } from '../checks.ts';
import { letWork } from './crowd.ts';
import { inspected, lookInto } from './heap.ts';
import type { ServerProcess } from '../../support/process.ts';
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

/** Seconds between two samples. */
const every = 5;
/** Seconds before the moments that are compared, from which samples are taken. */
const around = 60;
/** MiB that JavaScript may hold more or less whenever it is looked at. */
const slack = 2;
/** How much memory may grow from minute 2 to the end. */
const maxGrowth = 1.05;
/** The default of the setting `connections`. */
const cloudConnections = 50;
/** Seconds between two calls of a user: more than users do, so that ten minutes are worth a day. */
const think = { least: 0.1, maximum: 0.9 };

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

/** Medians of some samples. */
const summarize = (samples: readonly Sample[]) => ({
  memory: median(samples.map(({ memory }) => memory)),
  handles: median(samples.map(({ handles }) => handles)),
  sessions: median(samples.map(({ sessions }) => sessions)),
});

/** Steady load for minutes: what the server holds after two minutes is what it holds at the end. */
export const runSoak = async (checks: Checks, { users, minutes }: { users: number; minutes: number }) => {
  const stage = await setStage({ users });
  const flags = ['--rate-limit', '1000000', '--audit-rotate', '5'];
  const server = await stage.serve('server', { flags, env: inspected });
  const held = lookInto(server);
  const seconds = minutes * 60;
  const samples: Sample[] = [];
  const tally = createTally();
  let begun = performance.now();
  const elapsed = (): number => (performance.now() - begun) / 1000;
  try {
    // As much as it will ever be: what the engine takes at its first great load is no growth.
    await letWork(stage, server.origin, { users, seconds: Math.min(20, seconds / 10), report: checks.print });
    begun = performance.now();
    const working = letWork(stage, server.origin, { users, seconds, think, tally, report: checks.print });
    const early = Math.min(120, seconds / 5);
    const width = Math.min(around, seconds / 10);
    let heldEarly: number | undefined;
    let heldLate = 0;
    while (elapsed() + every < seconds && server.isRunning()) {
      await sleep(every * 1000);
      // While the load goes on, and after the samples of resident memory: a forced collection gives some of it back.
      if (heldEarly === undefined && elapsed() >= early) heldEarly = await held();
      if (!heldLate && elapsed() >= seconds - 3 * every) heldLate = await held();
      const taken = await sample(server, stage.tokenOf(0), Math.round(elapsed()));
      samples.push(taken);
      const { at, memory, heap, handles, sessions } = taken;
      if (samples.length % 12 === 0)
        checks.print(
          `          ${at} s: ${memory.toFixed(1)} MiB, heap ${heap?.toFixed(1)} MiB, ${handles} handles, ${sessions} sessions`,
        );
    }
    await working;
    checks.check(
      'the server runs',
      server.isRunning(),
      server.isRunning() ? '' : `it ended with ${String(await server.stop())}: ${server.output().slice(-2000)}`,
    );
    const before = summarize(samples.filter(({ at }) => at >= early - width && at < early));
    const after = summarize(samples.filter(({ at }) => at >= seconds - 2 * width));
    const figures = figuresOf(tally.operations.values());
    const rate = Math.round(figures.count / seconds);
    checks.check(
      `${users} users for ${minutes} min: no errors`,
      figures.count > 0 && !countErrors(tally),
      `${figures.count} calls, ${rate}/s, p99 ${figures.p99} ms, ${JSON.stringify(errorsOf(tally))}`,
    );
    const compare = (what: string, from: number, to: number, max = maxGrowth): void =>
      checks.check(
        `${what} is flat from ${early} s to the end`,
        to <= from * max,
        `${from.toFixed(1)} → ${to.toFixed(1)} (×${(to / from).toFixed(3)})`,
      );
    compare('resident memory (MiB)', before.memory, after.memory);
    compare('heap after collection (MiB)', heldEarly ?? 0, heldLate, maxGrowth + slack / (heldEarly ?? 1));
    // Connections to the cloud are opened when many are needed at once, up to what `connections` allows.
    compare('number of handles', before.handles, after.handles, 1 + cloudConnections / before.handles);
    compare('number of sessions', before.sessions, after.sessions, 1);
    return {
      users,
      minutes,
      calls: figures.count,
      rate,
      p99: figures.p99,
      before: { ...before, heap: heldEarly },
      after: { ...after, heap: heldLate },
      samples: samples.filter((_, at) => at % 3 === 0),
    };
  } finally {
    await stage.close();
  }
};
