import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../checks.ts';
import { countErrors, errorsOf, figuresOf } from '../load/tally.ts';
import { startTraffic } from '../load/traffic.ts';
import type { Cluster } from './cluster.ts';
import { ask, withYes, type Output } from './question.ts';
import { rebootOf } from './questions.ts';

/** Milliseconds in which everything must be well again once the store is. */
const healing = 10_000;

/** Without the store reads go on, what needs a yes is refused and not sent; with it, all is well again by itself. */
export const loseStore = async (cluster: Cluster): Promise<void> => {
  const { checks, stage, store, replicas, origin } = cluster;
  const token = stage.tokenOf(90);
  let number = 30;
  /** Another machine each time: a question that was put and not answered is not put to the host again. */
  const confirm = async (replica: string): Promise<Output> => {
    const { call } = await rebootOf(cluster, number++);
    const asked = await ask(replica, token, call);
    return asked.kind === 'asked' ? ask(replica, token, withYes(call, asked)) : asked;
  };
  const reboots = async (): Promise<number> =>
    (await stage.cloud.list('listEvents', { listall: 'true', type: 'VM.REBOOT' })).length;
  const lose = async (how: string, leave: () => Promise<void>, comeBack: () => Promise<void>): Promise<void> => {
    const { call, times } = await rebootOf(cluster, number++);
    const early = await ask(replicas[0]!, token, call);
    const traffic = startTraffic({ stage, origin, users: 20, pause: 150, notify: checks.print });
    await sleep(500);
    const before = await reboots();
    await leave();
    const begun = performance.now();
    const output = await Promise.all([...replicas.map(confirm), ask(replicas[1]!, token, withYes(call, early))]);
    const slowest = Math.round(performance.now() - begun);
    await sleep(2000);
    const ready = await Promise.all(replicas.map(async (replica) => (await fetch(`${replica}/health/ready`)).status));
    const unsent = (await times()) === 0 && (await reboots()) === before;
    await comeBack();
    const healed = await Promise.all(
      replicas.map((replica) => until(async () => (await confirm(replica)).kind === 'ok', healing)),
    );
    await traffic.stop();
    const { count, p99 } = figuresOf(traffic.tally.operations.values());
    checks.check(
      `store ${how}: reads go on`,
      count > 0 && !countErrors(traffic.tally) && ready.every((status) => status === 200),
      `${count} reads, p99 ${p99} ms, errors ${JSON.stringify(errorsOf(traffic.tally))}, ready ${ready.join(' ')}`,
    );
    checks.check(
      `store ${how}: what needs a yes is refused, and nothing is sent`,
      unsent && output.every(({ kind }) => kind !== 'ok' && kind !== 'asked'),
      `${output.map(({ kind }) => kind).join(', ')} within ${slowest} ms`,
    );
    checks.check(
      `store ${how}: back again, everything is well within ${healing / 1000} s`,
      healed.every((time) => time !== undefined),
      `after ${healed.join(', ')} ms`,
    );
  };
  await lose(
    'killed',
    () => store.stop(),
    () => store.start(),
  );
  await lose(
    'without answers',
    () => Promise.resolve(store.freeze()),
    () => Promise.resolve(store.thaw()),
  );
};
