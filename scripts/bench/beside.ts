import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { call, cpuOfCalls, read, settle, startCloud } from './calls.ts';
import { connect, startHost, type Host } from './host.ts';
import { median } from './process.ts';

/** Milliseconds, MiB, microseconds or bytes, measured as often for both builds. */
interface Figure {
  unit: string;
  ours: number[];
  other: number[];
}

const machines = (pagesize: number, fresh: boolean) => read('list-virtual-machines', { pagesize }, fresh);

/** What is called, how often in each round, and how many at once. */
const kinds = [
  ['list of 1 row, 16 at once', 1600, 16, machines(1, true)],
  ['list of 20 rows, 16 at once', 640, 16, machines(20, true)],
  ['list of 500 rows, 16 at once', 48, 16, machines(500, true)],
  ['cached list of 20 rows, 16 at once', 1600, 16, machines(20, false)],
  ['find-tools', 100, 1, { name: 'find-tools', arguments: { query: 'restart a machine' } }],
] as const;

/** The main.js of a build: the file, or that of a folder in which this program was built. */
export const programAt = (path: string): string =>
  statSync(path).isDirectory() ? join(path, 'dist', 'main.js') : path;

/**
 * Two builds of this server over stdio, in turns, against one cloud that costs nothing. What a start costs, each round with new
 * processes; then what calls cost in two processes that have done each of them before. Lines for a person: processor time and memory of
 * the first beside the second, and how long their answers are. Nothing is judged.
 */
export const measureBeside = async (
  ours: string,
  other: string,
  rounds: { start: number; calls: number } = { start: 7, calls: 11 },
): Promise<string[]> => {
  const folder = mkdtempSync(join(tmpdir(), 'cloudstack-beside-'));
  const cloud = await startCloud();
  const figures = new Map<string, Figure>();
  const builds = [
    ['ours', ours],
    ['other', other],
  ] as const;
  type Name = (typeof builds)[number][0];
  const note = (what: string, unit: string, name: Name, value: number): void => {
    const of = figures.get(what) ?? { unit, ours: [], other: [] };
    figures.set(what, of);
    of[name].push(value);
  };
  let started = 0;
  const start = (file: string): Host =>
    startHost([file, 'serve'], {
      CLOUDSTACK_API_URL: cloud.url,
      CLOUDSTACK_API_KEY: 'key',
      CLOUDSTACK_SECRET_KEY: 'secret',
      CLOUDSTACK_MCP_AUDIT: join(folder, `audit-${++started}.jsonl`),
      // What discovery saves makes the next start cheaper: each is a first one.
      CLOUDSTACK_MCP_STATE: join(folder, String(started)),
    });
  const measureStart = async (name: Name, file: string): Promise<void> => {
    const host = start(file);
    await connect(host);
    note('start to tools/list', 'ms', name, host.cpu());
    note('memory after the start', 'MiB', name, host.memory());
    await call(host, machines(20, false));
    note('start to first answer', 'ms', name, host.cpu());
    note('memory after the first answer', 'MiB', name, host.memory());
    await host.close();
  };
  const measureCalls = async (): Promise<void> => {
    const hosts = builds.map(([name, file]) => [name, start(file)] as const);
    for (const [name, host] of hosts) {
      await connect(host);
      for (const [, count, width, params] of kinds) await cpuOfCalls(host, 2 * count, width, params);
      await settle(host);
      for (const [what, , , params] of kinds)
        note(
          `${what.replace(/,.*/, '')}: its answer`,
          'B',
          name,
          Buffer.byteLength(await host.request('tools/call', params)),
        );
    }
    for (let round = 0; round < rounds.calls; round++)
      for (const [what, count, width, params] of kinds)
        for (const [name, host] of round % 2 ? [...hosts].reverse() : hosts)
          note(what, 'µs', name, 1000 * (await cpuOfCalls(host, count, width, params)));
    for (const [name, host] of hosts) {
      note('memory after the calls', 'MiB', name, host.memory());
      await host.close();
    }
  };
  try {
    for (let round = 0; round < rounds.start; round++)
      for (const [name, file] of builds) await measureStart(name, file);
    await measureCalls();
  } finally {
    cloud.close();
    rmSync(folder, { recursive: true, force: true });
  }
  return [...figures].map(([what, { unit, ours: own, other: others }]) => {
    const ratios = own.map((value, at) => value / others[at]!);
    const figure = (values: readonly number[]): string =>
      median(values)
        .toFixed(['µs', 'B'].includes(unit) ? 0 : 1)
        .padStart(8);
    const spread = ratios.length > 1 ? ` (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)})` : '';
    const ratio = median(own) / median(others);
    return `${what.padEnd(40)}${figure(own)}${figure(others)} ${unit.padEnd(4)} ${ratio.toFixed(2)}${spread}`;
  });
};
