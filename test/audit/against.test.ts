import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { chainEntry, start } from '../../src/audit/chain.ts';
import { eventually } from '../support/eventually.ts';
import { openHost, runCommand, startCloud } from '../support/harness.ts';
import { entryOf, newFolder, openLedger } from './log.ts';

let folder: string;
let path: string;
let copy: string;

const add = async (count: number): Promise<void> => {
  const ledger = openLedger(path);
  for (let at = 0; at < count; at++) ledger.add(entryOf({ duration: at }));
  await ledger.close();
};

beforeEach(async () => {
  folder = newFolder();
  path = join(folder, 'audit.jsonl');
  copy = join(folder, 'copy');
  await add(5);
  writeFileSync(copy, readFileSync(path));
});

const linesOf = (file: string): string[] => readFileSync(file, 'utf8').trimEnd().split('\n');
const write = (file: string, lines: readonly string[]): void =>
  writeFileSync(file, lines.map((line) => `${line}\n`).join(''));
const verify = (...words: string[]) => runCommand(['audit', 'verify', path, ...words]);
const against = async (what: string) => {
  const { status, stdout } = await verify('--against', what);
  return { status, said: stdout.slice(stdout.indexOf(`${what}: `) + what.length + 2).trimEnd() };
};

/** The log written anew from an entry on, with another principal and with a head that fits: no chain shows that. */
const forge = (from: number): void => {
  let link = start;
  const lines = linesOf(path).map((line, at) => {
    const { seq: _seq, prev: _prev, hash: _hash, ...entry } = JSON.parse(line) as Record<string, unknown>;
    const principal = at + 1 < from ? entry['principal'] : 'someone-else';
    const chained = chainEntry(JSON.stringify({ ...entry, principal }), link);
    link = chained.link;
    return chained.line;
  });
  write(path, lines);
  const size = readFileSync(path).length;
  writeFileSync(
    `${path}.head`,
    `${JSON.stringify({ count: link.seq, hash: link.hash, bytes: size, part: 1 }).padEnd(511)}\n`,
  );
};

/** The last entries cut, with a head that fits. */
const cutTo = (count: number): void => {
  const lines = linesOf(path).slice(0, count);
  write(path, lines);
  const { seq, hash } = JSON.parse(lines.at(-1)!) as { seq: number; hash: string };
  const size = readFileSync(path).length;
  writeFileSync(`${path}.head`, `${JSON.stringify({ count: seq, hash, bytes: size, part: 1 }).padEnd(511)}\n`);
};

test('verify says how many entries there are, and from when to when, in text and in JSON', async () => {
  const [first, last] = [linesOf(path)[0]!, linesOf(path)[4]!].map(
    (line) => JSON.parse(line) as { seq: number; time: string; hash: string },
  );
  expect(await verify()).toMatchObject({
    status: 0,
    stdout: `${path}: 5 entries, chain unbroken\n  from entry 1 of ${first!.time} to entry 5 of ${last!.time}\n`,
  });
  const { status, stdout } = await verify('--json');
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toEqual({
    path,
    unbroken: true,
    entries: 5,
    files: 1,
    first: { seq: 1, time: first!.time, hash: first!.hash },
    last: { seq: 5, time: last!.time, hash: last!.hash },
    problems: [],
    notes: [],
  });
  write(path, linesOf(path).slice(2));
  const broken = await verify('--json');
  expect(broken.status).toBe(1);
  expect(JSON.parse(broken.stdout)).toMatchObject({
    unbroken: false,
    entries: 3,
    first: { seq: 3 },
    problems: [{ file: path, line: 1, what: 'entries 1–2 are missing before it' }],
  });
});

test('a copy that is in the log, whole or in part', async () => {
  expect(await against(copy)).toEqual({ status: 0, said: '5 of 5 entries found in the log, unchanged' });
  write(copy, [linesOf(copy)[1]!, linesOf(copy)[3]!]);
  await add(2);
  expect(await against(copy)).toEqual({
    status: 0,
    said: '2 of 2 entries found in the log, unchanged\n  audit.jsonl has newer ones: entries 5–7\n  audit.jsonl has more than the copy: entries 1, 3',
  });
});

test('what no chain shows: the end cut with a head that fits, the log written anew, all removed', async () => {
  cutTo(3);
  expect((await verify()).status).toBe(0);
  expect(await against(copy)).toEqual({
    status: 1,
    said: '3 of 5 entries found in the log, unchanged\n  missing at the end of the log, which ends with entry 3: entries 4–5',
  });
  write(path, linesOf(copy));
  forge(3);
  expect((await verify()).status).toBe(0);
  expect(await against(copy)).toMatchObject({
    status: 1,
    said: expect.stringContaining(
      '2 of 5 entries found in the log, unchanged\n  changed or replaced in the log: entries 3–5',
    ) as string,
  });
  rmSync(path);
  rmSync(`${path}.head`);
  await add(1);
  expect((await verify()).status).toBe(0);
  expect(await against(copy)).toMatchObject({
    status: 1,
    said: expect.stringMatching(
      /^0 of 5 [^]*ends with entry 1: entries 2–5[^]*changed or replaced in the log: entry 1/,
    ) as string,
  });
});

