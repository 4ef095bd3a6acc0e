import { setTimeout as sleep } from 'node:timers/promises';
import { createLedger, describeVerdict, isClean } from '../load/ledger.ts';
import { countErrors, errorsOf, figuresOf, type Tally } from '../load/tally.ts';
import { startTraffic, type Traffic } from '../load/traffic.ts';
import type { Cluster } from './cluster.ts';

const show = (tally: Tally): string => {
  const { count, p99 } = figuresOf(tally.operations.values());
  return `${count} calls, p99 ${p99} ms, errors ${JSON.stringify(errorsOf(tally))}`;
};

const run = Date.now().toString(36);

/** What somebody may hear whose replica dies in the middle of a call. */
const broken = (kind: string): boolean => /^(connection-|http-50[234]$)/.test(kind);

const begin = ({ stage, origin, checks }: Cluster, options: Partial<Parameters<typeof startTraffic>[0]>): Traffic =>
  startTraffic({ stage, origin, users: 40, pause: 250, notify: checks.print, ...options });

/** A replica is asked to stop under load: whoever is at work notices nothing. */
export const stopOne = async (cluster: Cluster): Promise<void> => {
  const { checks, stage } = cluster;
  const ledger = createLedger(`term-${run}`);
  const traffic = begin(cluster, { ledger });
  await sleep(3000);
  const status = await cluster.process(2).stop('SIGTERM');
  await sleep(1500);
  await cluster.restart(2);
  await sleep(1000);
  await traffic.stop();
  const verdict = await ledger.audit(stage.cloud);
  checks.check('SIGTERM under load: it leaves with 0', status === 0, String(status));
  checks.check('SIGTERM under load: nobody notices', !countErrors(traffic.tally), show(traffic.tally));
  checks.check(
    'SIGTERM under load: no change is lost or repeated, none is unknown',
    isClean(verdict) && !verdict.unknown,
    describeVerdict(verdict),
  );
};

/** A replica dies under load: what was accepted is there, nothing is there twice, and everybody goes on elsewhere. */
export const killOne = async (cluster: Cluster): Promise<void> => {
  const { checks, stage } = cluster;
  const ledger = createLedger(`kill-${run}`);
  const report = (): void => undefined;
  const traffic = begin(cluster, { ledger, users: 30, notify: report });
  // Enough of them that some are under way whenever it dies.
  const changes = begin(cluster, { ledger, users: 30, from: 30, reads: false, pause: 20, notify: report });
  await sleep(3000);
  await cluster.process(1).stop('SIGKILL');
  await sleep(1500);
  const later = begin(cluster, { from: 60, users: 20 });
  await sleep(2000);
  await Promise.all([later.stop(), traffic.stop(), changes.stop()]);
  await cluster.restart(1);
  const verdict = await ledger.audit(stage.cloud);
  const kinds = [traffic, changes].flatMap(({ tally }) => Object.keys(errorsOf(tally)));
  checks.check(
    'SIGKILL under load: calls that were under way there break, others do not',
    kinds.every(broken) && countErrors(traffic.tally) <= 30 && countErrors(changes.tally) <= 30,
    `${show(traffic.tally)}; changes only: ${show(changes.tally)}`,
  );
  checks.check(
    'SIGKILL under load: no accepted change is lost, none is repeated',
    isClean(verdict) && verdict.accepted > 0,
    describeVerdict(verdict),
  );
  checks.check('SIGKILL under load: soon nobody notices any more', !countErrors(later.tally), show(later.tally));
};

/** Every replica is replaced, one after the other. */
export const rollOver = async (cluster: Cluster): Promise<void> => {
  const { checks, replicas } = cluster;
  const traffic = begin(cluster, {});
  await sleep(500);
  const statuses = [];
  for (const n of replicas.keys()) {
    statuses.push(await cluster.process(n).stop('SIGTERM'));
    await cluster.restart(n);
  }
  await sleep(500);
  await traffic.stop();
  checks.check(
    'rolling restart: every replica leaves with 0',
    statuses.every((status) => status === 0),
    statuses.join(' '),
  );
  checks.check('rolling restart: no read fails', !countErrors(traffic.tally), show(traffic.tally));
};
