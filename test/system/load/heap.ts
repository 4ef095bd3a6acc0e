import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'undici';
import type { ServerProcess } from '../../support/process.ts';

/** Starts a process so that its memory can be looked into: on loopback only, on a free port. */
export const inspected = { NODE_OPTIONS: '--inspect=127.0.0.1:0' };

const looks = 5;

const ask = async <T>(socket: WebSocket, id: number, method: string): Promise<T> => {
  const answered = new Promise<T>((resolve) => {
    const receive = ({ data }: { data: unknown }): void => {
      const message = JSON.parse(String(data)) as { id?: number; result?: T };
      if (message.id !== id) return;
      socket.removeEventListener('message', receive);
      resolve(message.result!);
    };
    socket.addEventListener('message', receive);
  });
  socket.send(JSON.stringify({ id, method }));
  return answered;
};

/** What JavaScript holds on to in a process that was just started so; the one returned may be asked at any time. */
export const lookInto = (server: ServerProcess): (() => Promise<number>) => {
  const url = /Debugger listening on (ws:\S+)/.exec(server.output())?.[1];
  if (!url) throw new Error('the server was not started to be looked into');
  return () => measure(url);
};

/** MiB, collected by force, and the least of a few looks: calls go on meanwhile. */
const measure = async (url: string): Promise<number> => {
  const socket = new WebSocket(url);
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve);
    socket.addEventListener('error', () => reject(new Error(`${url} does not answer`)));
  });
  try {
    const held: number[] = [];
    for (let look = 0; look < looks; look++) {
      await ask(socket, 2 * look + 1, 'HeapProfiler.collectGarbage');
      const { usedSize } = await ask<{ usedSize: number }>(socket, 2 * look + 2, 'Runtime.getHeapUsage');
      held.push(usedSize / 2 ** 20);
      await sleep(500);
    }
    return Math.min(...held);
  } finally {
    socket.close();
  }
};
