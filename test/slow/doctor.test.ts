import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkCatalog, checkNode } from '../../src/cli/doctor-command.ts';
import type { CheckResult } from '../../src/setup/check-result.ts';
import { createHomes, writeFile } from '../support/homes.ts';
import { runCommand, startCloud, startFake, type Cloud } from '../support/harness.ts';

// Faults that are injected one by one: doctor names each, and how to fix it.

const { root, newHome, close: removeHomes } = createHomes();
let cloud: Cloud;
let secure: { url: string; certificate: string; close: () => void } | undefined;

const openssl = (...args: string[]): boolean => spawnSync('openssl', args, { cwd: root }).status === 0;

/** A certificate for localhost that signs itself, valid in 2020 only where `isExpired`; false without openssl. */
const makeCertificate = (name: string, isExpired: boolean): boolean => {
  const [key, request, certificate] = [`${name}.key`, `${name}.csr`, `${name}.pem`];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const pair = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key];
  if (!isExpired) return openssl('req', '-x509', ...pair, '-days', '2', '-out', certificate, ...subject);
  mkdirSync(join(root, name));
  writeFile(join(root, name, 'index'), '');
  const lines = ['[ca]', 'default_ca=d', '[d]', `new_certs_dir=${name}`, `database=${name}/index`, 'rand_serial=yes'];
  lines.push('default_md=sha256', 'policy=p', 'copy_extensions=copy', '[p]', 'commonName=supplied', '');
  const config = writeFile(join(root, name, 'ca.cnf'), lines.join('\n'));
  const days = ['-startdate', '20200101000000Z', '-enddate', '20200102000000Z'];
  return (
    openssl('req', '-new', ...pair, '-out', request, ...subject) &&
    openssl(
      'ca',
      '-batch',
      '-config',
      config,
      '-selfsign',
      '-keyfile',
      key,
      '-in',
      request,
      ...days,
      '-out',
      certificate,
    )
  );
};

/** The cloud behind TLS, where openssl is there to make a certificate. */
const startSecure = async (name: string, isExpired = false): Promise<typeof secure> => {
  if (!makeCertificate(name, isExpired)) return undefined;
  const certificate = join(root, `${name}.pem`);
  const pair = { key: readFileSync(join(root, `${name}.key`)), cert: readFileSync(certificate) };
  const server = createServer(pair, (request, response) => {
    const target = new URL(request.url!, cloud.url);
    void fetch(target, { method: request.method! }).then(async (answer) => {
      response.writeHead(answer.status, { 'content-type': 'application/json' });
      response.end(await answer.text());
    });
  });
  await once(server.listen(0), 'listening');
  return {
    url: `https://localhost:${(server.address() as AddressInfo).port}/client/api`,
    certificate,
    close: () => server.close().closeAllConnections(),
  };
};

