import { openHost } from '../load/stage.ts';
import type { Cluster } from './cluster.ts';
import { ask, withYes } from './question.ts';

/** A machine that nobody else works with; to reboot it needs a yes, and can be done again and again. */
export const rebootOf = async ({ stage }: Pick<Cluster, 'stage'>, number: number) => {
  const rows = await stage.cloud.list('listVirtualMachines', { listall: 'true', state: 'Running', keyword: 'scale-' });
  const { id } = rows[number] as { id: string };
  const call = { name: 'destroy', arguments: { tool: 'reboot-virtual-machine', arguments: { id }, wait: 5 } };
  /** How often it was rebooted, as the cloud knows it. */
  const times = async (): Promise<number> => {
    const events = await stage.cloud.list('listEvents', {
      listall: 'true',
      type: 'VM.REBOOT',
      resourceid: id,
      resourcetype: 'VirtualMachine',
    });
    return events.filter(({ state }) => state === 'Completed').length;
  };
  return { id, call, times };
};

/** Asked by one replica, answered at another; and nowhere a second time. */
export const answerElsewhere = async (cluster: Cluster): Promise<void> => {
  const { checks, stage, replicas, origin } = cluster;
  const token = stage.tokenOf(60);
  const replays: string[] = [];
  const ended: string[] = [];
  let done = 0;
  for (const [n, asker] of replicas.entries()) {
    const { call, times } = await rebootOf(cluster, n);
    const asked = await ask(asker, token, call);
    const answered = withYes(call, asked);
    ended.push(`${asked.kind} → ${(await ask(replicas[(n + 1) % replicas.length]!, token, answered)).kind}`);
    for (const replica of replicas) replays.push((await ask(replica, token, answered)).kind);
    done += await times();
  }
  checks.check(
    'asked at one replica, answered at another: done',
    ended.every((each) => each === 'asked → ok'),
    ended.join(', '),
  );
  checks.check(
    'answered again at every replica: refused, and done once',
    replays.every((kind) => kind === 'unconfirmed') && done === replicas.length,
    `${[...new Set(replays)].join(', ')} × ${replays.length}; done ${done} times for ${replicas.length}`,
  );

  const { call, times } = await rebootOf(cluster, 5);
  const asked = await ask(origin, token, call);
  const race = await Promise.all(
    [...replicas, ...replicas].map((replica) => ask(replica, token, withYes(call, asked))),
  );
  const confirmations = race.filter(({ kind }) => kind === 'ok').length;
  checks.check(
    'the same yes at all replicas in the same moment: one is taken',
    confirmations === 1 && (await times()) === 1,
    `${confirmations} of ${race.length} taken, done ${await times()} times`,
  );

  // In the older era question and answer are two requests of one session, which the proxy leads to one replica.
  const hosts = Array.from({ length: 9 }, (_, n) =>
    openHost(stage, origin, 61 + n, { protocol: n % 3 ? 'old' : 'new' }),
  );
  const kinds = await Promise.all(
    hosts.map(async (host, n) => {
      const { call: own } = await rebootOf(cluster, 10 + n);
      return (await host.call(own.name, own.arguments)).kind;
    }),
  );
  await Promise.all(hosts.map((host) => host.close()));
  checks.check(
    'asked and answered through the proxy, in both eras',
    kinds.every((kind) => kind === 'ok'),
    kinds.join(' '),
  );
};
