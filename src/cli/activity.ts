import type { Writable } from 'node:stream';
import { toLine } from '../text.ts';
import type { Progress } from '../types.ts';
import type { Io } from './io.ts';
import { cut, pad, widthOf } from './width.ts';

/** Milliseconds without a word after which a person is shown that the program is at work. */
const silence = 400;
const frameMs = 120;
const barLength = 12;

/** A bar: filled as far as the work is known to be done, else with a piece that wanders. */
const barOf = (part: number | undefined, frame: number): string => {
  const filled = part === undefined ? 3 : Math.round(Math.min(1, Math.max(0, part)) * barLength);
  const turn = frame % (2 * (barLength - filled) || 1);
  const begin = part === undefined ? Math.min(turn, 2 * (barLength - filled) - turn) : 0;
  return Array.from({ length: barLength }, (_, at) => (at >= begin && at < begin + filled ? '━' : '─')).join('');
};

/** What the terminal shows while a command runs. */
export interface Activity {
  /** The same world; before anything is written to it, the line of the progress leaves. */
  io: Io;
  /** Takes the line away for good. */
  end(): void;
}

/** A line on standard error, a terminal that can take a line back: it shows how far the work is, or only that there is some. */
export const createActivity = (io: Io): Activity => {
  const { stdout, stderr } = io;
  let latest: Progress = { elapsed: 0, message: 'at work' };
  let since = Date.now();
  let timer: NodeJS.Timeout | undefined;
  let [shown, frame] = [0, 0];
  const draw = (): void => {
    // Seconds go on between two reports, and stand before what may be cut.
    const seconds = Math.round(latest.elapsed + (Date.now() - since) / 1000);
    const message = toLine(latest.message).replace(/, \d+ s$/, '');
    const text = cut(`${barOf(latest.part, frame++)} ${seconds} s  ${message}`, (stderr.columns ?? 80) - 1);
    stderr.write(`\r${pad(text, shown)}`);
    shown = widthOf(text);
  };
  const start = (): void => {
    if (timer) return;
    draw();
    timer = setInterval(draw, frameMs).unref();
  };
  const first = setTimeout(start, silence).unref();
  const leave = (): void => {
    clearTimeout(first);
    clearInterval(timer);
    timer = undefined;
    if (shown) stderr.write(`\r${' '.repeat(shown)}\r`);
    shown = 0;
  };
  const after = <T extends Writable>(stream: T): T =>
    new Proxy(stream, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        if (name === 'write') leave();
        return value.bind(target) as unknown;
      },
    });
  return {
    io: {
      ...io,
      stdout: after(stdout),
      stderr: after(stderr),
      progress: (progress) => {
        latest = progress;
        since = Date.now();
        start();
      },
    },
    end: leave,
  };
};
