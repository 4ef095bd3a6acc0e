import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Pool } from 'undici';
import { createKeyCredential } from '../../src/cloudstack/credential.ts';
import { cpuOf } from './host.ts';
import { median, residentMiB, time } from './process.ts';
import { readBudget, type Row } from './rows.ts';

const machines = 10_000;
const pageSize = 100;

interface Cloud {
  url: string;
  pid: number;
  /** Milliseconds of CPU until it was ready. */
  ready: number;
  apiKey: string;
  secretKey: string;
  close(): Promise<void>;
}

const start = async (args: readonly string[]): Promise<Cloud> => {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const ready = cpuOf(child.pid!);
  const close = async (): Promise<void> => {
    const gone = once(child, 'exit');
    child.kill();
    await gone;
  };
  return {
    apiKey: 'key',
    secretKey: 'secret',
    ...(JSON.parse(line) as { url: string }),
    pid: child.pid!,
    ready,
    close,
  };
};

/** Milliseconds of CPU for each of so many pages, 16 at once, over HTTP. */
const askPages = async (
  { url, pid, ...keys }: Cloud,
  count: number,
  filter: Record<string, string> = {},
): Promise<number> => {
  const endpoint = new URL(url);
  const pool = new Pool(endpoint.origin, { connections: 16 });
  const credential = createKeyCredential(keys);
  let page = 0;
  const list = async (): Promise<void> => {
    page = (page % (machines / pageSize)) + 1;
    const paging = { page: String(page), pagesize: String(pageSize) };
    const params = { command: 'listVirtualMachines', response: 'json', listall: 'true', ...paging, ...filter };
    const { query } = await credential.prove(params, AbortSignal.timeout(60_000));
    const { statusCode, body } = await pool.request({ method: 'GET', path: `${endpoint.pathname}?${query}` });
    await body.dump();
    if (statusCode !== 200) throw new Error('a list was refused');
  };
  const before = cpuOf(pid);
  await time(count, 16, list);
  const taken = (cpuOf(pid) - before) / count;
  await pool.close();
  return taken;
};

/** The rows of the simulator's first pages, as often as there are machines, for the floor. */
const writeRows = async ({ url, ...keys }: Cloud, file: string): Promise<void> => {
  const params = { command: 'listVirtualMachines', response: 'json', listall: 'true', page: '1', pagesize: '100' };
  const { query } = await createKeyCredential(keys).prove(params, AbortSignal.timeout(60_000));
  const answer = (await (await fetch(`${url}?${query}`)).json()) as Record<string, { virtualmachine: object[] }>;
  const rows = answer['listvirtualmachinesresponse']!.virtualmachine;
  writeFileSync(file, JSON.stringify(Array.from({ length: machines }, (_, at) => rows[at % rows.length])));
};

/**
 * The simulator: its CPU until it is ready, a page of 100 of 10,000 machines over HTTP, and its memory then. Beside the least that
 * a cloud in memory can be, or beside another build of this program (`other`, its main.js), in turns.
 */
export const measureSimulated = async (floor: string, other?: string, rounds = 5): Promise<Row[]> => {
  const budget = readBudget();
  const folder = mkdtempSync(join(tmpdir(), 'cloudstack-simulated-'));
  const file = join(folder, 'rows.json');
  const simulator = (program: string, ...flags: string[]): readonly string[] => [
    program,
    ...['simulator', '--port', '0'],
    ...flags,
  ];
  const ours = 'dist/main.js';
  const open: Cloud[] = [];
  try {
    const large = await start(simulator(ours, '--vms', String(machines)));
    open.push(large);
    await writeRows(large, file);
    const beside = await start(other ? simulator(other, '--vms', String(machines)) : [floor, file]);
    open.push(beside);
    const figures = { ready: [[], []], page: [[], []], filtered: [[], []] } as Record<string, [number[], number[]]>;
    for (const cloud of open) await askPages(cloud, 500);
    for (let round = 0; round < rounds; round++) {
      for (const [at, args] of [simulator(ours), other ? simulator(other) : [floor, file]].entries()) {
        const small = await start(args);
        figures['ready']![at]!.push(small.ready);
        await small.close();
      }
      for (const [at, cloud] of open.entries()) {
        figures['page']![at]!.push(await askPages(cloud, 600));
        figures['filtered']![at]!.push(await askPages(cloud, 600, { state: 'Running' }));
      }
    }
    const [memory, memoryBeside] = open.map(({ pid }) => residentMiB(pid));
    const row = (what: string, [ours, theirs]: [number[], number[]]): Row => {
      const name = `simulator, ${what}`;
      const bound = budget[other ? `${name}, beside another build` : name];
      return {
        what: name,
        value: median(ours),
        reference: median(theirs),
        unit: 'ms CPU',
        ...(bound ? { bound } : {}),
      };
    };
    const bound = budget['simulator, 10,000 machines: memory'];
    return [
      row('ready', figures['ready']!),
      row('10,000 machines: a page of 100', figures['page']!),
      row('10,000 machines: a page, filtered by state', figures['filtered']!),
      {
        what: 'simulator, 10,000 machines: memory',
        value: memory!,
        reference: memoryBeside!,
        unit: 'MiB',
        ...(bound ? { bound } : {}),
      },
    ];
  } finally {
    for (const cloud of open) await cloud.close();
    rmSync(folder, { recursive: true, force: true });
  }
};
