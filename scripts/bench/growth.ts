import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKeyCredential } from '../../src/cloudstack/credential.ts';
import { cpuOf } from './host.ts';
import { median, residentMiB } from './process.ts';
import { readBudget, type Row } from './rows.ts';
import { startSimulatorProcess } from './simulator.ts';

const machines = [1000, 100_000];
const deploys = 60;

type Answer = Record<string, unknown>;

/** CPU of one deployment in the simulator, with its job, and its memory after them, by how many machines there are. */
export const measureGrowth = async (): Promise<Row[]> => {
  const bounds = readBudget();
  const rows: Row[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'cloudstack-growth-'));
  const measure = async (count: number, state: string | undefined): Promise<void> => {
    const simulator = await startSimulatorProcess(
      ...['--vms', String(count), '--job-millis', '0'],
      ...(state === undefined ? [] : ['--state', state]),
    );
    const credential = createKeyCredential(simulator);
    const ask = async (command: string, params: Record<string, string> = {}): Promise<Answer> => {
      const { query } = await credential.prove({ command, response: 'json', ...params }, AbortSignal.timeout(60_000));
      const answer = (await (await fetch(`${simulator.url}?${query}`)).json()) as Record<string, Answer>;
      const [body = {}] = Object.values(answer);
      if ('errortext' in body) throw new Error(`${command}: ${String(body['errortext'])}`);
      return body;
    };
    const first = async (command: string, key: string, fits: (row: Answer) => boolean, params = {}): Promise<string> =>
      String(((await ask(command, params))[key] as Answer[]).find(fits)!['id']);
    try {
      const zoneid = await first('listZones', 'zone', () => true);
      const params = {
        zoneid,
        templateid: await first('listTemplates', 'template', ({ format }) => format !== 'ISO', {
          templatefilter: 'featured',
        }),
        serviceofferingid: await first(
          'listServiceOfferings',
          'serviceoffering',
          (row) => row['iscustomized'] !== true,
        ),
        networkids: await first('listNetworks', 'network', ({ account }) => account === 'admin', {
          listall: 'true',
          zoneid,
        }),
      };
      const taken: number[] = [];
      for (let at = 0; at < deploys; at++) {
        const before = cpuOf(simulator.pid);
        const { jobid } = await ask('deployVirtualMachine', { ...params, name: `bench-${at}` });
        const { jobstatus } = await ask('queryAsyncJobResult', { jobid: String(jobid) });
        if (jobstatus !== 1) throw new Error('a deployment failed');
        taken.push(cpuOf(simulator.pid) - before);
      }
      const size = `${count.toLocaleString('en')} machines${state === undefined ? '' : ', state file'}`;
      for (const [what, value, unit] of [
        [`simulator, ${size}: deploy`, median(taken.slice(deploys / 3)), 'ms'],
        [`simulator, ${size}: memory`, residentMiB(simulator.pid), 'MiB'],
      ] as const) {
        const bound = bounds[what];
        rows.push({ what, value, unit, ...(bound ? { bound } : {}) });
      }
    } finally {
      await simulator.close();
    }
  };
  try {
    for (const count of machines) {
      await measure(count, undefined);
      await measure(count, join(folder, `${count}.json`));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return rows;
};
