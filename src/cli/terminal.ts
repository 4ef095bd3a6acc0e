import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';
import type { Consent } from '../consent.ts';
import type { Io } from './io.ts';
import { stripUnsafe } from '../text.ts';
import { wrap } from './width.ts';

/** Asks at the terminal; returns undefined when standard input is not one. */
export const createTerminalConsent =
  ({ stdin, stderr, signal }: Io): Consent =>
  async ({ message, phrase, digest }) => {
    if (!stdin.isTTY) return undefined;
    const ask = createInterface({ input: stdin, output: stderr });
    try {
      const closed = once(ask, 'close').then(() => undefined);
      const asked = ask.question(
        `${wrap(stripUnsafe(message), stderr.columns || 80)}\n${phrase === undefined ? '[yes/no] ' : '> '}`,
        { signal },
      );
      // A terminal that is closed and a program that is stopped are no answer.
      const answer = (await Promise.race([asked, closed]).catch(() => undefined))?.trim();
      const reply = { digest, nonce: randomUUID(), by: 'terminal' };
      if (answer === undefined) return { ...reply, action: 'cancel' };
      if (phrase !== undefined)
        return answer === '' ? { ...reply, action: 'decline' } : { ...reply, action: 'accept', phrase: answer };
      const yes = /^y(es)?$/i.test(answer);
      return { ...reply, action: yes ? 'accept' : 'decline', confirm: yes };
    } finally {
      ask.close();
    }
  };
