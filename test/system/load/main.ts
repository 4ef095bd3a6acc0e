/**
 * npm run load [-- users faults exhaust soak --seconds N --users N --minutes N --all --write]: the production build over
 * HTTP against a simulator in a process of its own, on loopback. Without names: users, faults and exhaust, in short. Prints
 * a line a check; exits with 1 if one fails. `--write` keeps the figures in docs/figures/load.json. For Linux.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { createChecks } from '../checks.ts';
import { runExhaust } from './exhaust.ts';
import { runFaults } from './faults.ts';
import { runSoak } from './soak.ts';
import { runUsers } from './users.ts';

const file = 'docs/figures/load.json';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    users: { type: 'string', default: '200' },
    seconds: { type: 'string' },
    minutes: { type: 'string', default: '10' },
    all: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});
const users = Number(values.users);
/** For figures that are kept, as long as is promised; otherwise as short as tells something. */
const seconds = Number(values.seconds ?? (values.all || values.write ? 60 : 20));

const checks = createChecks(process.stdout);
/** What each part measures, as it is kept. */
const parts = {
  users: async () => {
    const { first, runs } = await runUsers(checks, { users, seconds });
    return { firstCalls: first, users: runs };
  },
  faults: async () => ({
    faults: await runFaults(checks, { users: Math.ceil(users / 5), seconds: Math.min(seconds, 30) }),
  }),
  exhaust: async () => ({ exhaust: await runExhaust(checks) }),
  soak: async () => ({
    soak: await runSoak(checks, { users: Math.ceil(users / 4), minutes: Number(values.minutes) }),
  }),
};
type Part = keyof typeof parts;
const known = Object.keys(parts) as Part[];

const wrong = positionals.filter((name) => !known.includes(name as Part));
if (wrong.length) {
  process.stderr.write(`There is no ${wrong.join(', ')}; there are ${known.join(', ')}.\n`);
  process.exit(2);
}
const chosen = positionals.length
  ? (positionals as Part[])
  : values.all
    ? known
    : known.filter((name) => name !== 'soak');

const measured = {};
for (const name of chosen) {
  checks.print(`\n— ${name}`);
  Object.assign(measured, await parts[name]());
}

if (values.write) {
  let saved: Record<string, unknown> = {};
  try {
    saved = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  } catch {
    // The first run.
  }
  const machine = { cores: cpus().length, processor: cpus()[0]?.model, node: process.version };
  writeFileSync(file, `${JSON.stringify({ ...saved, machine, ...measured }, null, 2)}\n`);
}
checks.print(`\n${checks.passed()} passed, ${checks.failed()} failed`);
// Sockets that a server under attack still holds do not keep this process.
process.exit(checks.failed() ? 1 : 0);
