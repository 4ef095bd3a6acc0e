#!/usr/bin/env node
import { runCli } from './cli/program.ts';

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
// A reader that went away (| head) is no failure. Where standard error is the audit log, its ledger refuses changes.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });

const { stdin, stdout, stderr } = process;
process.exitCode = await runCli(process.argv.slice(2), {
  stdin,
  stdout,
  stderr,
  env: process.env,
  signal: stop.signal,
  onReload: (reload) => void process.on('SIGHUP', reload),
});
// Whatever still waits (idle connections, timers of questions no one will answer) has nothing left to do.
process.exit();
