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
import { cloudMonkeyDay, type Connection, type Step } from '../test/interop/cmk_day.ts';
import { startSimulatorProcess } from './bench/simulator.ts';
import { cache, installCloudmonkey, installCmk, installCs, type Client } from './interop/clients.ts';

type Day = (command: string[], home: string, connection: Connection, tell: Tell) => Promise<void>;
/** Counts a step and prints its line; with a reason it has failed. */
type Tell = (step: string, why?: string) => void;

let passed = 0;
let failed = 0;
const missing: string[] = [];

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const csDay: Day = async ([python = ''], _home, connection, tell) => {
  const day = spawn(python, ['test/interop/cs_day.py', JSON.stringify(connection)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(day, 'close') as Promise<[number | null]>;
  for await (const line of createInterface({ input: day.stdout })) {
    const [outcome, step = '', why = ''] = line.split('\t');
    if (outcome === 'pass') tell(step);
    else tell(step || line, why || 'cs_day.py printed something else than a step');
  }
  const [status] = await ended;
  if (status !== 0) tell('the day comes to its end', `cs_day.py ended with ${status}`);
};

const monkeyDay: Day = async (command, home, connection, tell) => {
  const step: Step = async (name, run) => {
    try {
      await run();
      tell(name);
    } catch (error) {
      tell(name, error instanceof Error ? error.message : String(error));
    }
  };
  // CloudMonkey keeps its settings in the home folder, and the person's own are none of our business.
  await cloudMonkeyDay(['env', `HOME=${home}`, ...command], home, connection, step);
};

const spendDay = async (name: string, day: Day, client: Client): Promise<void> => {
  if ('missing' in client) return say(`${name}: not run. ${client.missing}`);
  mkdirSync(cache, { recursive: true });
  const home = mkdtempSync(join(cache, 'home-'));
  // More machines than a page holds, so that paging has something to do.
  const simulator = await startSimulatorProcess('--vms', '1200');
  const tell: Tell = (step, why) => {
    if (why === undefined) passed++;
    else failed++;
    const reason = why?.replace(/\s+/g, ' ').slice(0, 600);
    say(reason === undefined ? `ok      ${name}: ${step}` : `FAILED  ${name}: ${step}: ${reason}`);
  };
  try {
    // The one line that the simulator prints is the connection.
    await day(client.command, home, simulator as unknown as Connection, tell);
  } finally {
    await simulator.close();
    rmSync(home, { recursive: true, force: true });
  }
};

const days: [name: string, day: Day, install: () => Client, needed: boolean][] = [
  ['cs', csDay, installCs, true],
  ['cmk', monkeyDay, installCmk, true],
  // Python 2.7 is on few machines: where it is not, nothing is missing.
  ['cloudmonkey', monkeyDay, installCloudmonkey, false],
];
for (const [name, day, install, needed] of days) {
  const client = install();
  if (needed && 'missing' in client) missing.push(name);
  await spendDay(name, day, client);
}

if (missing.length) say(`Not everything was run: ${missing.join(' and ')} could not be had, for the reason above.`);
say(`${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : missing.length ? 3 : 0;