/** A proxy that opens no connection. */
const startRefusingProxy = async () => {
  const server = createHttpServer().on('connect', (_request, socket) => {
    // A client that has its answer may break the connection.
    socket.on('error', () => undefined);
    socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n');
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    env: { CLOUDSTACK_API_URL: 'http://cloud.example.invalid/client/api', HTTP_PROXY: url },
    close: () => {
      server.close().closeAllConnections();
      return Promise.resolve();
    },
  };
};

beforeAll(async () => {
  cloud = await startCloud();
  secure = await startSecure('trusted');
});
afterAll(async () => {
  secure?.close();
  await cloud.close();
  removeHomes();
});

const examine = async (flags: string[], env: Record<string, string>) => {
  const run = await runCommand(['doctor', '--json', ...flags], { env });
  const { findings } = JSON.parse(run.stdout) as { findings: CheckResult[] };
  return { ...run, findings };
};
const find = (findings: readonly CheckResult[], check: string, found: string): CheckResult | undefined =>
  findings.find((one) => one.check === check && one.found.includes(found));

interface Setting {
  env?: Record<string, string | undefined>;
  flags?: string[];
}
type Fault = [
  what: string,
  inject: (home: string) => Setting | Promise<Setting & { close?: () => Promise<void> }>,
  status: CheckResult['status'],
  check: string,
  found: string,
  mend: string,
];

const profileText = (lines: string[]): string =>
  `# mine\nprofiles:\n  default:\n    url: ${cloud.url}\n    apiKey: ${cloud.env['CLOUDSTACK_API_KEY']}\n    secretKey: ${cloud.env['CLOUDSTACK_SECRET_KEY']}\n${lines.map((line) => `${line}\n`).join('')}`;
const inFile = (home: string, lines: string[], mode?: number): Setting => ({
  env: { CLOUDSTACK_API_URL: '', CLOUDSTACK_MCP_CONFIG: writeFile(join(home, 'c.yaml'), profileText(lines), mode) },
});
const at = (url: string): Setting => ({ env: { CLOUDSTACK_API_URL: url } });
const answering = async (answer: Parameters<typeof startFake>[0]) => {
  const fake = await startFake(answer);
  return { env: fake.env, close: fake.close };
};
const hostFile = (home: string, entry: object): Setting => {
  writeFile(join(home, '.cursor/mcp.json'), JSON.stringify({ mcpServers: { cloudstack: entry } }));
  return {};
};

const faults: Fault[] = [
  [
    'nothing configured',
    () => ({ env: { CLOUDSTACK_API_URL: '' } }),
    'wrong',
    'configuration',
    'No CloudStack is configured',
    'init',
  ],
  [
    'a key that does not exist',
    (home) => inFile(home, ['profil: default']),
    'wrong',
    'configuration',
    'c.yaml, line 7, column 1',
    'configuration.md',
  ],
  [
    'a value that is none',
    (home) => inFile(home, ['budget: 12000', 'port: abc']),
    'wrong',
    'configuration',
    'c.yaml, line 8, column 1',
    'configuration.md',
  ],
  ['broken YAML', (home) => inFile(home, ['tools: [']), 'wrong', 'configuration', 'line ', 'configuration.md'],
  [
    'a file that is not there',
    (home) => ({ env: { CLOUDSTACK_MCP_CONFIG: join(home, 'no.yaml') } }),
    'wrong',
    'configuration',
    'no.yaml',
    'path',
  ],
  [
    'a file that others may read',
    (home) => inFile(home, [], 0o644),
    'warning',
    'configuration',
    'holds a secret',
    'chmod 600',
  ],
  [
    'half a credential',
    () => ({ env: { CLOUDSTACK_SECRET_KEY: '' } }),
    'wrong',
    'configuration',
    'incomplete credential',
    'CLOUDSTACK_SECRET_KEY',
  ],
  [
    'a value that was not filled in',
    () => ({ env: { CLOUDSTACK_API_KEY: '${CLOUDSTACK_API_KEY}' } }),
    'wrong',
    'configuration',
    'not filled in',
    'host or the shell',
  ],
  [
    'a profile that is not there',
    () => ({ flags: ['--profile', 'lab'] }),
    'wrong',
    'configuration',
    'There is no profile "lab"',
    'Available: default',
  ],
  ['a URL that is none', () => at('ftp://cloud'), 'wrong', 'configuration', 'not an http(s) URL', '/client/api'],
  ['a host without a name', () => at('http://cloud.invalid/client/api'), 'wrong', 'dns', 'cloud.invalid', 'VPN'],
  [
    'a port without a server',
    () => at('http://127.0.0.1:9/client/api'),
    'wrong',
    'connection',
    'nothing listens',
    'management server',
  ],
  [
    'a path that leads nowhere',
    () => answering((_command, response) => response.writeHead(404).end('no')),
    'wrong',
    'url',
    '404',
    '/client/api',
  ],
  [
    'a web page',
    () => answering((_command, response) => response.end('<html></html>')),
    'wrong',
    'url',
    'is not CloudStack',
    'web page',
  ],
  [
    'a redirect',
    () => answering((_command, response) => response.writeHead(302, { location: 'https://sso.example.com' }).end()),
    'wrong',
    'url',
    'redirects elsewhere',
    'redirects',
  ],
  [
    'maintenance',
    () => answering((_command, response) => response.writeHead(503).end()),
    'wrong',
    'url',
    '503',
    'maintenance',
  ],
  [
    'TLS where there is none',
    () => at(cloud.url.replace('http:', 'https:')),
    'wrong',
    'tls',
    'does not speak TLS',
    'http://',
  ],
  [
    'a cloud that takes connections and says nothing',
    async () => {
      const { env, close } = await answering(() => undefined);
      return { env: { ...env, CLOUDSTACK_TIMEOUT: '300' }, close };
    },
    'wrong',
    'connection',
    'does not answer',
    'firewall',
  ],
  [
    'a clock that is wrong',
    () =>
      answering((_command, response) =>
        response
          .writeHead(401, { date: new Date(Date.now() - 3_600_000).toUTCString() })
          .end('{"listcapabilitiesresponse":{}}'),
      ),
    'wrong',
    'clock',
    'expired',
    'NTP',
  ],
  [
    'a proxy that is down',
    () => ({
      env: { CLOUDSTACK_API_URL: 'http://cloud.example.invalid/client/api', HTTP_PROXY: 'http://127.0.0.1:9' },
    }),
    'wrong',
    'proxy',
    'does not answer',
    'HTTPS_PROXY',
  ],
  ['a proxy that refuses', startRefusingProxy, 'wrong', 'proxy', 'opens no connection', 'CONNECT'],
  [
    'a key that a profile does not have',
    (home) => inFile(home, ['    apikey: b']),
    'wrong',
    'configuration',
    'c.yaml, line 7, column 5',
    'configuration.md',
  ],
  [
    'a wrong secret key',
    () => ({ env: { CLOUDSTACK_SECRET_KEY: 'no' } }),
    'wrong',
    'credential',
    'listCapabilities',
    'key',
  ],
  [
    'a wrong password',
    () => ({
      env: {
        CLOUDSTACK_API_KEY: '',
        CLOUDSTACK_SECRET_KEY: '',
        CLOUDSTACK_USERNAME: 'admin',
        CLOUDSTACK_PASSWORD: 'no',
      },
    }),
    'wrong',
    'credential',
    'authenticate',
    'password',
  ],
  [
    'a secret in a host',
    (home) =>
      hostFile(home, {
        command: process.execPath,
        args: ['-e', 'console.log(`"serverInfo"`)', 'cloudstack-mcp-server'],
        env: { CLOUDSTACK_SECRET_KEY: 's' },
      }),
    'warning',
    'host cursor',
    'holds a secret',
    'CLOUDSTACK_SECRET_KEY_FILE',
  ],
  [
    'a host that starts nothing',
    (home) => hostFile(home, { command: '/nowhere/cloudstack-mcp-server', args: ['serve'] }),
    'wrong',
    'host cursor',
    'does not start',
    'init --hosts cursor',
  ],
  [
    "a broken host's file",
    (home) => (writeFile(join(home, '.gemini/settings.json'), '{\n  "a": ,\n}'), {}),
    'wrong',
    'host gemini',
    'line 2',
    'Correct the file',
  ],
  ['no host', () => ({}), 'warning', 'hosts', 'no host is set up for this server', 'init'],
  [
    'a state folder that is a file',
    (home) => ({ env: { CLOUDSTACK_MCP_STATE: join(writeFile(join(home, 'f'), ''), 'state') } }),
    'wrong',
    'state',
    'cannot be written',
    '--state',
  ],
  [
    'an audit log that cannot be written',
    (home) => ({ env: { CLOUDSTACK_MCP_AUDIT: join(writeFile(join(home, 'g'), ''), 'audit.jsonl') } }),
    'wrong',
    'audit',
    'cannot be written',
    '--audit',
  ],
  [
    'a store that is down',
    () => ({ env: { CLOUDSTACK_MCP_REDIS_URL: 'redis://127.0.0.1:9' } }),
    'wrong',
    'store',
    'does not answer',
    'CLOUDSTACK_MCP_REDIS_URL',
  ],
];

test.each(faults)('%s', async (_what, inject, status, check, found, mend) => {
  const home = newHome();
  const injected = await inject(home);
  const close = 'close' in injected ? injected.close : undefined;
  const env = { HOME: home, ...cloud.env, ...injected.env } as Record<string, string>;
  const run = await examine(injected.flags ?? [], env);
  await close?.();
  const finding = find(run.findings, check, found);
  expect(finding, JSON.stringify(run.findings, null, 1)).toMatchObject({ status });
  expect(finding!.mend).toContain(mend);
  expect(run.status).toBe(status === 'wrong' ? 1 : 0);
  // One fault is one thing that is wrong.
  expect(run.findings.filter((one) => one.status === 'wrong')).toHaveLength(status === 'wrong' ? 1 : 0);
});

test.each([
  ['sha512 where the cloud takes sha1', 'sha1', 'signature: sha512'],
  ['sha1 where the cloud takes sha512', 'sha512', 'signature: sha1'],
] as const)('%s', async (_what, taken, line) => {
  const other = await startCloud({ signature: taken });
  const home = newHome();
  const text = profileText([`    ${line}`]).replaceAll(cloud.url, other.url);
  const own = text
    .replace(cloud.env['CLOUDSTACK_API_KEY']!, other.env['CLOUDSTACK_API_KEY']!)
    .replace(cloud.env['CLOUDSTACK_SECRET_KEY']!, other.env['CLOUDSTACK_SECRET_KEY']!);
  const run = await examine(['--config', writeFile(join(home, 'c.yaml'), own)], { HOME: home });
  await other.close();
  expect(find(run.findings, 'signature', 'does not accept')).toMatchObject({ status: 'wrong' });
  expect(find(run.findings, 'signature', 'does not accept')!.mend).toContain('auto');
});

test('a certificate of a private authority is named, and trusted by caFile', async (context) => {
  if (!secure) return context.skip('openssl is not there');
  const home = newHome();
  const text = profileText([]).replace(cloud.url, secure.url);
  const without = await examine(['--config', writeFile(join(home, 'a.yaml'), text)], { HOME: home });
  expect(find(without.findings, 'tls', 'not trusted')).toMatchObject({ status: 'wrong' });
  expect(find(without.findings, 'tls', 'not trusted')!.mend).toContain('caFile');
  const trusting = writeFile(
    join(home, 'b.yaml'),
    text.replace('    apiKey', `    caFile: ${secure.certificate}\n    apiKey`),
  );
  const trusted = await examine(['--config', trusting], { HOME: home });
  expect(trusted.findings.filter(({ status }) => status === 'wrong')).toEqual([]);
  expect(find(trusted.findings, 'tls', 'the certificate is trusted')).toBeDefined();
  const byAddress = text
    .replace('localhost', '127.0.0.1')
    .replace('    apiKey', `    caFile: ${secure.certificate}\n    apiKey`);
  const misnamed = await examine(['--config', writeFile(join(home, 'c.yaml'), byAddress)], { HOME: home });
  expect(find(misnamed.findings, 'tls', 'another name')).toMatchObject({ status: 'wrong' });
  expect(execFileSync('openssl', ['version']).toString()).toContain('SSL');
});

test('a certificate that has expired', async (context) => {
  const expired = await startSecure('expired', true);
  if (!expired) return context.skip('openssl is not there');
  const text = profileText([`    caFile: ${expired.certificate}`]).replace(cloud.url, expired.url);
  const run = await examine(['--config', writeFile(join(newHome(), 'c.yaml'), text)], {});
  expired.close();
  expect(find(run.findings, 'tls', 'not valid today')).toMatchObject({ status: 'wrong' });
  expect(find(run.findings, 'tls', 'not valid today')!.mend).toContain('Renew the certificate');
});

test('an old Node and an old catalog', () => {
  expect(checkNode('18.2.0', '20.19.0')).toMatchObject({ status: 'wrong' });
  expect(checkNode('20.9.0', '20.19.0')).toMatchObject({ status: 'wrong' });
  for (const version of ['20.19.0', '20.20.1', '26.0.0']) expect(checkNode(version, '20.19.0').status).toBe('fine');
  expect(checkCatalog('Catalog of 2020-01-01', Date.parse('2022-01-01'))).toMatchObject({ status: 'warning' });
});

test('for a person: a line each at 80 columns, no colour in a pipe, nothing secret', async () => {
  const home = newHome();
  const { stdout, status } = await runCommand(['doctor'], { env: { HOME: home, ...cloud.env } });
  expect(status).toBe(0);
  expect(stdout).not.toContain('\u001b');
  expect(stdout).not.toContain(cloud.env['CLOUDSTACK_SECRET_KEY']);
  for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  expect(stdout).toContain('0 wrong');
});
