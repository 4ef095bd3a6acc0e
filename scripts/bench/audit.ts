/**
 * tsx scripts/bench/audit.ts [--json]: what the audit log adds to a call, in microseconds, with its file on this disk.
 * The entry is made, masked, chained and written; syncing goes on beside it, as it does in a server.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { audited, createAudit, type Audit } from '../../src/audit/audit.ts';
import { createSinks } from '../../src/audit/sinks.ts';
import { verifyLog } from '../../src/audit/verify.ts';
import type { CallRequest } from '../../src/types.ts';

const rounds = 200;
const callsPerRound = 250;

const request: CallRequest = {
  tool: 'deploy-virtual-machine',
  args: {},
  view: {},
  wait: 0,
  caller: { principal: 'ada@example.com', host: 'bench 1.0.0', profile: 'default' },
  consent: () => Promise.resolve(undefined),
  signal: new AbortController().signal,
};
const id = '5f0f2d3c-0000-4000-8000-000000000001';
const params = {
  zoneid: id,
  serviceofferingid: id,
  templateid: id,
  networkids: [id],
  name: 'web-01',
  password: 'x1y2',
};

const call = (audit: Audit, change: boolean): Promise<void> =>
  audited(audit, request, async (note, beforeSending) => {
    note({ command: 'deployVirtualMachine', params, risk: change ? 'change' : 'read', severity: 'medium' });
    note({ rule: 'operator: change/medium → allow', role: 'operator' });
    if (change) await beforeSending();
    note({ requests: 1, job: id });
  });

const quantile = (values: readonly number[], q: number): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length * q)]!;

/** Microseconds a call, of each round. */
const measure = async (audit: Audit, change: boolean): Promise<number[]> => {
  const taken: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const begun = performance.now();
    for (let at = 0; at < callsPerRound; at++) await call(audit, change);
    taken.push(((performance.now() - begun) * 1000) / callsPerRound);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  return taken.slice(rounds / 10);
};

const folder = mkdtempSync(join(tmpdir(), 'cloudstack-bench-'));
const path = join(folder, 'audit.jsonl');
const report = (message: string): void => void process.stderr.write(`${message}\n`);
const otlp = { url: 'http://localhost:4318/v1/logs', headers: {}, service: 'bench' };
const nothing: Audit = {
  ready: () => Promise.resolve(),
  problems: () => [],
  record: () => Promise.resolve(),
  defer: () => undefined,
  close: async () => {},
};
const audit = createAudit(
  createSinks({ state: folder, audit: path, auditRotate: 50 }, { stderr: process.stderr, report, otlp }),
  1000,
);

const bare = quantile(await measure(nothing, false), 0.5);
const rows = [];
for (const [what, change] of [
  ['read', false],
  ['change, with the look before it leaves', true],
] as const) {
  const taken = await measure(audit, change);
  rows.push({ what, median: quantile(taken, 0.5), p95: quantile(taken, 0.95), written: quantile(taken, 0.5) - bare });
}
await audit.close();
const verdict = verifyLog(path);
rmSync(folder, { recursive: true });
if (verdict.problems.length) throw new Error(verdict.problems[0]!.what);

if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify(rows)}\n`);
else
  for (const { what, median, p95, written } of rows)
    process.stdout.write(
      `${what}: ${median.toFixed(1)} µs a call (95 %: ${p95.toFixed(1)}), of which masking, chaining and writing ${written.toFixed(1)} µs\n`,
    );
// Some 10 µs of it are the look at the log's files before each entry.
if (rows[0]!.median > 50) process.exitCode = 1;
