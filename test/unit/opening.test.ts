import { isInitializeRequest } from '@modelcontextprotocol/server';
import fc from 'fast-check';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { beforeAll, expect, test } from 'vitest';
import { prepareOpening } from '../../scripts/build/opening.ts';
import { loadConfig } from '../../src/config/config.ts';
import { readPlainConfig } from '../../src/config/plain-config.ts';
import { servePlain } from '../../src/cli/serve-plain.ts';
import { answerOpening } from '../../src/opening/answer.ts';
import { readOpening } from '../../src/opening/messages.ts';
import { isPlainStart } from '../../src/opening/plain-start.ts';
import type { PreparedOpening } from '../../src/opening/prepared.ts';

let prepared: PreparedOpening;
beforeAll(async () => {
  prepared = await prepareOpening();
});

const cloud = {
  CLOUDSTACK_API_URL: 'https://cloud.example.com/client/api',
  CLOUDSTACK_API_KEY: 'key',
  CLOUDSTACK_SECRET_KEY: 'secret',
};

test.each<[what: string, argv: string[], env: Record<string, string>, plain: boolean]>([
  ['a cloud with keys', [], cloud, true],
  ['the same, said in words', ['serve'], cloud, true],
  ['one that only reads, which lists fewer tools', ['serve', '--read-only'], cloud, false],
  ['settings that change no list', [], { ...cloud, CLOUDSTACK_TIMEOUT: '5000' }, true],
  ['a setting that leaves tools out', [], { ...cloud, CLOUDSTACK_MCP_READ_ONLY: 'yes' }, false],
  ['a time-out that is warned of', [], { ...cloud, CLOUDSTACK_TIMEOUT: '500' }, false],
  ['the simulator', ['--simulator'], {}, true],
  ['another list', [], { ...cloud, CLOUDSTACK_MCP_TOOLS: 'all' }, false],
  ['any other flag', ['--tools', 'all'], cloud, false],
  ['another command', ['version'], cloud, false],
  ['a file', [], { ...cloud, CLOUDSTACK_MCP_CONFIG: '/none' }, false],
  ['a secret in a file', [], { ...cloud, CLOUDSTACK_SECRET_KEY_FILE: '/none' }, false],
  ['a proxy', [], { ...cloud, https_proxy: 'nonsense' }, false],
])('a start is plain only where nothing can be wrong: %s', (_what, argv, env, plain) => {
  expect(isPlainStart(argv, env, prepared)).toBe(plain);
});

test('a plain start is one whose configuration is right and warns of nothing', async () => {
  const values = [
    '',
    'x',
    '0',
    '5',
    '-1',
    'yes',
    'sha9',
    '${KEY}',
    '99999999999',
    'json',
    'http://10.0.0.1/client/api',
  ];
  const urls = ['https://cloud.example.com/client/api', 'http://localhost:8080/client/api', 'cloud.example.com'];
  const names = [
    ...Object.keys(prepared.settings),
    ...['API_URL', 'API_KEY', 'SECRET_KEY', 'USERNAME', 'PASSWORD', 'DOMAIN', 'MCP_TOOLS', 'MCP_REDIS_URL'].map(
      (name) => `CLOUDSTACK_${name}`,
    ),
    ...['HTTPS_PROXY', 'OTEL_EXPORTER_OTLP_ENDPOINT', 'CLOUDSTACK_MCP_SIGNATURE', 'CLOUDSTACK_MCP_TRANSPORT'],
  ];
  const any = fc.dictionary(fc.constantFrom(...names), fc.constantFrom(...values, ...urls), { maxKeys: 4 });
  let plain = 0;
  await fc.assert(
    fc.asyncProperty(any, fc.boolean(), async (changed, isSimulated) => {
      const env = { ...(isSimulated ? {} : cloud), ...changed };
      if (!isPlainStart(isSimulated ? ['--simulator'] : [], env, prepared)) return;
      plain++;
      const config = await loadConfig(isSimulated ? { simulator: true } : {}, env);
      expect(config).toMatchObject({ tools: 'compact', transport: 'stdio', warnings: [], traces: undefined });
      expect(Object.keys(config.profiles)).toEqual([config.profile]);
      // Without the schemas it is read as the same.
      expect(readPlainConfig(env, isSimulated, prepared.config)).toEqual(config);
    }),
    { numRuns: 2000 },
  );
  expect(plain).toBeGreaterThan(100);
});

const initialize = (capabilities: unknown, clientInfo: unknown = { name: 'host', version: '1' }) => ({
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities, clientInfo },
});

