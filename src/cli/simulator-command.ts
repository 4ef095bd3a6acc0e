import { once } from 'node:events';
import { exit, printLine, type Io } from './io.ts';

/** The flags of `simulator`. */
export interface SimulatorFlags {
  port: number;
  empty?: boolean;
  vms?: number;
  release?: string;
  jobMillis?: number;
}

/** `simulator`: the embedded CloudStack on loopback until the process is asked to stop. */
export const runSimulator = async (flags: SimulatorFlags, io: Io): Promise<number> => {
  const { createSimulator } = await import('../simulator/index.ts');
  const { serveSimulator } = await import('../simulator/server.ts');
  const { port, empty, ...options } = flags;
  const simulator = createSimulator({ ...options, seed: empty ? 'empty' : 'default' });
  const server = await serveSimulator(simulator, { port });
  await printLine(io.stdout, JSON.stringify({ url: server.url, ...simulator.credentials }));
  if (!io.signal.aborted) await once(io.signal, 'abort');
  await server.close();
  return exit.done;
};