test('a head that was kept elsewhere', async () => {
  const { stdout, status } = await runCommand(['audit', 'head', path]);
  const head = stdout.split(' ')[0]!;
  expect({ stdout, status }).toEqual({ stdout: `${head}  ${path}\n`, status: 0 });
  expect(head).toBe(`5:${(JSON.parse(linesOf(path)[4]!) as { hash: string }).hash}`);
  expect(await against(head)).toEqual({ status: 0, said: '1 of 1 entry found in the log, unchanged' });
  await add(1);
  expect(await against(head)).toEqual({
    status: 0,
    said: '1 of 1 entry found in the log, unchanged\n  audit.jsonl has newer ones: entry 6',
  });
  forge(2);
  expect(await against(head)).toMatchObject({
    status: 1,
    said: '0 of 1 entry found in the log, unchanged\n  changed or replaced in the log: entry 5',
  });
  cutTo(2);
  expect(await against(head)).toMatchObject({
    status: 1,
    said: expect.stringContaining('ends with entry 2: entry 5') as string,
  });
  expect(await verify('--against', `5:${'x'.repeat(64)}`)).toMatchObject({ status: 2 });
  expect(await verify('--against', join(folder, 'none'))).toMatchObject({ status: 2 });
  expect(await runCommand(['audit', 'head', join(folder, 'none.jsonl')])).toMatchObject({ status: 1, stdout: '' });
  const { stdout: json } = await verify('--against', head, '--json');
  expect(JSON.parse(json.trimEnd().split('\n').at(-1)!)).toMatchObject({ against: head, copied: 1, found: 0 });
});

test('a copy that was damaged itself, or is none', async () => {
  write(copy, linesOf(copy).with(1, linesOf(copy)[1]!.replace('local', 'other')));
  expect(await against(copy)).toMatchObject({
    status: 0,
    said: expect.stringContaining(
      '4 of 4 entries found in the log, unchanged\n  audit.jsonl has more than the copy: entry 2\n  cut or changed in the copy itself: 1',
    ) as string,
  });
  write(copy, ['nothing', '{"a":1}', '']);
  expect(await against(copy)).toMatchObject({ status: 1, said: expect.stringContaining('no whole entry') as string });
});

test('a copy as a syslog and a collector store it, with what the writer found', async () => {
  const cloud = await startCloud();
  const udp = createSocket('udp4');
  const messages: string[] = [];
  udp.on('message', (message) => messages.push(message.toString()));
  udp.bind(0, '127.0.0.1');
  await once(udp, 'listening');
  const bodies: string[] = [];
  const collector = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      bodies.push(body);
      response.end('{}');
    });
  }).listen(0, '127.0.0.1');
  await once(collector, 'listening');
  const other = join(folder, 'other.jsonl');
  const host = await openHost({
    env: {
      ...cloud.env,
      CLOUDSTACK_MCP_AUDIT: `${other},otlp,syslog:127.0.0.1:${udp.address().port}`,
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(collector.address() as AddressInfo).port}`,
    },
  });
  await host.call('read', { tool: 'list-zones', arguments: { keyword: 'Zürich \u202e' } });
  await host.call('read', { tool: 'list-zones' });
  rmSync(other);
  rmSync(`${other}.head`);
  await host.call('read', { tool: 'list-zones' });
  await eventually(() => expect(messages).toHaveLength(4));
  await host.close();
  collector.close();
  udp.close();
  await cloud.close();
  const copies: [string, string[]][] = [
    ['syslog', messages.map((message) => message.replace(/^<\d+>1/, 'Nov 26 00:00:01'))],
    ['otlp', bodies],
    ['docker', messages.map((message) => JSON.stringify({ log: `${message.slice(message.indexOf('{'))}\n` }))],
  ];
  for (const [name, lines] of copies) {
    write(join(folder, name), lines);
    const { status, stdout } = await runCommand(['audit', 'verify', other, '--against', join(folder, name)]);
    expect({ name, status, stdout }).toMatchObject({
      status: 1,
      stdout: expect.stringMatching(
        /2 of 4 entries found in the log, unchanged\n {2}not in the log: entries 1–2/,
      ) as string,
    });
  }
});
