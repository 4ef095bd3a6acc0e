#!/usr/bin/env node
import { answerOpening } from './opening/answer.ts';
import { keepCompiled } from './opening/compile-cache.ts';
import { isPlainStart } from './opening/plain-start.ts';
import { loadPrepared } from './opening/prepared.ts';
import { signalsOf } from './opening/signals.ts';

const stop = new AbortController();
const signals = signalsOf(process.platform);
for (const signal of signals.stop) process.once(signal, () => stop.abort());
// A reader that went away (| head) is no failure. Where standard error is the audit log, its ledger refuses changes.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });

const { stdin, stdout, stderr, env } = process;
keepCompiled(env);
const { signal } = stop;
const argv = process.argv.slice(2);
const reloads: (() => void)[] = [];
const prepared = loadPrepared();
// A person at a terminal is told what it waits for, which a host need not be.
const isPlain = prepared !== undefined && !stdin.isTTY && isPlainStart(argv, env, prepared);
// Asked to read its configuration again before it has read it, the server will.
if (isPlain) for (const name of signals.reload) process.on(name, () => reloads.forEach((reload) => reload()));
const { isOver, answered } = isPlain
  ? await answerOpening({ stdin, stdout, signal }, prepared)
  : { isOver: false, answered: [] };
if (!isOver) {
  const io = {
    stdin,
    stdout,
    stderr,
    env,
    signal,
    onReload: (reload: () => void) => {
      if (isPlain) reloads.push(reload);
      else for (const name of signals.reload) process.on(name, reload);
    },
    answered,
  };
  // The rest of the program is loaded when something needs it.
  process.exitCode = isPlain
    ? await (await import('./cli/serve-plain.ts')).servePlain(argv, io, prepared.config)
    : await (await import('./cli/program.ts')).runCli(argv, io);
}
// What was written last may still wait for the pipe.
await new Promise((resolve) => stdout.write('', resolve));
// Whatever still waits (idle connections, timers of questions no one will answer) has nothing left to do.
process.exit();
