import {
  appendFileSync,
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { listParts, listSlots, partPath } from '../../src/audit/files.ts';
import { verifyLog } from '../../src/audit/verify.ts';
import { entryOf, newFolder, openLedger } from '../audit/log.ts';
import { eventually } from '../support/eventually.ts';

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** A process that writes, and says into a file of its own what it has written: a pipe could be full. */
const startWriter = (path: string, limit: number, first: number, count?: number) => {
  const words = [path, limit, first, ...(count === undefined ? [] : [count])].map(String);
  const answers = join(newFolder(), 'answers');
  const out = openSync(answers, 'w');
  const child = spawn(process.execPath, ['--import', 'tsx', 'test/audit/writer.ts', ...words], {
    stdio: ['ignore', out, 'inherit'],
  });
  closeSync(out);
  children.push(child);
  const last = (): number => Number(readFileSync(answers, 'utf8').trimEnd().split('\n').at(-1) || first - 1);
  return {
    child,
    last,
    begun: () => eventually(() => expect(last()).toBeGreaterThanOrEqual(first)),
    ended: once(child, 'close') as Promise<[number | null, string | null]>,
  };
};

const linesIn = (path: string): Record<string, any>[] =>
  [...listParts(path).map((part) => partPath(path, part)), path]
    .filter((file) => existsSync(file))
    .flatMap((file) => readFileSync(file, 'utf8').split('\n').filter(Boolean))
    .flatMap((line) => {
      try {
        return [JSON.parse(line) as Record<string, any>];
      } catch {
        return [];
      }
    });

test('killed at any moment, the log verifies at once and after the next start, and holds all that was said', async () => {
  const path = join(newFolder(), 'audit.jsonl');
  let next = 0;
  for (let round = 0; round < 8; round++) {
    // Small enough that files are rotated many times a second: kills fall into rotations too.
    const writer = startWriter(path, 20_000, next);
    await writer.begun();
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 450));
    writer.child.kill('SIGKILL');
    await writer.ended;
    expect(verifyLog(path).problems, `round ${round}`).toEqual([]);
    const written = new Set(linesIn(path).map(({ call }) => Number(call)));
    const answered = Array.from({ length: writer.last() - next + 1 }, (_, at) => next + at);
    expect(answered.length).toBeGreaterThan(0);
    expect(answered.filter((number) => !written.has(number))).toEqual([]);
    next = writer.last() + 1000;
  }
  const ledger = openLedger(path);
  ledger.add(entryOf());
  await ledger.close();
  expect(ledger.said).toEqual([]);
  const { problems, notes, files } = verifyLog(path);
  expect(problems).toEqual([]);
  expect(notes.some((note) => note.includes('stop without closing'))).toBe(true);
  expect(files).toBeGreaterThan(3);
  // The locks of the killed were taken over: there never was a second log.
  expect(listSlots(path)).toEqual([path]);
  expect(readdirSync(join(path, '..')).filter((name) => name.includes('.lock'))).toEqual([]);
});

test('processes at once write a log each, and both count', async () => {
  const path = join(newFolder(), 'audit.jsonl');
  const writers = [0, 1000, 2000, 3000, 4000].map((first) => startWriter(path, 1e9, first, 200));
  for (const { ended } of writers) expect(await ended).toEqual([0, null]);
  const slots = listSlots(path);
  // One that began after another had ended goes on with its log.
  expect(slots.length).toBeGreaterThan(1);
  expect(slots.map((slot) => verifyLog(slot).problems)).toEqual(slots.map(() => []));
  const calls = slots.flatMap((slot) => linesIn(slot).map(({ call }) => Number(call)));
  expect(new Set(calls).size).toBe(1000);
  for (const slot of slots) {
    // No two processes wrote into one log in turn.
    const thousands = linesIn(slot).map(({ call }) => Math.floor(Number(call) / 1000));
    const runs = thousands.filter((value, at) => value !== thousands[at - 1]).length;
    expect(runs).toBe(new Set(thousands).size);
  }
  const first = verifyLog(path).entries;
  // Who comes later goes on with the first.
  const ledger = openLedger(path);
  ledger.add(entryOf());
  await ledger.close();
  expect(verifyLog(path)).toMatchObject({ entries: first + 1, problems: [], notes: [] });
});

const write = async (path: string, count = 5): Promise<string[]> => {
  const ledger = openLedger(path);
  for (let at = 0; at < count; at++) ledger.add(entryOf({ duration: at }));
  await ledger.close();
  return ledger.said;
};

