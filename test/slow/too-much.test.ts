import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { runCommand, startCloud, type Cloud } from '../support/harness.ts';
import { beginSession, post, startDoor } from '../support/door.ts';
import { newFolder } from '../audit/log.ts';

let cloud: Cloud;
beforeAll(async () => {
  cloud = await startCloud();
});
afterAll(() => cloud.close());

const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;
const nestedMap = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
const keys = (count: number): string => {
  const entries = Array.from({ length: count }, (_, at) => [`unknown-${at}`, `value-${at}`]);
  return JSON.stringify(Object.fromEntries(entries));
};
/** Arguments as JSON text, so that no client of ours refuses them first. */
const floods: [string, string][] = [
  ['lists 40 deep', `{"x":${nested(40)}}`],
  ['lists 2,000 deep', `{"x":${nested(2000)}}`],
  ['lists 100,000 deep', `{"x":${nested(100_000)}}`],
  ['maps 2,000 deep', `{"x":${nestedMap(2000)}}`],
  ['JSON text 5,000 deep', `{"x":${JSON.stringify(nested(5000))}}`],
  ['16,000 unknown keys', keys(16_000)],
  ['400 unknown keys', keys(400)],
  ['a key of 100,000 characters', `{"${'k'.repeat(100_000)}":1}`],
  ['a text of 2 MiB', `{"keyword":"${'x'.repeat(2 ** 21)}"}`],
  ['a list of 20,000 values', `{"ids":[${Array.from({ length: 20_000 }, () => '"x"').join()}]}`],
  [
    '400 texts of 10,000 characters',
    JSON.stringify(Object.fromEntries(Array.from({ length: 400 }, (_, at) => [`k${at}`, 'v'.repeat(10_000)]))),
  ],
];
const maxEntry = 80_000;

const bodyOf = (id: number, args: string): string =>
  `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"read","arguments":{"tool":"listZones","arguments":${args}}}}`;

const entriesOf = (path: string): string[] => readFileSync(path, 'utf8').trimEnd().split('\n');

const checkEntry = (line: string, what: string): void => {
  expect(JSON.parse(line), what).toMatchObject({ tool: 'listZones', result: 'refused', error: { kind: 'invalid' } });
  expect(Buffer.byteLength(line), what).toBeLessThan(maxEntry);
};

test('over stdio, what is too deep or too large is refused in plain words, and has a small entry', async () => {
  const path = join(newFolder(), 'audit.jsonl');
  const server = spawn(process.execPath, ['dist/main.js', 'serve'], {
    env: { ...cloud.env, CLOUDSTACK_MCP_AUDIT: path },
  });
  try {
    const answers = new Map<number, any>();
    createInterface({ input: server.stdout }).on('line', (line) => {
      const message = JSON.parse(line) as { id: number };
      answers.set(message.id, message);
    });
    const send = async (id: number, text: string) => {
      server.stdin.write(`${text}\n`);
      await eventually(() => expect(answers.has(id), text.slice(0, 200)).toBe(true));
      return answers.get(id) as { result?: { isError?: boolean; content: { text: string }[] }; error?: unknown };
    };
    await send(
      1,
      '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"raw","version":"1"}}}',
    );
    server.stdin.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\n');
    cloud.calls.length = 0;
    for (const [at, [what, args]] of floods.entries()) {
      const { result, error } = await send(at + 2, bodyOf(at + 2, args));
      expect(error, what).toBeUndefined();
      expect(result?.isError, what).toBe(true);
      expect(result!.content[0]!.text.length, what).toBeLessThan(20_000);
      expect(entriesOf(path), what).toHaveLength(at + 1);
      checkEntry(entriesOf(path).at(-1)!, what);
    }
    expect(cloud.calls.filter(({ command }) => command === 'listZones')).toEqual([]);
  } finally {
    server.kill();
  }
  expect((await runCommand(['audit', 'verify', path])).status).toBe(0);
});

test('the same over HTTP', async () => {
  const path = join(newFolder(), 'audit.jsonl');
  const door = await startDoor({ env: { ...cloud.env, CLOUDSTACK_MCP_AUDIT: path } });
  const session = { 'mcp-session-id': await beginSession(door) };
  cloud.calls.length = 0;
  for (const [at, [what, args]] of floods.entries()) {
    const text = await (await post(door, bodyOf(at, args), session)).text();
    expect(text, what).toMatch(/"isError":true/);
    expect(text.length, what).toBeLessThan(40_000);
    expect(entriesOf(path), what).toHaveLength(at + 1);
    checkEntry(entriesOf(path).at(-1)!, what);
  }
  expect(cloud.calls.filter(({ command }) => command === 'listZones')).toEqual([]);
  await door.close();
  expect((await runCommand(['audit', 'verify', path])).status).toBe(0);
});

test('what was left out of an entry is marked', async () => {
  const path = join(newFolder(), 'audit.jsonl');
  const door = await startDoor({ env: { ...cloud.env, CLOUDSTACK_MCP_AUDIT: path } });
  const session = { 'mcp-session-id': await beginSession(door) };
  await (await post(door, bodyOf(1, keys(16_000)), session)).text();
  await (await post(door, bodyOf(2, `{"keyword":"${'x'.repeat(5000)}"}`), session)).text();
  const [many, long] = entriesOf(path).map((line) => JSON.parse(line) as { params: Record<string, string> });
  expect(Object.keys(many!.params)).toHaveLength(11);
  expect(many!.params['…']).toBe('more arguments');
  expect(Buffer.byteLength(entriesOf(path)[0]!)).toBeLessThan(2500);
  expect(long!.params['keyword']).toBe(`${'x'.repeat(2000)}… (5000 characters)`);
  await door.close();
});
