import { setTimeout as sleep } from 'node:timers/promises';
import { createLedger } from '../load/ledger.ts';
import { openHost } from '../load/stage.ts';
import { makeVolume } from '../load/traffic.ts';
import type { Cluster } from './cluster.ts';

const rounds = 15;
/** Seconds after which a change made past all replicas has to be seen. */
const maxSeconds = 20;

/** How often a replica has answered out of its cache, as it says itself. */
const hits = async (origin: string): Promise<number> => {
  const text = await (await fetch(`${origin}/metrics`)).text();
  return Number(/cache_requests_total\{[^}]*result="hit"[^}]*\} (\d+)/.exec(text)?.[1] ?? 0);
};

/** What is changed through one replica is seen at once in a list that another has kept. */
export const seeChanges = async ({ checks, stage, replicas }: Cluster): Promise<void> => {
  const hosts = replicas.map((origin, n) => openHost(stage, origin, 94 + n, { protocol: 'new' }));
  const prefix = `seen-${Date.now().toString(36)}`;
  const ledger = createLedger(prefix);
  const list = { tool: 'list-volumes', arguments: { listall: true, keyword: prefix }, pagesize: 100 };
  const count = async (n: number): Promise<number> =>
    Number((await hosts[n]!.call('read', list)).structured['count'] ?? -1);
  const stale: string[] = [];
  let saved = 0;
  for (let round = 0; round < rounds; round++) {
    const writer = round % hosts.length;
    const readers = hosts.map((_, n) => n).filter((n) => n !== writer);
    const before = await Promise.all(readers.map((n) => hits(replicas[n]!)));
    // Again, so that it is answered out of the cache.
    await Promise.all(readers.map(count));
    await Promise.all(readers.map(count));
    for (const [at, n] of readers.entries()) if ((await hits(replicas[n]!)) > before[at]!) saved++;
    await makeVolume(hosts[writer]!, stage, ledger);
    for (const reader of readers) {
      const seen = await count(reader);
      if (seen !== round + 1) stale.push(`${writer} → ${reader}: ${seen} of ${round + 1}`);
    }
  }
  const [volume] = await stage.cloud.list('listVolumes', { listall: 'true', keyword: prefix });
  await stage.cloud.ask('deleteVolume', { id: String(volume!['id']) });
  const changed = performance.now();
  const since = (): number => (performance.now() - changed) / 1000;
  const unaware = new Set(hosts.keys());
  while (unaware.size && since() < maxSeconds) {
    await sleep(100);
    for (const n of unaware) if ((await count(n)) === rounds - 1) unaware.delete(n);
  }
  checks.check(
    `a change made directly at the cloud is seen in the kept lists of all replicas within ${maxSeconds} s`,
    unaware.size === 0,
    `after ${since().toFixed(1)} s; ${unaware.size} of ${hosts.length} did not see it`,
  );
  await Promise.all(hosts.map((host) => host.close()));
  checks.check(
    'a change through one replica is in the lists of the others at once',
    // News of an earlier change may drop a list in between.
    !stale.length && saved > rounds,
    `${rounds * (hosts.length - 1)} looks, ${saved} at lists that were kept, ${stale.length} stale ${stale.slice(0, 3).join('; ')}`,
  );
};