test('a torn last line is kept aside and spoken of in the chain', async () => {
  const path = join(newFolder(), 'audit.jsonl');
  await write(path);
  appendFileSync(path, '{"seq":6,"prev":"abc');
  expect(verifyLog(path)).toMatchObject({ entries: 5, problems: [] });
  expect(await write(path, 1)).toEqual([]);
  const [, , , , , noted, last] = linesIn(path);
  expect(noted).toMatchObject({ seq: 6, kind: 'recovery', torn: { file: 'audit.jsonl.torn-6', bytes: 20 } });
  expect(readFileSync(`${path}.torn-6`, 'utf8')).toBe('{"seq":6,"prev":"abc');
  expect(last).toMatchObject({ seq: 7, result: 'done' });
  expect(verifyLog(path)).toMatchObject({ entries: 7, problems: [] });
});

test('whole lines that the head did not know are taken over when they follow, and noted', async () => {
  const path = join(newFolder(), 'audit.jsonl');
  await write(path, 3);
  const head = readFileSync(`${path}.head`);
  await write(path, 2);
  writeFileSync(`${path}.head`, head);
  expect(verifyLog(path)).toMatchObject({ problems: [], notes: [expect.stringContaining('newer than the head')] });
  await write(path, 1);
  expect(linesIn(path)[5]).toMatchObject({ seq: 6, kind: 'recovery', accepted: 2 });
  expect(verifyLog(path)).toMatchObject({ entries: 7, problems: [] });
});

const damages: Record<string, (path: string) => void> = {
  'its last lines were cut off': (path) => truncateSync(path, 900),
  'it was removed': (path) => rmSync(path),
  'its head was removed': (path) => rmSync(`${path}.head`),
  'its head is rubbish': (path) => writeFileSync(`${path}.head`, 'rubbish'),
  'its last line was changed': (path) =>
    writeFileSync(path, readFileSync(path, 'utf8').replace('"duration":4', '"duration":9')),
  'a line that does not follow was added': (path) => appendFileSync(path, `${JSON.stringify({ seq: 6 })}\n`),
  'a line was written over the end': (path) => writeFileSync(path, readFileSync(path, 'utf8').replace(/\n$/, ' ')),
};

test.each(Object.keys(damages))(
  'when %s, the next writer says so, keeps what is there, and verify never forgets',
  async (how) => {
    const path = join(newFolder(), 'audit.jsonl');
    await write(path);
    damages[how]!(path);
    const left = existsSync(path) ? readFileSync(path) : undefined;
    const [said] = await write(path, 2);
    expect(said).toContain('cloudstack-mcp-server audit verify');
    if (left) expect(readFileSync(`${path}.000001`)).toEqual(left);
    expect(linesIn(path).find(({ kind }) => kind === 'recovery')).toMatchObject({
      broken: expect.any(String) as string,
    });
    expect(verifyLog(path).problems).not.toEqual([]);
    await write(path, 1);
    expect(verifyLog(path).problems).not.toEqual([]);
  },
);

test('while it runs too, a log that was taken away or cut is found with the next line', async () => {
  const path = join(newFolder(), 'audit.jsonl');
  const ledger = openLedger(path);
  ledger.add(entryOf());
  await eventually(() => expect(verifyLog(path).notes).toEqual([]));
  rmSync(path);
  await ledger.ready();
  expect(ledger.said).toEqual([expect.stringContaining('the file was deleted after entry 1')]);
  expect(existsSync(path)).toBe(true);
  ledger.add(entryOf());
  truncateSync(path, 10);
  ledger.add(entryOf());
  expect(ledger.said).toEqual([
    expect.stringContaining('the file was deleted after entry 1'),
    expect.stringMatching(/the file was cut to 10 of \d+ bytes after entry 3; it is kept as .*\.000001/),
  ]);
  expect(linesIn(path).map(({ seq, kind }) => [seq, kind])).toEqual([
    [4, 'recovery'],
    [5, undefined],
  ]);
  ledger.add(entryOf());
  await ledger.close();
  expect(verifyLog(path).problems).not.toEqual([]);
});

test('a full file is set aside and the chain goes on in the next', async () => {
  const path = join(newFolder(), 'audit.jsonl');
  const ledger = openLedger(path, 2000);
  for (let at = 0; at < 5; at++) {
    for (let line = 0; line < 5; line++) ledger.add(entryOf());
    await eventually(() => expect(listParts(path).length).toBe(at + 1));
  }
  ledger.add(entryOf());
  await ledger.close();
  expect(verifyLog(path)).toMatchObject({ entries: 26, files: 6, problems: [], notes: [] });
  const first = JSON.parse(readFileSync(path, 'utf8').split('\n')[0]!) as { prev: string };
  const before = readFileSync(`${path}.000005`, 'utf8').trimEnd().split('\n').at(-1)!;
  expect(first.prev).toBe((JSON.parse(before) as { hash: string }).hash);
  expect(JSON.parse(readFileSync(`${path}.head`, 'utf8'))).toMatchObject({ count: 26, previous: 'audit.jsonl.000005' });
});
