/**
 * npm run interop [-- NAME…]: CloudStack clients that others wrote spend a day with the simulator, used as their documentation
 * shows. They work side by side: most of a day is waiting for jobs. Prints a line a step and ends with the count. Exits with
 * 1 if a step failed, with 3 if all that ran passed but a client could not be had (no Python, no Go, no network). For Linux
 * and macOS.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { startSimulatorProcess } from '../../../scripts/bench/simulator.ts';
import {
  cache,
  installAnsible,
  installCloudmonkey,
  installCmk,
  installCs,
  installGo,
  installLibcloud,
  type Client,
} from './clients.ts';

let passed = 0;
let failed = 0;
const missing: string[] = [];

const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** Where the lines of one client go. */
type Print = (line: string) => void;

/** Runs a day, which prints `pass<TAB>step` or `fail<TAB>step<TAB>why`, and counts its steps. */
const follow = async (name: string, [program = '', ...args]: string[], print: Print): Promise<void> => {
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

const spendDay = async ({ name, day, flags }: Plan, client: Client, print: Print): Promise<void> => {
  if ('missing' in client) return print(`${name}: not run. ${client.missing}`);
  mkdirSync(cache, { recursive: true });
  const home = mkdtempSync(join(cache, 'home-'));
  const { close, ...connection } = await startSimulatorProcess(...flags);
  try {
    await follow(name, day(client.command, JSON.stringify(connection), home), print);
  } finally {
    await close();
    rmSync(home, { recursive: true, force: true });
  }
};

/** The command line of a day with a client. */
type Day = (client: string[], connection: string, home: string) => string[];

const pythonDay =
  (name: string): Day =>
  (client, ...about) => [...client, `test/system/interop/${name}_day.py`, ...about];
const monkeyDay: Day = (client, ...about) => [
  ...[process.execPath, '--import', 'tsx', 'test/system/interop/cmk_day.ts'],
  ...about,
  ...client,
];

/** More machines than a page holds, so that paging has something to do. */
const many = ['--vms', '1200'];

interface Plan {
  name: string;
  install: () => Promise<Client>;
  day: Day;
  /** What the simulator is started with. */
  flags: string[];
  /** Whether something is missing where the client cannot be had. */
  needed: boolean;
}

const plans: Plan[] = [
  { name: 'cs', install: installCs, day: pythonDay('cs'), flags: many, needed: true },
  { name: 'libcloud', install: installLibcloud, day: pythonDay('libcloud'), flags: many, needed: true },
  // Its modules look at a job at once, and then every two seconds.
  { name: 'ansible', install: installAnsible, day: pythonDay('ansible'), flags: ['--job-millis', '0'], needed: true },
  { name: 'cmk', install: installCmk, day: monkeyDay, flags: many, needed: true },
  { name: 'go', install: installGo, day: (client, ...about) => [...client, ...about], flags: many, needed: true },
  // Python 2.7 is on few machines: where it is not, nothing is missing.
  { name: 'cloudmonkey', install: installCloudmonkey, day: monkeyDay, flags: many, needed: false },
];

const named = process.argv.slice(2);
const chosen = plans.filter(({ name }) => named.length === 0 || named.includes(name));
const clients = await Promise.all(
  chosen.map(async (plan) => {
    const { name, install, needed } = plan;
    const lines: string[] = [];
    const begun = Date.now();
    const client = await install();
    if (needed && 'missing' in client) missing.push(name);
    await spendDay(plan, client, (line) => lines.push(line));
    lines.push(`${name}: ${Math.round((Date.now() - begun) / 1000)} s, with its installation`);
    return lines;
  }),
);
for (const lines of clients) lines.forEach(print);

if (missing.length) print(`Not everything was run: ${missing.join(' and ')} could not be had, for the reason above.`);
print(`${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : missing.length ? 3 : 0;
