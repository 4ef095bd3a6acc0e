import { setTimeout as sleep } from 'node:timers/promises';
import { until, type Checks } from '../checks.ts';
import { greet, measureCrowd, thinkTime, type CrowdOptions, type Run } from './crowd.ts';
import { setStage } from './stage.ts';

/** Milliseconds within which 99 of 100 calls of users who think must be answered, also on a machine with other work. */
const maxLength = 2000;

const describe = ({ rate, p50, p95, p99, cpu, memory, errors }: Run): string =>
  [
    `${rate}/s`,
    `p50 ${p50} ms, p95 ${p95} ms, p99 ${p99} ms`,
    `cores: server ${cpu.server}, simulator ${cpu.simulator}, generator ${cpu.generator}`,
    `server ${memory} MiB`,
    `errors ${Object.keys(errors).length ? JSON.stringify(errors) : 0}`,
  ].join(' · ');

/** Users at one replica: as they work, and as fast as they are answered; from one to `users`. */
export const runUsers = async (checks: Checks, { users, seconds }: { users: number; seconds: number }) => {
  const stage = await setStage({ users });
  // The limit of one principal is not what is measured.
  const server = await stage.serve('server', { flags: ['--rate-limit', '1000000'] });
  const measure = async (options: CrowdOptions): Promise<Run> => {
    const run = await measureCrowd(stage, server, { ...options, report: checks.print });
    const { least, maximum } = thinkTime;
    const pace = options.think ? `${least}–${maximum} s between calls` : 'no time between calls';
    const calm = !options.think || run.p99 < maxLength;
    checks.check(
      `${run.users} users, ${pace}, ${run.seconds} s`,
      run.count > 0 && !Object.keys(run.errors).length && calm,
      describe(run),
    );
    return run;
  };
  try {
    const short = Math.max(2, Math.round(seconds / 6));
    const first = await greet(stage, server.origin, users);
    checks.check(
      `first calls of ${users} users, each with keys of its own`,
      !first.errors,
      `p50 ${first.p50} ms, p99 ${first.p99} ms · server ${Math.round(server.memory())} MiB`,
    );
    // What each account may call is read beside its first call; it is over when the server rests.
    const rested = await until(async () => {
      const before = server.cpu();
      await sleep(500);
      return server.cpu() - before < 0.05;
    }, 60_000);
    checks.check(
      'what is read beside the first calls ends',
      rested !== undefined,
      `after ${rested} ms · server ${Math.round(server.memory())} MiB`,
    );
    // Compilers have to have seen the path before it is timed.
    await measureCrowd(stage, server, { users: Math.min(users, 20), seconds: Math.min(5, short) });
    const runs = [
      await measure({ users, seconds, think: thinkTime }),
      await measure({ users: 1, seconds: short }),
      await measure({ users: 10, seconds: short }),
      await measure({ users: 50, seconds: short }),
      await measure({ users, seconds: 2 * short }),
    ];
    for (const [operation, { count, p50, p95, p99 }] of Object.entries(runs[0]!.operations))
      checks.print(
        `          ${operation.padEnd(24)} ${String(count).padStart(6)} × p50 ${p50} ms, p95 ${p95} ms, p99 ${p99} ms`,
      );
    const left = server.isRunning() ? await server.stop() : server.output().slice(-2000);
    checks.check('the server runs, and leaves when it is asked to', left === 0, String(left));
    return { first, runs };
  } finally {
    await stage.close();
  }
};
