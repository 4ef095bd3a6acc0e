import { notWritten, type Ledger } from './ledger.ts';

/** A stream such as standard error; `done` is called once it has taken the text, or could not. */
export interface LineStream {
  write(text: string, done?: (error?: Error | null) => void): unknown;
}

/** Milliseconds that a stream may take for a line before a change is refused. */
const timeoutMs = 5000;

/**
 * The log on standard error. It cannot be looked at, so what is known of a change is written before the change is sent,
 * and the stream must have taken it: once it is closed, changes are refused and reads go on.
 */
export const createStreamLedger = (stream: LineStream): Ledger => {
  let failure: Error | undefined;
  let lost = 0;
  const write = (line: string, onEnd: () => void = () => undefined): void => {
    stream.write(`${line}\n`, (error) => {
      failure = error ?? undefined;
      onEnd();
    });
  };
  const confirm = (line: string): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(() => {
        failure = new Error(`no line was taken for ${timeoutMs / 1000} s`);
        resolve();
      }, timeoutMs);
      write(line, () => {
        clearTimeout(timer);
        resolve();
      });
    });

  return {
    write: (entries) =>
      entries.map(({ text }) => {
        if (failure) lost++;
        else write(text);
        return failure ? undefined : text;
      }),
    ready: async (sending) => {
      if (!failure && sending) await confirm(sending());
      if (failure) throw notWritten('on standard error', failure);
      if (lost) write(JSON.stringify({ time: new Date().toISOString(), kind: 'lost', count: lost }));
      lost = 0;
    },
    problem: () => undefined,
    close: () => Promise.resolve(),
  };
};
