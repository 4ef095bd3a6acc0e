import { afterEach, expect, test } from 'vitest';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CommandsFile } from '../../src/catalog/types.ts';
import { loadData } from '../../src/data.ts';
import { serveSimulator } from '../../src/simulator/server.ts';
import { runCommand } from '../support/harness.ts';
import { createSimulator } from '../support/seeded-worlds.ts';

const folder = mkdtempSync(join(tmpdir(), 'cloudstack-mcp-releases-'));
let server: Awaited<ReturnType<typeof serveSimulator>> | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

/** A cloud that calls itself something. */
const openCloud = async (version: string): Promise<Record<string, string>> => {
  const simulator = createSimulator({ jobMillis: 0 });
  const answer = async (request: Request): Promise<Response> => {
    const response = await simulator.fetch(request);
    if (!request.url.includes('command=listCapabilities')) return response;
    const text = (await response.text()).replace(/("cloudstackversion":")[^"]*/, `$1${version}`);
    return new Response(text, { status: response.status, headers: response.headers });
  };
  server = await serveSimulator({ ...simulator, fetch: answer }, { port: 0 });
  const { apiKey, secretKey } = simulator.credentials;
  return {
    HOME: folder,
    CLOUDSTACK_API_URL: server.url,
    CLOUDSTACK_API_KEY: apiKey,
    CLOUDSTACK_SECRET_KEY: secretKey,
  };
};

test.each([
  ['4.9.3.0', '4.9.3 is older than the catalog'],
  ['3.0.7', '3.0.7 is older than the catalog'],
  ['4.11.2.0', '4.11.2 is known'],
  ['4.22.9.0', '4.22.9 is known'],
  ['4.100.0.0', '4.100.0 is newer than the catalog'],
  ['24.0.0.0-SNAPSHOT', '24.0.0 is newer than the catalog'],
  ['24.1', '24.1 is newer than the catalog'],
  ['25.11.0.0', '25.11.0 is newer than the catalog'],
  ['2027.10.1', '2027.10.1 is newer than the catalog'],
  ['main', 'the cloud says "main"'],
])('a cloud of %s: doctor says %s', async (version, text) => {
  const { stdout } = await runCommand(['doctor'], { env: await openCloud(version) });
  expect(stdout.replaceAll(/\s+/g, ' ')).toContain(text);
});

test('releases that come are put behind those that are there, by number', async () => {
  const apis = join(folder, 'listapis.json');
  writeFileSync(
    apis,
    JSON.stringify({ listapisresponse: { api: [{ name: 'listZones', isasync: false, params: [] }] } }),
  );
  const file = join(folder, 'commands.json');
  writeFileSync(file, JSON.stringify(loadData('commands.json')));
  writeFileSync(join(folder, 'responses.json'), JSON.stringify(loadData('responses.json')));
  const coming = ['25.1.0', '4.100.0', '2027.10.1', '24.1.0', '4.24.0', '24.0.0', '2027.9.0'];
  for (const release of coming) {
    const { status, stderr } = await runCommand([
      'catalog',
      'sync',
      '--from',
      apis,
      '--release',
      release,
      '--file',
      file,
    ]);
    expect(status, stderr).toBe(0);
  }
  const { releases } = JSON.parse(readFileSync(file, 'utf8')) as CommandsFile;
  expect(releases.slice(-7)).toEqual(['4.24.0', '4.100.0', '24.0.0', '24.1.0', '25.1.0', '2027.9.0', '2027.10.1']);
  rmSync(folder, { recursive: true });
});
