import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from '../../../src/simulator/index.ts';
import { until, type Checks } from '../checks.ts';
import { createLedger, describeVerdict, isClean } from './ledger.ts';
import { openHost, setStage } from './stage.ts';
import { countErrors, errorsOf, figuresOf } from './tally.ts';
import { startTraffic } from './traffic.ts';

/** Everything that goes wrong with clouds, more often than in any. */
const rules: Fault[] = [
  { kind: 'latency', ms: 400, probability: 0.1 },
  { kind: 'latency', ms: 2500, probability: 0.02 },
  { kind: 'status', status: 503, probability: 0.03 },
  { kind: 'status', status: 500, probability: 0.02 },
  { kind: 'status', status: 429, probability: 0.02 },
  { kind: 'html', status: 502, probability: 0.02 },
  { kind: 'reset', probability: 0.02 },
  { kind: 'reset', after: true, probability: 0.02 },
  { kind: 'truncate', probability: 0.01 },
  { kind: 'hang', probability: 0.005 },
  { command: 'createVolume', kind: 'job-fail', probability: 0.02 },
];

/** What a call may end as while the cloud is like that; anything else is a fault of this server. */
const expected = {
  read: ['unavailable', 'timeout', 'rate-limit', 'protocol', 'failed'],
  change: ['unavailable', 'timeout', 'rate-limit', 'unknown-outcome', 'failed'],
};

/** Milliseconds in which everything must be well again, once the cloud is. */
const healing = 20_000;

/** A cloud that misbehaves: the server stays up, says so, sends no change twice, and is well again when the cloud is. */
export const runFaults = async (checks: Checks, { users, seconds }: { users: number; seconds: number }) => {
  const stage = await setStage({ users });
  // Kept answers would hide the faults.
  const flags = ['--timeout', '3000', '--retry-delay', '100', '--rate-limit', '1000000', '--cache', 'false'];
  const server = await stage.serve('server', { flags });
  const ledger = createLedger(`faults-${Date.now().toString(36)}`);
  const begin = (report?: (message: string) => void) =>
    startTraffic({ stage, origin: server.origin, users, pause: 200, ledger, notify: report });
  try {
    const calm = begin(checks.print);
    await sleep(Math.min(3000, seconds * 300));
    await calm.stop();
    checks.check('before: no errors', !countErrors(calm.tally), JSON.stringify(errorsOf(calm.tally)));

    await stage.cloud.setFaults({ seed: 7, rules });
    const stormy = begin();
    await sleep(seconds * 1000);
    await stormy.stop();
    await stage.cloud.setFaults({ rules: [] });
    const reads = errorsOf(stormy.tally, (name) => name === 'read');
    const changes = errorsOf(stormy.tally, (name) => name === 'change');
    const { count, p99 } = figuresOf(stormy.tally.operations.values());
    const known = (errors: object, kinds: readonly string[]) =>
      Object.keys(errors).every((kind) => kinds.includes(kind));
    checks.check(
      'faults: the server runs',
      server.isRunning(),
      `${count} calls, p99 ${p99} ms, ${Math.round(server.memory())} MiB`,
    );
    checks.check('faults: reads end well or as expected', known(reads, expected.read), JSON.stringify(reads));
    checks.check('faults: changes end well or as expected', known(changes, expected.change), JSON.stringify(changes));

    const host = openHost(stage, server.origin, 0);
    const healed = await until(async () => (await host.call('read', { tool: 'list-zones' })).kind === 'ok', healing);
    await host.close();
    checks.check(`after: a read succeeds within ${healing / 1000} s`, healed !== undefined, `${healed} ms`);
    const again = begin(checks.print);
    await sleep(Math.min(3000, seconds * 300));
    await again.stop();
    checks.check('after: no errors', !countErrors(again.tally), JSON.stringify(errorsOf(again.tally)));

    const verdict = await ledger.audit(stage.cloud);
    checks.check('every change was sent once at most', isClean(verdict), describeVerdict(verdict));
    checks.check(
      'no bug was reported',
      !/\bbug [0-9a-f]{8}-/.test(server.output()),
      server
        .output()
        .split('\n')
        .find((line) => line.startsWith('bug ')) ?? '',
    );
    return { users, seconds, calls: count, reads, changes, verdict, healed };
  } finally {
    await stage.close();
  }
};
