import type { Readable, Writable } from 'node:stream';
import { maxLine, readOpening, type OpeningMessage } from './messages.ts';
import type { PreparedOpening } from './prepared.ts';

/** How the opening of a connection ended. */
export interface Opening {
  /** The input ended, or the process was asked to stop: there is nothing more to do. */
  isOver: boolean;
  /** The ids of the requests that have their answers. */
  answered: readonly (string | number)[];
}

type Phase = 'new' | 'initialized' | 'stateless';

/** The prepared result of a message and the phase after it; undefined where there is none. */
const resultOf = (
  prepared: PreparedOpening,
  phase: Phase,
  { method, version }: OpeningMessage,
): { result: string | undefined; phase: Phase } | undefined => {
  const find = (results: Readonly<Record<string, string>> | undefined, name: string, next: Phase) =>
    results && Object.hasOwn(results, name) ? { result: results[name], phase: next } : undefined;
  if (phase === 'initialized' && version === undefined) {
    if (method === 'tools/list') return { result: prepared.list, phase };
    return method === 'notifications/initialized' ? { result: undefined, phase } : undefined;
  }
  if (version === undefined || phase === 'initialized') return undefined;
  if (method === 'initialize') return phase === 'new' ? find(prepared.initialize, version, 'initialized') : undefined;
  return Object.hasOwn(prepared.stateless, version)
    ? find(prepared.stateless[version], method, 'stateless')
    : undefined;
};

/**
 * Answers what hosts ask first from prepared text: most start every server that they know and use few. Ends with the first
 * message that is anything else; all that was read is then back in the input, for the server to read it anew.
 */
export const answerOpening = (
  { stdin, stdout, signal }: { stdin: Readable; stdout: Writable; signal: AbortSignal },
  prepared: PreparedOpening,
): Promise<Opening> =>
  new Promise((resolve) => {
    const read: Buffer[] = [];
    const answered: (string | number)[] = [];
    let rest = '';
    let phase: Phase = 'new';
    const end = (isOver: boolean): void => {
      stdin.off('readable', onReadable).off('end', onEnd);
      stdout.off('error', onEnd);
      signal.removeEventListener('abort', onEnd);
      if (!isOver) stdin.unshift(Buffer.concat(read));
      resolve({ isOver, answered });
    };
    const onEnd = (): void => end(true);
    /** Whether a line has its answer. */
    const answer = (line: string): boolean => {
      const message = readOpening(line);
      const found = message && resultOf(prepared, phase, message);
      if (!message || !found) return false;
      ({ phase } = found);
      if (message.id === undefined) return true;
      answered.push(message.id);
      stdout.write(`{"result":${found.result},"jsonrpc":"2.0","id":${JSON.stringify(message.id)}}\n`);
      return true;
    };
    const onReadable = (): void => {
      for (let chunk = stdin.read() as Buffer | null; chunk; chunk = stdin.read() as Buffer | null) {
        read.push(chunk);
        const lines = (rest + chunk.toString('latin1')).split('\n');
        rest = lines.pop()!;
        for (const line of lines) if (!answer(Buffer.from(line, 'latin1').toString())) return end(false);
        if (rest.length > maxLine) return end(false);
      }
    };
    stdin.on('readable', onReadable).once('end', onEnd);
    stdout.once('error', onEnd);
    signal.addEventListener('abort', onEnd, { once: true });
  });
