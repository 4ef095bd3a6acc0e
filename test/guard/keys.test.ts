import { mkdtempSync, readFileSync, statSync, writeFileSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runAnswering, runCommand, startCloud, startFake, type Cloud } from '../support/harness.ts';

let cloud: Cloud;
let folder: string;
let env: Record<string, string>;
beforeEach(async () => {
  cloud = await startCloud();
  folder = mkdtempSync(join(tmpdir(), 'cloudstack-keys-'));
  env = { ...cloud.env, CLOUDSTACK_MCP_STATE: folder, CLOUDSTACK_MCP_AUDIT: join(folder, 'audit.jsonl') };
});
afterEach(() => cloud.close());

const keys = (words: string[], answers: string[] | undefined = ['yes'], more = env) =>
  runCommand(['keys', ...words], { env: more, ...(answers ? { answers } : {}) });
const pairIn = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as { apiKey: string; secretKey: string };
const sent = (command: string): number => cloud.calls.filter((call) => call.command === command).length;
const works = async ({ apiKey, secretKey }: { apiKey: string; secretKey: string }): Promise<boolean> => {
  const own = { ...env, CLOUDSTACK_API_KEY: apiKey, CLOUDSTACK_SECRET_KEY: secretKey };
  return (await runCommand(['call', 'listZones'], { env: own })).status === 0;
};

test('show: masked, after a yes', async () => {
  const { apiKey, secretKey } = cloud.simulator.credentials;
  const shown = await keys(['show', 'admin']);
  expect(shown).toMatchObject({ status: 0 });
  expect(shown.stdout).toContain('exists');
  for (const text of [shown.stdout, shown.stderr]) {
    expect(text).not.toContain(apiKey);
    expect(text).not.toContain(secretKey);
  }
  expect((await keys(['show', 'admin'], ['no'])).status).toBe(3);
  expect((await runCommand(['keys', 'show', 'admin'], { env })).stderr).toContain('Approval code');
  expect((await keys(['show', 'nobody-has-this-name'])).status).not.toBe(0);
});

test('register: to a new file of one reader, never printed, and only after a yes', async () => {
  const path = join(folder, 'bob.json');
  expect((await keys(['register', 'bob'])).status).toBe(2);
  expect((await keys(['register', 'bob', '--secrets-to', path], ['no'])).status).toBe(3);
  expect(existsSync(path)).toBe(false);
  expect(sent('registerUserKeys')).toBe(0);
  const done = await keys(['register', 'bob', '--secrets-to', path]);
  expect(done).toMatchObject({ status: 0 });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const pair = pairIn(path);
  expect(await works(pair)).toBe(true);
  const audit = readFileSync(env['CLOUDSTACK_MCP_AUDIT']!, 'utf8');
  for (const text of [done.stdout, done.stderr, audit]) {
    expect(text).not.toContain(pair.apiKey);
    expect(text).not.toContain(pair.secretKey);
  }
  expect(audit).toContain('registerUserKeys');
  // A file that is there is not written over, and nothing is sent.
  const before = sent('registerUserKeys');
  expect((await keys(['register', 'bob', '--secrets-to', path])).status).not.toBe(0);
  expect(sent('registerUserKeys')).toBe(before);
  expect(pairIn(path)).toEqual(pair);
});

test('rotate: written down, proved with a signed call, and put into the profile', async () => {
  const { apiKey, secretKey } = cloud.simulator.credentials;
  const config = join(folder, 'config.yaml');
  const text = `# our cloud\nprofiles:\n  main: # the one\n    url: ${cloud.url}\n    apiKey: ${apiKey}\n    secretKey: ${secretKey}\n  other:\n    url: ${cloud.url}\n    apiKey: x\n    secretKey: y\n`;
  writeFileSync(config, text, { mode: 0o600 });
  const own = { CLOUDSTACK_MCP_STATE: folder, CLOUDSTACK_MCP_AUDIT: env['CLOUDSTACK_MCP_AUDIT']! };
  const path = join(folder, 'new.json');
  const flags = ['--config', config, '--profile', 'main', '--update-config', '--secrets-to', path];
  // Another user's keys do not belong into this profile.
  const wrong = await keys(['rotate', 'bob', ...flags], ['yes'], own);
  expect(wrong.status).toBe(2);
  expect(sent('registerUserKeys')).toBe(0);
  expect(existsSync(path)).toBe(false);

  // Asked for: the new pair, then the former one's id and its end.
  const done = await runAnswering(['keys', 'rotate', 'admin', ...flags], own, 3);
  expect(done).toMatchObject({ status: 0 });
  const pair = pairIn(path);
  expect(done.stdout + done.stderr).not.toContain(pair.secretKey);
  // A key that begins with a dash is quoted.
  expect(readFileSync(config, 'utf8').replaceAll('"', '')).toBe(
    text.replace(apiKey, pair.apiKey).replace(secretKey, pair.secretKey),
  );
  expect(statSync(config).mode & 0o777).toBe(0o600);
  expect(await works(pair)).toBe(true);
  expect(await works({ apiKey, secretKey })).toBe(false);
  expect((await runCommand(['call', 'listZones', '--config', config, '--profile', 'main'], { env: own })).status).toBe(
    0,
  );
});

