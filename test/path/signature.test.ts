import { afterEach, expect, test } from 'vitest';
import { send } from '../simulator/sign.ts';
import { openHost, runCommand, startCloud, startFake, type Cloud } from '../support/harness.ts';

let clouds: Cloud[] = [];
afterEach(async () => {
  await Promise.all(clouds.map((cloud) => cloud.close()));
  clouds = [];
});
const open = async (signature?: 'sha1' | 'sha512'): Promise<Cloud> => {
  const cloud = await startCloud(signature ? { signature } : {});
  clouds.push(cloud);
  return cloud;
};
const lengthsOf = ({ calls }: Cloud, name: string): number[] =>
  calls.filter(({ command }) => command === name).map(({ params }) => params['signature']!.length);
/** Characters of Base64. */
const lengths = { sha1: 28, sha512: 88 };

test.each([
  ['sha1', undefined, 'sha1'],
  ['sha512', undefined, 'sha512'],
  ['sha512', 'sha512', 'sha512'],
  [undefined, undefined, 'sha1'],
  [undefined, 'sha512', 'sha512'],
] as const)('D18: a cloud that takes %s, with the setting %s, gets %s', async (taken, setting, algorithm) => {
  const cloud = await open(taken);
  const env = { ...cloud.env, ...(setting ? { CLOUDSTACK_MCP_SIGNATURE: setting } : {}) };
  const host = await openHost({ env });
  for (const tool of ['listZones', 'listPods']) {
    const { isError, text } = await host.call('read', { tool });
    expect(isError, text).toBeUndefined();
  }
  const made = await host.call('change', {
    tool: 'createAffinityGroup',
    arguments: { name: 'a', type: 'host affinity' },
  });
  expect(made.isError, made.text).toBeUndefined();
  await host.close();
  expect(lengthsOf(cloud, 'listPods')).toEqual([lengths[algorithm]]);
  expect(lengthsOf(cloud, 'createAffinityGroup')).toEqual([lengths[algorithm]]);
  // How is found out once, by reads alone, and not at all where it is said.
  const refused = cloud.calls.filter(({ params }) => params['signature']!.length !== lengths[algorithm]);
  expect(refused.every(({ method }) => method === 'GET')).toBe(true);
  expect(refused.length).toBeLessThanOrEqual(setting || algorithm === 'sha1' ? 0 : 1);
});

test.each(['sha1', 'sha512'] as const)('a change that comes first is sent once to a cloud of %s', async (signature) => {
  const cloud = await open(signature);
  const env = { ...cloud.env, CLOUDSTACK_MCP_DISCOVER: 'false' };
  const { status, stderr } = await runCommand(['call', 'createSSHKeyPair', 'name=k'], { env });
  expect(status, stderr).toBe(0);
  expect(lengthsOf(cloud, 'createSSHKeyPair')).toEqual([lengths[signature]]);
});

test('a cloud that takes neither is a refusal of the key; no change is sent to it', async () => {
  const text = 'unable to verify user credentials and/or request signature';
  const cloud = await startFake((command, response) => {
    response.writeHead(401, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ [`${command.toLowerCase()}response`]: { errorcode: 401, errortext: text } }));
  });
  const env = { ...cloud.env, CLOUDSTACK_MCP_DISCOVER: 'false' };
  const { status, stderr } = await runCommand(['call', 'createSSHKeyPair', 'name=k'], { env });
  await cloud.close();
  expect(status).toBe(1);
  expect(stderr).toContain(`createSSHKeyPair was not sent: listCapabilities: ${text}`);
  expect(cloud.counts.get('createSSHKeyPair')).toBeUndefined();
  expect(cloud.counts.get('listCapabilities')).toBe(2);
});

test.each(['sha1', 'sha512', undefined] as const)(
  'changes that come first and at once are each sent once to a cloud of %s',
  async (signature) => {
    const cloud = await open(signature);
    const host = await openHost({ env: { ...cloud.env, CLOUDSTACK_MCP_DISCOVER: 'false' } });
    const made = await Promise.all(
      ['a', 'b', 'c'].map((name) => host.call('change', { tool: 'createSSHKeyPair', arguments: { name } })),
    );
    await host.close();
    for (const { isError, text } of made) expect(isError, text).toBeUndefined();
    const length = lengths[signature ?? 'sha1'];
    expect(lengthsOf(cloud, 'createSSHKeyPair')).toEqual([length, length, length]);
  },
);

/** A cloud that takes no signature of this key, or none at all after some requests. */
const openRefusing = (isTaken: (sent: number) => boolean) => {
  let sent = 0;
  return startFake((command, response) => {
    const isRefused = !isTaken(sent++);
    const body = isRefused
      ? { errorcode: 401, errortext: 'unable to verify user credentials and/or request signature' }
      : { capability: { cloudstackversion: '4.23.0.0' } };
    response.writeHead(isRefused ? 401 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ [`${command.toLowerCase()}response`]: body }));
  });
};

test.each(['auto', 'sha1', 'sha512'])(
  'a cloud that takes neither, with the setting %s: a change leaves at most once, from a host or the command line',
  async (setting) => {
    const cloud = await openRefusing(() => false);
    const env = { ...cloud.env, CLOUDSTACK_MCP_DISCOVER: 'false', CLOUDSTACK_MCP_SIGNATURE: setting };
    const host = await openHost({ env });
    const { isError } = await host.call('change', { tool: 'createSSHKeyPair', arguments: { name: 'a' } });
    await host.close();
    expect(isError).toBe(true);
    const { status } = await runCommand(['call', 'createSSHKeyPair', 'name=b'], { env });
    await cloud.close();
    expect(status).toBe(1);
    expect(cloud.counts.get('createSSHKeyPair') ?? 0).toBe(setting === 'auto' ? 0 : 2);
  },
);

test('a cloud that takes a signature no more after the first: the change is sent once, and not signed otherwise', async () => {
  const cloud = await openRefusing((sent) => sent === 0);
  const env = { ...cloud.env, CLOUDSTACK_MCP_DISCOVER: 'false' };
  const { status } = await runCommand(['call', 'createSSHKeyPair', 'name=k'], { env });
  await cloud.close();
  expect(status).toBe(1);
  expect(cloud.counts.get('createSSHKeyPair')).toBe(1);
});

test('the simulator refuses what its switch leaves out', async () => {
  const cloud = await open('sha512');
  expect((await send(cloud.simulator, 'listZones')).status).toBe(401);
});
