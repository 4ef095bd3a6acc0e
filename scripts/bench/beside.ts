import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { call, cpuOfCalls, read, startCloud } from './calls.ts';
import { connect, startHost } from './host.ts';
import { median } from './process.ts';

const rounds = 9;

/**
 * Two builds of this server in turns, over stdio, each round with new processes: CPU and memory of the first beside the second.
 * Lines for a person; nothing is judged.
 */
export const measureBeside = async (ours: string, other: string): Promise<string[]> => {
  const folder = mkdtempSync(join(tmpdir(), 'cloudstack-beside-'));
  const cloud = await startCloud();
  const figures = new Map<string, { unit: string; ours: number[]; other: number[] }>();
  let started = 0;
  const measure = async (name: 'ours' | 'other', file: string): Promise<void> => {
    const note = (what: string, unit: string, value: number): void => {
      const of = figures.get(what) ?? { unit, ours: [], other: [] };
      figures.set(what, of);
      of[name].push(value);
    };
    const host = startHost([file, 'serve'], {
      CLOUDSTACK_API_URL: cloud.url,
      CLOUDSTACK_API_KEY: 'key',
      CLOUDSTACK_SECRET_KEY: 'secret',
      CLOUDSTACK_MCP_AUDIT: join(folder, 'audit.jsonl'),
      // What discovery saves makes the next start cheaper: each is a first one.
      CLOUDSTACK_MCP_STATE: join(folder, String(++started)),
    });
    await connect(host);
    note('start to tools/list', 'ms', host.cpu());
    note('memory after the start', 'MiB', host.memory());
    await call(host, read('list-virtual-machines', { pagesize: 20 }));
    note('start to first answer', 'ms', host.cpu());
    for (const [what, count, width, params] of [
      ['list of 1 row, 16 at once', 800, 16, read('list-virtual-machines', { pagesize: 1 }, true)],
      ['list of 20 rows, 16 at once', 320, 16, read('list-virtual-machines', { pagesize: 20 }, true)],
      ['cached list of 20 rows, 16 at once', 800, 16, read('list-virtual-machines', { pagesize: 20 })],
      ['list of 500 rows', 24, 1, read('list-virtual-machines', { pagesize: 500 }, true)],
      ['find-tools', 60, 1, { name: 'find-tools', arguments: { query: 'restart a machine' } }],
    ] as const) {
      await cpuOfCalls(host, count, width, params);
      note(what, 'µs', 1000 * (await cpuOfCalls(host, count, width, params)));
    }
    note('memory after the calls', 'MiB', host.memory());
    await host.close();
  };
  try {
    for (let round = 0; round < rounds; round++) {
      await measure('ours', ours);
      await measure('other', other);
    }
  } finally {
    cloud.close();
    rmSync(folder, { recursive: true, force: true });
  }
  return [...figures].map(([what, { unit, ours: own, other: others }]) => {
    const ratios = own.map((value, at) => value / others[at]!);
    const [low, high] = [Math.min(...ratios), Math.max(...ratios)];
    const figure = (values: readonly number[]): string =>
      median(values)
        .toFixed(unit === 'µs' ? 0 : 1)
        .padStart(8);
    const spread = `${low.toFixed(2)} to ${high.toFixed(2)}`;
    return `${what.padEnd(40)}${figure(own)}${figure(others)} ${unit.padEnd(4)} ${median(ratios).toFixed(2)} (${spread})`;
  });
};
