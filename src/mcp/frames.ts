import { Transform, type TransformCallback } from 'node:stream';
import { limits } from '../limits.ts';
import { problemWith, readMessage, type Message } from './message.ts';

const lineFeed = 10;

/**
 * The lines of standard input, each a message: one that is more than the limits allow is answered with an error through
 * `refuse`, or goes on as far as it was read, so that no message keeps the server busy. What `isAnswered` says has its
 * answer does not go on; it is asked about each message, undefined for what is none.
 */
export const createFrames = (
  refuse: (id: string | number | null, message: string, code?: number) => void,
  isAnswered: (message: unknown) => boolean = () => false,
): Transform => {
  let pending: Buffer[] = [];
  let size = 0;
  let isTooLong = false;

  const read = (line: Buffer): string | undefined => {
    const text = line.toString('utf8');
    let message: Message;
    try {
      message = readMessage(text);
    } catch {
      // The SDK says what is wrong with it.
      return isAnswered(undefined) ? undefined : `${text}\n`;
    }
    if (!('value' in message)) {
      refuse(message.id, message.excess);
      return undefined;
    }
    const wrong = problemWith(message.value);
    if (wrong) {
      refuse(wrong.id, wrong.problem, wrong.code);
      return undefined;
    }
    if (isAnswered(message.value)) return undefined;
    return message.isWhole ? `${text}\n` : `${JSON.stringify(message.value)}\n`;
  };

  const add = (chunk: Buffer): void => {
    size += chunk.length;
    if (size > limits.frame) {
      isTooLong = true;
      pending = [];
    } else pending.push(chunk);
  };

  const end = (): string | undefined => {
    const line = Buffer.concat(pending);
    const tooLong = isTooLong;
    pending = [];
    size = 0;
    isTooLong = false;
    if (!tooLong) return read(line);
    refuse(null, `The message has more than ${limits.frame} bytes`);
    return undefined;
  };

  return new Transform({
    transform(chunk: Buffer, _encoding, done: TransformCallback) {
      let from = 0;
      for (let at = chunk.indexOf(lineFeed); at !== -1; at = chunk.indexOf(lineFeed, from)) {
        add(chunk.subarray(from, at));
        const line = end();
        if (line !== undefined) this.push(line);
        from = at + 1;
      }
      if (from < chunk.length) add(chunk.subarray(from));
      done();
    },
  });
};