test('an initialize that is answered at once is one that the SDK takes', () => {
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      fc.boolean(),
      fc.constantFrom(null, 'x', 5),
      fc.array(fc.constant({})),
      fc.dictionary(
        fc.constantFrom('roots', 'listChanged', 'elicitation', 'form', 'applyDefaults', 'url', 'sampling', 'tasks'),
        tie('tree'),
        { maxKeys: 3 },
      ),
    ),
  }));
  fc.assert(
    fc.property(tree, fc.oneof(fc.constant({ name: 'host', version: '1' }), tree), (capabilities, client) => {
      const message = initialize(capabilities, client);
      if (readOpening(JSON.stringify(message))) expect(isInitializeRequest(message)).toBe(true);
    }),
    { numRuns: 2000 },
  );
  for (const capabilities of [{}, { elicitation: {} }, { roots: { listChanged: true }, elicitation: { form: {} } }])
    expect(readOpening(JSON.stringify(initialize(capabilities)))).toMatchObject({ method: 'initialize' });
});

const meta = (version: string) => ({
  _meta: {
    'io.modelcontextprotocol/protocolVersion': version,
    'io.modelcontextprotocol/clientInfo': { name: 'host', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': {},
  },
});
const started = { jsonrpc: '2.0', method: 'notifications/initialized' };
const list = { jsonrpc: '2.0', id: 'list', method: 'tools/list' };
const stateless = { ...list, params: meta('2026-07-28') };

test.each<[what: string, messages: object[], answered: (string | number)[]]>([
  ['a connection', [initialize({}), started, list, list], [1, 'list', 'list']],
  ['requests that stand alone', [{ ...stateless, id: 7, method: 'server/discover' }, stateless], [7, 'list']],
  ['a list before the connection', [list], []],
  ['a connection that begins twice', [initialize({}), initialize({})], [1]],
  ['both kinds, mixed', [initialize({}), stateless], [1]],
  ['both kinds, the other way round', [stateless, initialize({})], ['list']],
  ['a protocol version that is not known', [{ ...list, params: meta('2031-01-01') }], []],
  ['a page of the list', [initialize({}), { ...list, params: { cursor: 'x' } }], [1]],
  ['anything else', [initialize({}), { jsonrpc: '2.0', id: 3, method: 'ping' }], [1]],
])('what is answered at once, and what is left to the server: %s', async (_what, messages, answered) => {
  const [stdin, stdout] = [new PassThrough(), new PassThrough()];
  const text = `${[...messages, { jsonrpc: '2.0', id: 99, method: 'tools/call' }].map((one) => JSON.stringify(one)).join('\n')}\n`;
  // In two parts that end within a character or a message.
  const bytes = Buffer.from(text);
  const opening = answerOpening({ stdin, stdout, signal: new AbortController().signal }, prepared);
  stdin.write(bytes.subarray(0, 40));
  stdin.write(bytes.subarray(40));
  expect(await opening).toEqual({ isOver: false, answered });
  expect((stdin.read() as Buffer).toString()).toBe(text);
  const lines = ((stdout.read() as Buffer | null) ?? '').toString().split('\n').filter(Boolean);
  expect(lines.map((line) => (JSON.parse(line) as { id: unknown }).id)).toEqual(answered);
});

test('what nests deeply or is long is left to the server, which bounds it', () => {
  const asking = (capabilities: string): string =>
    `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":${capabilities},"clientInfo":{"name":"x","version":"1"}}}`;
  const nested = (depth: number): string => `${'{"a":'.repeat(depth)}{}${'}'.repeat(depth)}`;
  expect(readOpening(asking('{}'))).toBeDefined();
  for (const depth of [30, 2500, 100_000]) expect(readOpening(asking(nested(depth))), String(depth)).toBeUndefined();
  expect(readOpening(asking(`{"${'x'.repeat(20_000)}":{}}`))).toBeUndefined();
});

test('a plain start serves without the command line', async () => {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const state = await mkdtemp(join(tmpdir(), 'plain-'));
  const io = { stdin, stdout, stderr, env: { XDG_STATE_HOME: state }, signal: new AbortController().signal };
  const served = servePlain(['--simulator'], io, prepared.config);
  for (const message of [initialize({}), started, { ...list, method: 'tools/call', params: { name: 'whoami' } }])
    stdin.write(`${JSON.stringify(message)}\n`);
  const lines: string[] = [];
  for await (const line of createInterface({ input: stdout })) if (lines.push(line) === 2) break;
  stdin.end();
  expect(await served).toBe(0);
  expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([{ id: 1 }, { id: 'list', result: {} }]);
  expect(lines[1]).toContain('simulator');
});
