/**
 * npm run interop: CloudStack clients that others wrote spend a day with the simulator, used as their documentation
 * shows. Prints a line a step and ends with the count. Exits with 1 if a step failed, with 3 if all that ran passed but
 * a client could not be had (no Python, no Go, no network). For Linux and macOS.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { startSimulatorProcess } from '../../../scripts/bench/simulator.ts';
import { cache, installCloudmonkey, installCmk, installCs, type Client } from './clients.ts';

let passed = 0;
let failed = 0;
const missing: string[] = [];

const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** Runs a day, which prints `pass<TAB>step` or `fail<TAB>step<TAB>why`, and counts its steps. */
const follow = async (name: string, [program = '', ...args]: string[]): Promise<void> => {
  const report = (step: string, why?: string): void => {
    if (why === undefined) passed++;
    else failed++;
    print(why === undefined ? `ok      ${name}: ${step}` : `FAILED  ${name}: ${step}: ${why.slice(0, 600)}`);
  };
  const day = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(day, 'close') as Promise<[number | null]>;
  for await (const line of createInterface({ input: day.stdout })) {
    const [outcome, step = '', why = 'no reason'] = line.split('\t');
    if (outcome === 'pass') report(step);
    else if (outcome === 'fail') report(step, why);
    else print(line);
  }
  const [status] = await ended;
  if (status !== 0) report('the day comes to its end', `it ended with ${status}`);
};

const spendDay = async (name: string, client: Client, day: Day): Promise<void> => {
  if ('missing' in client) return print(`${name}: not run. ${client.missing}`);
  mkdirSync(cache, { recursive: true });
  const home = mkdtempSync(join(cache, 'home-'));
  // More machines than a page holds, so that paging has something to do.
  const { close, ...connection } = await startSimulatorProcess('--vms', '1200');
  try {
    await follow(name, day(client.command, JSON.stringify(connection), home));
  } finally {
    await close();
    rmSync(home, { recursive: true, force: true });
  }
};

/** The command line of a day with a client. */
type Day = (client: string[], connection: string, home: string) => string[];

const csDay: Day = (client, ...about) => [...client, 'test/system/interop/cs_day.py', ...about];
const monkeyDay: Day = (client, ...about) => [
  ...[process.execPath, '--import', 'tsx', 'test/system/interop/cmk_day.ts'],
  ...about,
  ...client,
];

const days: [name: string, install: () => Client, day: Day, needed: boolean][] = [
  ['cs', installCs, csDay, true],
  ['cmk', installCmk, monkeyDay, true],
  // Python 2.7 is on few machines: where it is not, nothing is missing.
  ['cloudmonkey', installCloudmonkey, monkeyDay, false],
];
for (const [name, install, day, needed] of days) {
  const client = install();
  if (needed && 'missing' in client) missing.push(name);
  await spendDay(name, client, day);
}

if (missing.length) print(`Not everything was run: ${missing.join(' and ')} could not be had, for the reason above.`);
print(`${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : missing.length ? 3 : 0;
