import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { envelope } from './host.ts';
import { until } from '../checks.ts';

/** Where and as whom bytes are sent that no client would send. */
export interface Target {
  origin: string;
  token: string;
}

/** What became of many connections. */
export interface Ends {
  /** Closed by the server. */
  closed: number;
  /** Still open when it was over. */
  open: number;
  /** Answers by HTTP status, of those that got one. */
  statuses: Record<string, number>;
}

const open = ({ origin }: Target): Socket => {
  const { hostname, port } = new URL(origin);
  const socket = connect(Number(port), hostname);
  // How it ends is looked at, not why.
  socket.on('error', () => undefined);
  return socket;
};

const headers = ({ token }: Target, more: string): string =>
  [
    'POST /mcp HTTP/1.1',
    'Host: 127.0.0.1',
    `Authorization: Bearer ${token}`,
    'Content-Type: application/json',
    'Accept: application/json, text/event-stream',
    more,
    '\r\n',
  ].join('\r\n');

interface Attacker {
  socket: Socket;
  status?: string | undefined;
}

const begin = (target: Target, count: number): Attacker[] =>
  Array.from({ length: count }, () => {
    const attacker: Attacker = { socket: open(target) };
    attacker.socket.once('data', (chunk: Buffer) => {
      attacker.status = /^HTTP\/1\.1 (\d{3})/.exec(chunk.toString('latin1'))?.[1];
    });
    return attacker;
  });

/** Closed by the server, or ended by it. */
const isClosed = ({ socket }: Attacker): boolean => socket.closed || socket.readableEnded;
/** Milliseconds in which the server cuts off whom it cuts off, also on a machine that does something else. */
const timeoutMs = 60_000;
const areClosed = (attackers: readonly Attacker[]): boolean => attackers.every(isClosed);

const end = (attackers: Attacker[]): Ends => {
  const statuses: Record<string, number> = {};
  for (const { status } of attackers) if (status) statuses[status] = (statuses[status] ?? 0) + 1;
  const closed = attackers.filter(isClosed).length;
  for (const { socket } of attackers) socket.destroy();
  return { closed, open: attackers.length - closed, statuses };
};

/** Connections that send one byte of a header each `pause` milliseconds, until all are cut off. */
export const slowHeaders = async (target: Target, count: number, pause = 200): Promise<Ends> => {
  const attackers = begin(target, count);
  const text = headers(target, 'X-Slow: '.padEnd(100_000, 'x'));
  for (let at = 0; at * pause < timeoutMs && !areClosed(attackers); at++) {
    for (const { socket } of attackers) if (!socket.closed) socket.write(text[at]!);
    await sleep(pause);
  }
  return end(attackers);
};

/** Connections that announce a body, send so many bytes of it, and then nothing more until all are cut off. */
export const halfBodies = async (target: Target, count: number, bytes: number): Promise<Ends> => {
  const attackers = begin(target, count);
  const text = `{"jsonrpc":"2.0","text":"${'x'.repeat(bytes - 25)}`;
  for (const { socket } of attackers) socket.write(headers(target, `Content-Length: ${bytes + 10}`) + text);
  await until(() => areClosed(attackers), timeoutMs);
  return end(attackers);
};

/** Connections on which nothing is sent, of which so many are to be taken; held while `meanwhile` runs. */
export const floodIdle = async (
  target: Target,
  count: number,
  taken: number,
  meanwhile: () => Promise<void>,
): Promise<Ends> => {
  const attackers = begin(target, count);
  await Promise.all(attackers.map(({ socket }) => Promise.race([once(socket, 'connect'), once(socket, 'close')])));
  // Those that are not taken hear of it when their turn comes.
  await until(() => attackers.filter(({ socket }) => !socket.closed).length <= taken, 10_000);
  await meanwhile();
  return end(attackers);
};

/** Bodies of so many bytes each, sent as fast as they are taken; `announced`: with a length, else in chunks. */
export const hugeBodies = async (target: Target, count: number, bytes: number, announced: boolean): Promise<Ends> => {
  const piece = 'x'.repeat(65_536);
  const attackers = begin(target, count);
  const send = async ({ socket }: Attacker): Promise<void> => {
    socket.write(headers(target, announced ? `Content-Length: ${bytes}` : 'Transfer-Encoding: chunked'));
    const closed = new Promise((resolve) => socket.once('close', resolve));
    for (let sent = 0; sent < bytes && !socket.closed && socket.writable; sent += piece.length) {
      const isTaken = socket.write(announced ? piece : `${piece.length.toString(16)}\r\n${piece}\r\n`);
      if (isTaken) continue;
      // Who waits for all three leaves no listeners of the two that did not come.
      const over = new AbortController();
      const { signal } = over;
      const waits = [once(socket, 'drain', { signal }), closed, sleep(2000, undefined, { signal })];
      await Promise.race(waits).catch(() => undefined);
      over.abort();
    }
  };
  await Promise.all(attackers.map(send));
  await until(() => areClosed(attackers), timeoutMs);
  return end(attackers);
};

/** So many connections of each, that ask again and again for a large answer and never read one; held while `meanwhile` runs. */
export const neverRead = async (
  targets: readonly Target[],
  count: number,
  requests: number,
  call: { name: string; arguments: object },
  meanwhile: () => Promise<void>,
): Promise<void> => {
  const params = { ...call, _meta: envelope };
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params });
  const more = [
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Mcp-Protocol-Version: 2026-07-28',
    'Mcp-Method: tools/call',
    `Mcp-Name: ${call.name}`,
  ];
  const sockets = targets.flatMap((target) =>
    Array.from({ length: count }, () => {
      const socket = open(target).pause();
      socket.write((headers(target, more.join('\r\n')) + body).repeat(requests));
      return socket;
    }),
  );
  await meanwhile();
  for (const socket of sockets) socket.destroy();
};
