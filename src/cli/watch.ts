import { setTimeout as pause } from 'node:timers/promises';
import { CallError, type ErrorKind } from '../errors.ts';
import { toCell } from '../present/columns.ts';
import { toHeading } from '../present/headings.ts';
import { stripUnsafe, toLabel } from '../text.ts';
import type { Outcome } from '../types.ts';
import { printLine, printText, type Io } from './io.ts';
import { entriesOf, render } from './output.ts';
import { cut } from './width.ts';

/** How a read is watched. */
export interface WatchOptions {
  tool: string;
  /** Seconds between two answers. */
  every: number;
  format: 'table' | 'wide' | 'json';
}

/** What an answer shows: for each row its name and its cells. */
type ShownCells = ReadonlyMap<string, { name: string; cells: ReadonlyMap<string, string> }>;

const readCells = (outcome: Outcome): ShownCells => {
  const { columns, show, structured } = outcome;
  if (!('items' in structured)) return new Map([['', { name: '', cells: new Map(entriesOf(outcome)) }]]);
  return new Map(
    outcome.rows().map((row, at) => {
      const cells = new Map(columns.map((column) => [column, show?.(row, column) ?? toCell(row[column])]));
      const id = toCell(row['id']);
      const name = toCell(row['name'] ?? row['displayname']) || id || (cells.get(columns[0] ?? '') ?? '');
      return [id || `${name} ${at}`, { name: toLabel(name), cells }];
    }),
  );
};

/** What became different between two answers, a line each. */
const changesBetween = (before: ShownCells, after: ShownCells): string[] => {
  const lines: string[] = [];
  for (const [key, { name, cells }] of after) {
    const old = before.get(key);
    const words = [...cells].flatMap(([field, value]) => {
      const was = old?.cells.get(field) ?? '';
      return was === value ? [] : [`${toHeading(field)} ${was || '(none)'} → ${value || '(none)'}`];
    });
    if (!old) lines.push(`${name}: new`);
    else if (words.length) lines.push(`${name}${name && ': '}${words.join(', ')}`);
  }
  for (const [key, { name }] of before) if (!after.has(key)) lines.push(`${name}: gone`);
  return lines.map((line) => stripUnsafe(line).replaceAll('\n', ' '));
};

const time = (): string => new Date().toLocaleTimeString('en-GB');

/** What may be better at the next look. */
const passing = new Set<ErrorKind>(['unavailable', 'timeout', 'rate-limit']);

/** Changes that a screen shows below the answer. */
const maxChanges = 5;

/** Draws over what the screen showed; what does not fit is counted. */
const redraw = ({ stdout }: Io, head: string, body: readonly string[], changes: readonly string[]): void => {
  const [columns, rows] = [stdout.columns ?? 80, stdout.rows ?? 24];
  const below = changes.length ? ['', ...changes.slice(-maxChanges)] : [];
  const room = Math.max(1, rows - below.length - 3);
  const fitting = body.length > room ? [...body.slice(0, room - 1), `… ${body.length - room + 1} more lines`] : body;
  const lines = [head, '', ...fitting, ...below].map((line) => `${cut(line, columns)}\u001b[K`);
  stdout.write(`\u001b[H${lines.join('\r\n')}\u001b[J`);
};

/**
 * Asks again and again until the process is stopped. A terminal shows the newest answer and the last changes; a pipe, or a terminal
 * without colour, the first answer and then what changes; as JSON each answer that differs, one a line.
 */
export const watchCall = async (
  ask: () => Promise<Outcome>,
  { tool, every, format }: WatchOptions,
  io: Io,
): Promise<void> => {
  const { stdout, env, signal } = io;
  const isScreen = stdout.isTTY === true && format !== 'json' && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
  const changes: string[] = [];
  let seen: ShownCells | undefined;
  let shown = '';
  while (!signal.aborted) {
    let fresh: string[];
    try {
      const outcome = await ask();
      const now = readCells(outcome);
      fresh = seen ? changesBetween(seen, now) : [];
      if (isScreen) shown = await render(outcome, format, format === 'wide' ? undefined : (stdout.columns ?? 80));
      else if (format === 'json' ? !seen || fresh.length : !seen)
        await printLine(
          stdout,
          format === 'json'
            ? JSON.stringify(JSON.parse(await render(outcome, format, undefined)))
            : await render(outcome, format, stdout.isTTY && format === 'table' ? stdout.columns : undefined),
        );
      seen = now;
    } catch (error) {
      if (signal.aborted) break;
      if (!seen || !(error instanceof CallError) || !passing.has(error.kind)) throw error;
      fresh = [stripUnsafe(`${error.kind}: ${error.message}`).replaceAll('\n', ' ')];
    }
    const timed = fresh.map((change) => `${time()} ${change}`);
    changes.push(...timed);
    if (isScreen)
      redraw(io, `${tool}, every ${every} s, ${time()}; Ctrl+C ends`, stripUnsafe(shown).split('\n'), changes);
    else if (format !== 'json') for (const line of timed) await printText(stdout, line);
    await pause(every * 1000, undefined, { signal }).catch(() => undefined);
  }
  if (isScreen) stdout.write('\r\n');
};
