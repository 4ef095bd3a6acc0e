import { exhaustBodies, exhaustConnections, exhaustReaders } from './exhaust-door.ts';
import { exhaustDisk } from './exhaust-disk.ts';
import { exhaustRequests, exhaustSessions } from './exhaust-user.ts';
import { until, type Checks } from '../checks.ts';
import type { ServerProcess } from '../../support/process.ts';
import { openHost, setStage } from './stage.ts';
import { limits, type Victim } from './victim.ts';

/** Milliseconds in which a bystander must be answered, whatever others do. */
const timeoutMs = 10_000;

/** How much a case may add to the server's memory at its highest, in MiB. */
const maxMemory = 200;

const flags = Object.entries(limits).flatMap(([name, value]) => [
  `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
  String(value),
]);

/** Highest memory (MiB) while something runs. */
const highest = async (server: ServerProcess, run: () => Promise<void>): Promise<number> => {
  let maximum = server.memory();
  const timer = setInterval(() => (maximum = Math.max(maximum, server.isRunning() ? server.memory() : 0)), 50);
  await run().finally(() => clearInterval(timer));
  return maximum;
};

const cases: readonly [string, (victim: Victim) => Promise<void>][] = [
  ['sessions', exhaustSessions],
  ['requests', exhaustRequests],
  ['bodies', exhaustBodies],
  ['connections', exhaustConnections],
  ['readers', exhaustReaders],
];

/** Whoever takes more than there is, is refused; everybody else is answered, before, during and after. */
export const runExhaust = async (checks: Checks) => {
  const stage = await setStage({ users: 100, vms: 600 });
  const server = await stage.serve('server', { flags });
  const bystander = openHost(stage, server.origin, 98);
  const probe = (): Promise<number | undefined> =>
    until(async () => (await bystander.call('read', { tool: 'list-zones' })).kind === 'ok', timeoutMs);
  const figures: Record<string, { memory: number; highest: number; answered: number | undefined }> = {};
  try {
    for (let n = 0; n < 20; n++) await probe();
    for (const [name, run] of cases) {
      const memory = server.memory();
      const maxCount = await highest(server, () => run({ checks, stage, server, bystander, probe }));
      const answered = await probe();
      figures[name] = { memory: Math.round(memory), highest: Math.round(maxCount), answered };
      checks.check(
        `${name}: the server runs, answers others, and its memory is bounded`,
        server.isRunning() && answered !== undefined && maxCount - memory < maxMemory,
        `answered after ${answered} ms; ${memory.toFixed(0)} MiB before, ${maxCount.toFixed(0)} at most, ${server.memory().toFixed(0)} after`,
      );
    }
    const left = await until(() => server.handles() < 100, 10_000);
    checks.check('no connection is left over', left !== undefined, `${server.handles()} handles`);
    await bystander.close();
    checks.check('it leaves when it is asked to', (await server.stop()) === 0);
    await exhaustDisk(checks, stage);
    return figures;
  } finally {
    await stage.close();
  }
};
