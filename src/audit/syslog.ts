import { spawn, type ChildProcess } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { existsSync } from 'node:fs';
import { createConnection, isIPv6, type Socket } from 'node:net';
import { hostname } from 'node:os';
import type { AuditEntry } from './entry.ts';
import { createTally, type CopiedEntry, type Copy, type Report } from './sink.ts';

// Facility 13 is "log audit"; severities of RFC 5424.
const facility = 13;
const severities: Record<AuditEntry['result'], number> = {
  done: 6,
  accepted: 6,
  refused: 5,
  cancelled: 5,
  failed: 4,
  unknown: 4,
};
/** What a UDP packet can carry. */
const maxLength = 65_000;
const local = '/dev/log';

const printable = (text: string, max: number): string => text.replace(/[^!-~]/g, '').slice(0, max) || '-';

const priority = ({ result = 'unknown' }: CopiedEntry): number => facility * 8 + severities[result];

/** A line as an RFC 5424 message; the command is the message id. */
export const toSyslog = (line: string, entry: CopiedEntry): string => {
  const id = printable(entry.command ?? 'audit', 32);
  const head = `<${priority(entry)}>1 ${new Date().toISOString()} ${printable(hostname(), 255)}`;
  return `${head} cloudstack-mcp ${process.pid} ${id} - ${line}`;
};

const createUdpCopy = (host: string, port: number, report: Report): Copy => {
  const tally = createTally(`syslog ${host}:${port}`, report);
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4').unref();
  // Connected, so that a closed port comes back as an error where the system tells.
  let ready: Promise<void> | undefined;
  let sending = 0;
  let sent = (): void => undefined;
  socket.on('error', (error) => tally.miss(error.message));
  const connect = (): Promise<void> =>
    new Promise((resolve, reject) => {
      socket.connect(port, host, (error?: Error) => (error ? reject(error) : resolve()));
    });
  const send = async (message: Buffer): Promise<void> => {
    sending++;
    try {
      ready ??= connect();
      await ready;
      await new Promise<void>((resolve) => {
        socket.send(message, (error) => {
          if (error) tally.miss(error.message);
          resolve();
        });
      });
    } catch (error) {
      ready = undefined;
      tally.miss((error as Error).message);
    }
    if (--sending === 0) sent();
  };
  return {
    write: (line, entry) => void send(Buffer.from(toSyslog(line, entry)).subarray(0, maxLength)),
    close: async () => {
      if (sending) await new Promise<void>((resolve) => (sent = resolve));
      socket.close();
      tally.end();
    },
  };
};

/**
 * A unix socket. Most are of datagrams, which Node cannot send; `logger` of util-linux can, and keeps one process for it.
 */
const createUnixCopy = (path: string, report: Report): Copy => {
  const tally = createTally(`syslog ${path}`, report);
  let stream: Socket | undefined;
  let logger: ChildProcess | undefined;
  let ended = false;
  let waiting: [string, CopiedEntry][] = [];

  const toLogger = (line: string, entry: CopiedEntry): void => {
    logger?.stdin?.write(`<${priority(entry)}>${line}\n`);
  };
  const startLogger = (): void => {
    const args = [
      '--prio-prefix',
      '--rfc5424',
      '--tag',
      'cloudstack-mcp',
      '--size',
      String(maxLength),
      '--socket',
      path,
    ];
    logger = spawn('logger', args, { stdio: ['pipe', 'ignore', 'ignore'] });
    const fail = (why: string): void => {
      if (!ended) tally.miss(why, waiting.length || 1);
      waiting = [];
      logger = undefined;
    };
    logger.on('error', (error) => fail(`logger: ${error.message}`));
    logger.on('exit', (code) => fail(`logger ended with ${code}`));
    logger.stdin?.on('error', (error) => tally.miss(error.message));
    for (const [line, entry] of waiting.splice(0)) toLogger(line, entry);
  };
  const connect = (): void => {
    const socket = createConnection(path);
    socket.unref();
    socket.on('connect', () => {
      stream = socket;
      for (const [line, entry] of waiting.splice(0)) socket.write(frame(line, entry));
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPROTOTYPE') return startLogger();
      tally.miss(error.message, waiting.length || 1);
      waiting = [];
    });
    socket.on('close', () => (stream = undefined));
  };
  // Octet counting (RFC 6587) is for TCP; on /dev/log of a stream, lines end with a line feed.
  const frame = (line: string, entry: CopiedEntry): string => `${toSyslog(line, entry)}\n`;

  return {
    write: (line, entry) => {
      if (stream) stream.write(frame(line, entry));
      else if (logger) toLogger(line, entry);
      else if (waiting.push([line, entry]) === 1) connect();
    },
    close: async () => {
      // A connection that was just asked for.
      for (let turn = 0; waiting.length && turn < 100; turn++) await new Promise((resolve) => setTimeout(resolve, 10));
      ended = true;
      const last = stream;
      if (last) await new Promise<void>((resolve) => last.end(resolve));
      const child = logger;
      if (child) await new Promise<void>((resolve) => child.once('exit', () => resolve()).stdin?.end());
      tally.end();
    },
  };
};

/** Copies to a syslog: a host and port by UDP, a unix socket, or the system's own. */
export const createSyslogCopy = (
  target: { host: string; port: number } | { socket: string | undefined },
  report: Report,
): Copy => {
  if ('host' in target) return createUdpCopy(target.host, target.port, report);
  const socket = target.socket ?? (existsSync(local) ? local : undefined);
  return socket === undefined ? createUdpCopy('127.0.0.1', 514, report) : createUnixCopy(socket, report);
};
