/**
 * Writes some thousand entries a second, and says the number of each after it was written: what a test kills in the middle.
 * Usage: writer.ts FILE LIMIT FIRST [COUNT]. It holds its log for half a second when it is through.
 */
import { writeSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { createLedger } from '../../src/audit/ledger.ts';

const [path = '', limit, first, count] = process.argv.slice(2);
const ledger = createLedger(path, Number(limit), (message) => process.stderr.write(`${message}\n`));
const end = Number(first) + Number(count ?? Infinity);
for (let number = Number(first); number < end; number++) {
  const entry = {
    time: new Date().toISOString(),
    call: String(number),
    principal: 'writer',
    host: 'test',
    profile: 'default',
    tool: 'list-zones',
    result: 'done' as const,
    duration: 0,
  };
  if (ledger.write([{ entry, text: JSON.stringify(entry) }])[0] === undefined) process.exit(1);
  writeSync(1, `${number}\n`);
  if (number % 5 === 0) await pause(1);
}
await pause(500);
await ledger.close();
