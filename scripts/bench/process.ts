import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';

export interface Started {
  client: Client;
  /** Milliseconds from the start of the process to the first tool list. */
  start: number;
  /** Resident memory in MiB now. */
  memory(): number;
  tools: readonly unknown[];
  close(): Promise<void>;
}

/** Resident memory of a process in MiB, as Linux counts it. */
export const residentMiB = (pid: number): number => {
  const line = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1] ?? 0) / 1024;
};

/** Starts a server on stdio and asks for its tools. */
export const startServer = async (args: string[], env: Record<string, string> = {}): Promise<Started> => {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args,
    env,
  });
  const client = new Client({ name: 'bench', version: '0' }, { capabilities: {} });
  const begun = performance.now();
  await client.connect(transport);
  const { tools } = await client.listTools();
  const start = performance.now() - begun;
  return { client, start, tools, memory: () => residentMiB(transport.pid!), close: () => client.close() };
};

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
};

/** Runs `count` times, `width` at once, and gives the milliseconds of each. */
export const time = async (count: number, width: number, run: () => Promise<unknown>): Promise<number[]> => {
  const taken: number[] = [];
  let left = count;
  const worker = async (): Promise<void> => {
    while (left-- > 0) {
      const begun = performance.now();
      await run();
      taken.push(performance.now() - begun);
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
  return taken;
};
