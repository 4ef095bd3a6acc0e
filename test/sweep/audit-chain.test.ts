import * as fc from 'fast-check';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { verifyLog } from '../../src/audit/verify.ts';
import { runCommand } from '../support/harness.ts';
import { entryOf, newFolder, openLedger } from '../audit/log.ts';

const runs = { numRuns: 1000 };

let folder: string;
let path: string;
let saved: Map<string, Buffer>;

/** Three files: two that were rotated and the current one. */
beforeEach(async () => {
  folder = newFolder();
  path = join(folder, 'audit.jsonl');
  for (let run = 0; run < 3; run++) {
    const ledger = openLedger(path, 4000);
    for (let at = 0; at < (run === 2 ? 8 : 12); at++) ledger.add(entryOf({ duration: at }));
    await ledger.close();
  }
  saved = new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]));
  expect([...saved.keys()].sort()).toEqual(
    ['000001', '000002']
      .map((n) => `audit.jsonl.${n}`)
      .concat('audit.jsonl', 'audit.jsonl.head')
      .sort(),
  );
  expect(verifyLog(path)).toMatchObject({ entries: 32, files: 3, problems: [] });
});

const logs = ['audit.jsonl.000001', 'audit.jsonl.000002', 'audit.jsonl'];

/** Verifies with one file changed, and puts it back. */
const problemsWith = (name: string, bytes: Buffer) => {
  writeFileSync(join(folder, name), bytes);
  const { problems } = verifyLog(path);
  writeFileSync(join(folder, name), saved.get(name)!);
  return problems;
};

const linesOf = (name: string): string[] => saved.get(name)!.toString().trimEnd().split('\n');
const toBytes = (lines: readonly string[]): Buffer => Buffer.from(lines.map((line) => `${line}\n`).join(''));

test('every changed byte is found', () => {
  fc.assert(
    fc.property(fc.constantFrom(...logs), fc.nat(), fc.integer({ min: 1, max: 255 }), (name, position, by) => {
      const bytes = Buffer.from(saved.get(name)!);
      const at = position % bytes.length;
      bytes[at] = bytes[at]! ^ by;
      const [problem] = problemsWith(name, bytes);
      expect(problem).toBeDefined();
      const changed = saved.get(name)!.subarray(0, at).toString('latin1').split('\n').length;
      expect(problem).toMatchObject({ file: join(folder, name) });
      // The line itself; a line feed belongs to the line that it ended.
      expect([changed, changed + 1, changed - 1]).toContain(problem!.line);
    }),
    runs,
  );
});

test('every inserted and every lost byte is found', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...logs),
      fc.nat(),
      fc.option(fc.integer({ min: 0, max: 255 })),
      (name, position, byte) => {
        const bytes = saved.get(name)!;
        const at = position % bytes.length;
        const changed = Buffer.concat([
          bytes.subarray(0, at),
          Buffer.from(byte === null ? [] : [byte]),
          bytes.subarray(byte === null ? at + 1 : at),
        ]);
        expect(problemsWith(name, changed)).not.toEqual([]);
      },
    ),
    runs,
  );
});

test('every removed line is found, the last one too', () => {
  fc.assert(
    fc.property(fc.constantFrom(...logs), fc.nat(), fc.integer({ min: 1, max: 3 }), (name, position, count) => {
      const lines = linesOf(name);
      lines.splice(position % lines.length, count);
      expect(problemsWith(name, toBytes(lines))).not.toEqual([]);
    }),
    runs,
  );
  for (const name of logs)
    for (let at = 0; at < linesOf(name).length; at++)
      expect(problemsWith(name, toBytes(linesOf(name).toSpliced(at, 1))), `${name}:${at + 1}`).not.toEqual([]);
});

test('any two lines that change places, neighbours or not, are found; so is one that is there twice', () => {
  fc.assert(
    fc.property(fc.constantFrom(...logs), fc.nat(), fc.nat(), fc.boolean(), (name, first, second, neighbours) => {
      const lines = linesOf(name);
      const a = first % lines.length;
      const b = neighbours ? (a + 1) % lines.length : second % lines.length;
      if (a === b) lines.splice(a, 0, lines[a]!);
      else [lines[a], lines[b]] = [lines[b]!, lines[a]!];
      expect(problemsWith(name, toBytes(lines))).not.toEqual([]);
    }),
    runs,
  );
});

test('a line that was changed and hashed anew betrays itself by the next one, or by the head', async () => {
  const { chainEntry } = await import('../../src/audit/chain.ts');
  for (const name of logs)
    linesOf(name).forEach((line, at, lines) => {
      const { seq, prev, hash: _, ...entry } = JSON.parse(line) as { seq: number; prev: string; hash: string };
      const forged = chainEntry(JSON.stringify({ ...entry, principal: 'somebody-else' }), {
        seq: seq - 1,
        hash: prev,
      }).line;
      expect(problemsWith(name, toBytes(lines.with(at, forged))), `${name}:${at + 1}`).not.toEqual([]);
    });
});

test('a file that is missing is named, in between, at the end, and with the head', async () => {
  const text = async (name: string) => {
    rmSync(join(folder, name));
    const { status, stdout } = await runCommand(['audit', 'verify', path]);
    writeFileSync(join(folder, name), saved.get(name)!);
    return { status, stdout };
  };
  expect(await text('audit.jsonl.000002')).toMatchObject({
    status: 1,
    stdout: expect.stringMatching(/audit\.jsonl:1: entries 13–24 are missing before it/) as string,
  });
  expect(await text('audit.jsonl')).toMatchObject({
    status: 1,
    stdout: expect.stringMatching(/000002:12: entries 25–32 are missing after it/) as string,
  });
  expect(await text('audit.jsonl.head')).toMatchObject({
    status: 1,
    stdout: expect.stringMatching(/audit\.jsonl\.head: the head is missing/) as string,
  });
  expect((await text('audit.jsonl.000001')).status).toBe(1);
  rmSync(join(folder, 'audit.jsonl.000001'));
  expect(await runCommand(['audit', 'verify', path, '--archived'])).toMatchObject({
    status: 0,
    stdout: expect.stringContaining('begins with entry 13') as string,
  });
});

test('verify says what is wrong and where, and how many entries are right', async () => {
  const timeOf = (line: string): string => (JSON.parse(line) as { time: string }).time;
  const [first, last] = [timeOf(linesOf('audit.jsonl.000001')[0]!), timeOf(linesOf('audit.jsonl').at(-1)!)];
  const period = `from entry 1 of ${first} to entry 32 of ${last}`;
  expect(await runCommand(['audit', 'verify', path])).toMatchObject({
    status: 0,
    stdout: `${path}: 32 entries in 3 files, chain unbroken\n  ${period}\n`,
  });
  const lines = linesOf('audit.jsonl');
  writeFileSync(path, toBytes(lines.with(2, lines[2]!.replace('"done"', '"failed"'))));
  const { status, stdout } = await runCommand(['audit', 'verify', path]);
  expect(status).toBe(1);
  expect(stdout).toBe(
    `${path}:3: entry 27 was changed: its hash does not fit it\n${path}: 32 entries in 3 files, chain broken\n  ${period}\n`,
  );
  expect(await runCommand(['audit', 'verify', join(folder, 'none.jsonl')])).toMatchObject({ status: 1 });
});
