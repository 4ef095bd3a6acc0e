import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import type { Host } from './host.ts';

/** A cloud that costs nothing, in a process of its own. */
export const startCloud = async () => {
  const child = spawn(process.execPath, ['--import', 'tsx', 'scripts/bench/instant-cloud.ts'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return { url: (JSON.parse(line) as { url: string }).url, close: () => child.kill() };
};

/** A read, as a tool's call. */
export const read = (tool: string, args: object = {}, fresh = false) => ({
  name: 'read',
  arguments: { tool, arguments: args, ...(fresh ? { fresh } : {}) },
});

/** One call. Throws where it failed: an error costs less than an answer. */
export const call = async (host: Host, params: object): Promise<void> => {
  const text = await host.request('tools/call', params);
  if (/"isError":true|"error":\{"code"/.test(text)) throw new Error(`A call failed: ${text.slice(0, 400)}`);
};

/** Waits until what goes on beside the calls, such as discovery, has ended: the process is idle for a while. */
export const settle = async (host: Host): Promise<void> => {
  let before = -Infinity;
  for (let now = host.cpu(); now - before > 1; now = host.cpu()) {
    before = now;
    await setTimeout(300);
  }
};

/** Milliseconds of CPU of each of so many calls, `width` at once. */
export const cpuOfCalls = async (host: Host, count: number, width: number, params: object): Promise<number> => {
  let left = count;
  const before = host.cpu();
  const worker = async (): Promise<void> => {
    while (left-- > 0) await call(host, params);
  };
  await Promise.all(Array.from({ length: width }, worker));
  return (host.cpu() - before) / count;
};
