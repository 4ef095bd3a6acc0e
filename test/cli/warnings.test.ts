import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { openHost, runCommand, startCloud, type Cloud } from '../support/harness.ts';

let cloud: Cloud;
let folder: string;
beforeAll(async () => {
  cloud = await startCloud();
});
afterAll(() => cloud.close());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cloudstack-warnings-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const write = (name: string, content: unknown, mode: number): string => {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  chmodSync(path, mode);
  return path;
};
const profile = (more: Record<string, string> = {}) => ({
  url: cloud.url,
  apiKey: cloud.env['CLOUDSTACK_API_KEY'],
  secretKey: cloud.env['CLOUDSTACK_SECRET_KEY'],
  ...more,
});

/** What `call` and `serve` print to standard error; the same, without any secret. */
const warningsOf = async (env: Record<string, string>): Promise<string[]> => {
  const { stderr } = await runCommand(['tools', 'show', 'list-zones'], { env });
  const host = await openHost({ env });
  const lines = stderr.split('\n').filter((line) => line.startsWith('Warning: '));
  await eventually(() =>
    expect(
      host
        .stderr()
        .split('\n')
        .filter((line) => line.startsWith('Warning: ')),
    ).toEqual(lines),
  );
  await host.close();
  expect(stderr).not.toContain(cloud.env['CLOUDSTACK_SECRET_KEY']);
  return lines.map((line) => line.slice('Warning: '.length));
};

test.runIf(process.platform !== 'win32')(
  'files with secrets that others may read, and rules that others may change',
  async () => {
    const { CLOUDSTACK_SECRET_KEY: secret = '', ...rest } = cloud.env;
    const ofSecret = (path: string, mode: string): string =>
      `${path} holds a secret, and others than its owner have access to it (mode ${mode}): chmod 600 it.`;
    for (const [mode, found] of [
      [0o600, undefined],
      [0o400, undefined],
      [0o640, '640'],
      [0o604, '604'],
      [0o666, '666'],
    ] as const) {
      const config = write('config.json', { profiles: { default: profile() } }, mode);
      expect(await warningsOf({ CLOUDSTACK_MCP_CONFIG: config })).toEqual(found ? [ofSecret(config, found)] : []);
      const key = write('key', secret, mode);
      expect(await warningsOf({ ...rest, CLOUDSTACK_SECRET_KEY_FILE: key })).toEqual(
        found ? [ofSecret(key, found)] : [],
      );
    }
    const key = write('key', secret, 0o644);
    const { secretKey: _, ...keyless } = profile({ secretKeyFile: key });
    const config = write('config.json', { profiles: { default: keyless } }, 0o644);
    expect(await warningsOf({ CLOUDSTACK_MCP_CONFIG: config })).toEqual([ofSecret(key, '644')]);
    const rules = write('rules.json', { policy: { preset: 'operator' } }, 0o666);
    expect(await warningsOf({ ...cloud.env, CLOUDSTACK_MCP_CONFIG: rules })).toEqual([
      `${rules} can be changed by others than its owner (mode 666): chmod go-w it.`,
    ]);
    const ini = write('cloudmonkey', `[lab]\nurl = ${cloud.url}\napikey = a\nsecretkey = b\n`, 0o644);
    expect(await warningsOf({ CLOUDSTACK_MCP_CREDENTIALS: ini })).toEqual([ofSecret(ini, '644')]);
  },
);

test('an endpoint without encryption beyond this machine', async () => {
  const file = write(
    'config.json',
    {
      profile: 'here',
      profiles: {
        here: profile(),
        six: profile({ url: 'http://[::1]:8080/client/api' }),
        away: profile({ url: 'http://cloud.example.com:8080/client/api' }),
        safe: profile({ url: 'https://cloud.example.com/client/api' }),
        sly: profile({ url: 'http://127.0.0.1.example.com/client/api' }),
      },
    },
    0o600,
  );
  const sentence = (name: string, host: string): string =>
    `Profile ${name}: http://${host} is not encrypted. Passwords, session keys and answers can be read on the way: use https.`;
  expect(await warningsOf({ CLOUDSTACK_MCP_CONFIG: file })).toEqual([
    sentence('away', 'cloud.example.com:8080'),
    sentence('sly', '127.0.0.1.example.com'),
  ]);
  expect(await warningsOf({ CLOUDSTACK_MCP_CONFIG: file, CLOUDSTACK_MCP_SIMULATOR: 'true' })).toEqual([]);
});

test('what else a credential is sent to without encryption', async () => {
  const warned = async (env: Record<string, string>): Promise<string> => {
    const { stderr } = await runCommand(['tools', 'show', 'list-zones'], { env: { ...cloud.env, ...env } });
    expect(stderr).not.toContain('s3cret');
    return stderr;
  };
  const traces = { OTEL_EXPORTER_OTLP_HEADERS: 'authorization=s3cret' };
  const away = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector.example.com:4318' };
  expect(await warned({ CLOUDSTACK_MCP_REDIS_URL: 'redis://u:s3cret@store.example.com:6379' })).toContain(
    'The shared store: redis://store.example.com:6379 is not encrypted',
  );
  expect(await warned({ ...away, ...traces })).toContain('Traces: http://collector.example.com:4318 is not encrypted');
  expect(await warned({ ...away, ...traces, CLOUDSTACK_MCP_AUDIT: 'stderr,otlp' })).toContain(
    'The audit log over OTLP',
  );
  for (const safe of [
    { CLOUDSTACK_MCP_REDIS_URL: 'rediss://u:s3cret@store.example.com:6379' },
    { CLOUDSTACK_MCP_REDIS_URL: 'redis://u:s3cret@127.0.0.1:6379' },
    { ...traces, OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector.example.com:4318' },
    away,
  ])
    expect(await warned(safe)).not.toContain('is not encrypted');
});

test('a proxy that is sent a password in clear text; no output shows it', async () => {
  const env = { ...cloud.env, http_proxy: 'http://bob:hunter2@proxy.example:3128', HTTPS_PROXY: 'http://127.0.0.1:9' };
  expect(await warningsOf(env)).toEqual([
    'HTTP_PROXY: http://proxy.example:3128 is not encrypted. The credential in it can be read on the way: use https.',
  ]);
  for (const args of [['tools', 'show', 'list-zones'], ['doctor'], ['doctor', '--json'], ['call', 'list-zones']])
    for (const wrong of [env, { ...env, http_proxy: 'socks://bob:hunter2@proxy.example' }]) {
      const { stdout, stderr } = await runCommand(args, { env: wrong });
      expect(stdout + stderr, args.join(' ')).not.toContain('hunter2');
    }
});
