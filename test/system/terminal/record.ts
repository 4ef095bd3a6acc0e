import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import { env as own } from 'node:process';

/** What a command sent to its terminal. */
export interface Recording {
  /** Pieces as they came, with the seconds since the start. */
  pieces: [seconds: number, text: string][];
  status: number | null;
}

/** How a command is recorded. */
export interface RecordOptions {
  cols: number;
  env: Readonly<Record<string, string>>;
  /** What a person types, once the text before it has been shown. */
  types?: { after: string; text: string };
  /** Milliseconds after the first output after which Ctrl+C is pressed. */
  stopAfter?: number;
  /** Ctrl+C is pressed once anything is shown. */
  stopAtFirst?: boolean;
}

/** What has not ended by then waits for someone. */
const maxMs = 180_000;

const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

/** Runs our built program at a real terminal of so many columns (util-linux' script makes one), and records what it sends. */
export const record = async (
  argv: readonly string[],
  { cols, env, types, stopAfter, stopAtFirst }: RecordOptions,
): Promise<Recording> => {
  const command = `stty cols ${cols} rows 50; exec ${[process.execPath, 'dist/main.js', ...argv].map(quote).join(' ')}`;
  const begun = performance.now();
  const child = spawn('script', ['-qefc', command, '/dev/null'], {
    env: { PATH: own['PATH'], TERM: 'xterm-256color', LANG: 'C.UTF-8', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const pieces: Recording['pieces'] = [];
  let hasTyped = false;
  let timer: NodeJS.Timeout | undefined;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    pieces.push([(performance.now() - begun) / 1000, text]);
    if (stopAfter !== undefined) timer ??= setTimeout(() => child.stdin.write('\u0003'), stopAfter);
    if (stopAtFirst && pieces.length === 1) child.stdin.write('\u0003');
    if (
      !types ||
      hasTyped ||
      !pieces
        .map(([, piece]) => piece)
        .join('')
        .includes(types.after)
    )
      return;
    hasTyped = true;
    child.stdin.write(`${types.text}\n`);
  });
  const late = setTimeout(() => child.kill('SIGKILL'), maxMs);
  const [status] = (await once(child, 'close')) as [number | null];
  clearTimeout(timer);
  clearTimeout(late);
  return { pieces, status };
};

/** A recording as players of terminals read it (asciicast, version 2). */
export const toCast = ({ pieces }: Recording, cols: number): string =>
  [
    JSON.stringify({ version: 2, width: cols, height: 50 }),
    ...pieces.map(([seconds, text]) => JSON.stringify([Number(seconds.toFixed(3)), 'o', text])),
  ].join('\n');