test('R15: rotate without a profile of its own in a file changes nothing when one is to be updated', async () => {
  const path = join(folder, 'new.json');
  const result = await keys(['rotate', 'admin', '--update-config', '--secrets-to', path]);
  expect(result.status).toBe(2);
  expect(sent('registerUserKeys')).toBe(0);
  expect(existsSync(path)).toBe(false);
});

test('rotate: when the new keys cannot be proved, it says so and where they are', async () => {
  let registered = false;
  const fake = await startFake((command, response) => {
    if (registered) {
      response.statusCode = 401;
      const body = { errorcode: 401, cserrorcode: 9999, errortext: 'unable to verify user credentials' };
      response.end(JSON.stringify({ listcapabilitiesresponse: body }));
      return;
    }
    if (command === 'listUsers')
      response.end(
        JSON.stringify({
          listusersresponse: { count: 1, user: [{ id: '5f0f2d3c-0000-4000-8000-000000000001', username: 'admin' }] },
        }),
      );
    else if (command === 'registerUserKeys') {
      registered = true;
      response.end(
        JSON.stringify({ registeruserkeysresponse: { userkeys: { apikey: 'new-api', secretkey: 'new-secret' } } }),
      );
    } else response.end(JSON.stringify({ listcapabilitiesresponse: { capability: {} } }));
  });
  const path = join(folder, 'new.json');
  const own = { ...fake.env, CLOUDSTACK_MCP_STATE: folder, CLOUDSTACK_MCP_DISCOVER: 'false' };
  const result = await keys(['rotate', 'admin', '--secrets-to', path], ['yes'], own);
  expect(result.status).toBe(1);
  expect(result.stderr).toContain(path);
  expect(result.stderr).toContain('no longer work');
  expect(result.stdout + result.stderr).not.toContain('new-secret');
  expect(pairIn(path)).toMatchObject({ apiKey: 'new-api', secretKey: 'new-secret' });
  expect(fake.counts.get('registerUserKeys')).toBe(1);
  await fake.close();
});

test('register with bounds: the cloud itself keeps the pair to reads, and to its end', async () => {
  const path = join(folder, 'assistant.json');
  const words = ['register', 'bob', '--secrets-to', path];
  expect((await keys([...words, '--until', '2020-01-01'])).stderr).toContain('a time in the future');
  expect((await keys([...words, '--allow', 'list zones'])).status).not.toBe(0);
  expect(existsSync(path)).toBe(false);
  const done = await keys([...words, '--name', 'assistant', '--only-reads', '--until', '2099-12-31']);
  expect(done).toMatchObject({ status: 0, stdout: expect.stringContaining('2099-12-31') });
  const { apiKey, secretKey } = pairIn(path);
  const own = {
    ...env,
    CLOUDSTACK_API_KEY: apiKey,
    CLOUDSTACK_SECRET_KEY: secretKey,
    CLOUDSTACK_MCP_DISCOVER: 'false',
  };
  const status = async (...call: string[]) =>
    (await runCommand(['call', ...call], { env: own, answers: ['yes', 'yes'] })).status;
  expect(await status('listVirtualMachines')).toBe(0);
  expect(await status('listUserKeys')).toBe(1);
  expect(await status('createSSHKeyPair', 'name=x', '--secrets-to', join(folder, 'x.json'))).toBe(1);
  // A pair of narrow rules makes none of wider ones.
  expect(await status('registerUserKeys', 'id=bob', '--secrets-to', join(folder, 'y.json'))).toBe(1);
  const [pair] = cloud.simulator.world.all('ApiKeyPair').filter(({ fields }) => fields['name'] === 'assistant');
  cloud.simulator.world.update(pair!, { enddate: '2020-01-01T00:00:00+0000' });
  expect(await status('listVirtualMachines')).toBe(1);
  const listed = await runCommand(['call', 'listUserKeys', 'userid=bob', '--json', '{}', '-o', 'json'], {
    env,
    answers: ['yes'],
  });
  expect(listed.stdout).toContain('EXPIRED');
  expect(listed.stdout).not.toContain(secretKey);
});

test('register with bounds is refused where the cloud has none', async () => {
  const old = await startCloud({ release: '4.22.0' });
  const path = join(folder, 'assistant.json');
  const own = { ...old.env, CLOUDSTACK_MCP_STATE: folder, CLOUDSTACK_MCP_AUDIT: env['CLOUDSTACK_MCP_AUDIT']! };
  const refused = await keys(['register', 'bob', '--only-reads', '--secrets-to', path], ['yes'], own);
  expect(refused.status).toBe(3);
  expect(refused.stderr).toContain('CloudStack 4.23 and newer');
  expect(old.calls.filter(({ command }) => command === 'registerUserKeys')).toEqual([]);
  // Without bounds it replaces the one pair, as it always did.
  const done = await keys(['register', 'bob', '--secrets-to', path], ['yes'], own);
  expect(done).toMatchObject({ status: 0, stdout: expect.stringContaining('no longer work') });
  expect(await works(pairIn(path))).toBe(false);
  await old.close();
});
