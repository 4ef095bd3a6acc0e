import { limited, rateLimit, type Cluster } from './cluster.ts';
import { ask } from './question.ts';

/** Limits are of the user, not of the replica that happens to be asked. */
export const holdLimits = async ({ checks, stage, replicas }: Cluster): Promise<void> => {
  const at = (n: number): string => replicas[n % replicas.length]!;
  const names = Array.from({ length: 4 * limited.changes }, (_, n) => `limited-${n}`);
  const output = await Promise.all(
    names.map((name, n) =>
      ask(at(n), stage.tokenOf(80), {
        name: 'change',
        arguments: { tool: 'create-affinity-group', arguments: { name, type: 'host anti-affinity' } },
      } as { name: string }),
    ),
  );
  const made = await stage.cloud.list('listAffinityGroups', { listall: 'true', keyword: 'limited-' });
  const kinds = output.map(({ kind }) => kind);
  checks.check(
    `a limit of ${limited.changes} changes holds over all replicas together`,
    made.length === limited.changes &&
      kinds.filter((kind) => kind === 'ok').length === limited.changes &&
      kinds.every((kind) => kind === 'ok' || kind === 'refused'),
    `${names.length} asked for at once, ${made.length} made`,
  );

  const begun = performance.now();
  let [taken, refused] = [0, 0];
  const find = { name: 'find-tools', arguments: { query: 'zones' } } as { name: string };
  for (let n = 0; n < 1.5 * rateLimit; n += 30) {
    const some = await Promise.all(
      Array.from({ length: 30 }, (_, m) => ask(at(n + m), stage.tokenOf(81), find).catch(() => ({ status: 0 }))),
    );
    taken += some.filter(({ status }) => status === 200).length;
    refused += some.filter(({ status }) => status === 429).length;
  }
  const seconds = (performance.now() - begun) / 1000;
  const max = rateLimit + Math.ceil((seconds * rateLimit) / 60);
  checks.check(
    `a limit of ${rateLimit} requests a minute holds over all replicas together`,
    taken >= rateLimit && taken <= max + 2 && taken + refused === 1.5 * rateLimit,
    `${taken} of ${1.5 * rateLimit} taken in ${seconds.toFixed(1)} s, ${refused} refused`,
  );
};
