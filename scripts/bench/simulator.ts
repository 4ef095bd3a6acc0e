import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** The simulator in a process of its own, so that it takes nothing from what is measured. */
export const startSimulatorProcess = async (...flags: string[]) => {
  const child = spawn(process.execPath, ['dist/main.js', 'simulator', '--port', '0', ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const ready = JSON.parse(line) as { url: string; apiKey: string; secretKey: string };
  return {
    ...ready,
    /** What a server needs to call it; its calls are not logged. */
    env: {
      CLOUDSTACK_API_URL: ready.url,
      CLOUDSTACK_API_KEY: ready.apiKey,
      CLOUDSTACK_SECRET_KEY: ready.secretKey,
      CLOUDSTACK_MCP_AUDIT: '/dev/null',
    },
    pid: child.pid!,
    close: async (): Promise<void> => {
      const gone = once(child, 'exit');
      child.kill();
      await gone;
    },
  };
};
