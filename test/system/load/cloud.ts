import { setTimeout } from 'node:timers/promises';
import { Pool } from 'undici';
import { createKeyCredential } from '../../../src/cloudstack/credential.ts';
import type { FaultPlan } from '../../../src/simulator/index.ts';
import type { SimulatorProcess } from '../../support/process.ts';

/** A simulator as its operator sees it: asked directly, past the server under test. */
export interface Cloud {
  /** One command; gives what is inside of the envelope. Throws for an error of CloudStack. */
  ask(command: string, params?: Record<string, string>): Promise<Record<string, unknown>>;
  /** One command that has a job, until the job has ended; gives the job. */
  finish(command: string, params?: Record<string, string>): Promise<Record<string, unknown>>;
  /** Every row of a list. */
  list(command: string, params?: Record<string, string>): Promise<Record<string, unknown>[]>;
  setFaults(plan: FaultPlan): Promise<void>;
  close(): Promise<void>;
}

const pageSize = 500;

/** Signs with the simulator's administrator's key. */
export const createCloud = (simulator: SimulatorProcess): Cloud => {
  const { origin, pathname } = new URL(simulator.url);
  const pool = new Pool(origin, { connections: 4 });
  const credential = createKeyCredential(simulator);
  const ask: Cloud['ask'] = async (command, params = {}) => {
    const { query } = await credential.prove({ command, response: 'json', ...params }, AbortSignal.timeout(5000));
    const { statusCode, body } = await pool.request({ method: 'GET', path: `${pathname}?${query}` });
    const envelope = (await body.json()) as Record<string, Record<string, unknown>>;
    const [inside = {}] = Object.values(envelope);
    if (statusCode !== 200) throw new Error(`${command}: ${statusCode} ${String(inside['errortext'])}`);
    return inside;
  };
  return {
    ask,
    finish: async (command, params) => {
      const jobid = String((await ask(command, params))['jobid']);
      for (;;) {
        const job = await ask('queryAsyncJobResult', { jobid });
        if (job['jobstatus'] !== 0) return job;
        await setTimeout(100);
      }
    },
    list: async (command, params = {}) => {
      const rows: Record<string, unknown>[] = [];
      for (let page = 1; ; page++) {
        const inside = await ask(command, { ...params, page: String(page), pagesize: String(pageSize) });
        const found = Object.values(inside).find(Array.isArray) as Record<string, unknown>[] | undefined;
        rows.push(...(found ?? []));
        if ((found?.length ?? 0) < pageSize) return rows;
      }
    },
    setFaults: async (plan) => {
      const { body, statusCode } = await pool.request({
        method: 'PUT',
        path: '/simulator/faults',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(plan),
      });
      if (statusCode !== 200) throw new Error(`the simulator did not take the faults: ${await body.text()}`);
      await body.dump();
    },
    close: () => pool.close(),
  };
};
