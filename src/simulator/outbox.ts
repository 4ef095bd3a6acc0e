import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isLoopback } from '../loopback.ts';
import type { Clock } from './world/clock.ts';
import type { Letter, Outbox, Posted } from './world/outbox.ts';

const maxWaiting = 1000;
// What CloudStack's column for the answer holds.
const maxRead = 65_535;

/** The words of Java's HTTP client for what went wrong. */
const causeOf = (error: NodeJS.ErrnoException, { hostname, host, protocol }: URL): string => {
  const place = /:\d+$/.test(host) ? host : `${host}:${protocol === 'https:' ? 443 : 80}`;
  if (error.code === 'ECONNREFUSED') return `Connect to ${place} [${hostname}] failed: Connection refused`;
  if (error.code === 'ENOTFOUND' || error.code === 'EAI_AGAIN') return `${hostname}: Name or service not known`;
  if (error.code === 'ECONNRESET') return 'Connection reset';
  return error.message;
};

/** One try. Redirects are answers like any other: nothing goes where the letter does not say. */
const send = (url: URL, { headers, body, seconds, verified }: Letter, signal: AbortSignal): Promise<[number, string]> =>
  new Promise((resolve, reject) => {
    const request = url.protocol === 'https:' ? requestHttps : requestHttp;
    const options = { method: 'POST', headers, agent: false, signal, rejectUnauthorized: verified };
    const outgoing = request(url, options, (incoming) => {
      let text = '';
      incoming.setEncoding('utf8');
      incoming.on('data', (part: string) => {
        text += part;
        if (text.length > maxRead) incoming.destroy();
      });
      incoming.once('close', () => resolve([incoming.statusCode ?? 0, text.slice(0, maxRead)]));
      incoming.once('error', reject);
    });
    const late = setTimeout(() => outgoing.destroy(new Error('Read timed out')), seconds * 1000);
    outgoing.once('close', () => clearTimeout(late));
    outgoing.once('error', reject);
    outgoing.end(body);
  });

/** An outbox that sends to this machine, and beyond it only to the hosts that are named. */
export const createOutbox = (clock: Clock, hosts: readonly string[] = []): Outbox => {
  const waiting: (() => void)[] = [];
  const closing = new AbortController();
  let sending = 0;
  let whenIdle: (() => void)[] = [];

  const tryAll = async (letter: Letter): Promise<Posted> => {
    let begun = clock.now();
    const end = (success: boolean, response: string): Posted => ({ success, response, begun, ended: clock.now() });
    if (letter.refused !== undefined) return end(false, `Failed due to : ${letter.refused}`);
    if (!URL.canParse(letter.url)) return end(false, 'Failed due to : Target host is not specified');
    const url = new URL(letter.url);
    const { hostname } = url;
    if (!isLoopback(hostname) && !hosts.includes(hostname))
      return end(
        false,
        `Failed due to : ${hostname} is another machine. To allow it, start the simulator with --webhook-host ${hostname}`,
      );
    let response = '';
    for (let left = letter.tries; left > 0 && !closing.signal.aborted; left -= 1) {
      begun = clock.now();
      try {
        const [status, text] = await send(url, letter, closing.signal);
        if (status === 200) return end(true, text);
        response = text;
      } catch (error) {
        response = `Failed due to : ${causeOf(error as NodeJS.ErrnoException, url)}`;
      }
    }
    return end(false, response);
  };

  // A place goes to the next that waits, so that it is never free in between.
  const leave = (): void => {
    const next = waiting.shift();
    if (next) return next();
    sending -= 1;
    if (sending > 0) return;
    for (const resolve of whenIdle) resolve();
    whenIdle = [];
  };

  return {
    post: async (letter, atATime, done) => {
      if (waiting.length >= maxWaiting) {
        const now = clock.now();
        return done({ success: false, response: 'Failed due to : too many deliveries wait', begun: now, ended: now });
      }
      if (sending < atATime) sending += 1;
      else await new Promise<void>((next) => waiting.push(next));
      done(await tryAll(letter));
      leave();
    },
    isHere: isLoopback,
    idle: () => (sending === 0 ? Promise.resolve() : new Promise((resolve) => whenIdle.push(resolve))),
    close: () => closing.abort(),
  };
};
