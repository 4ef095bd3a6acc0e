import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { openHost, profileOf, runAnswering, runCommand, startCloud, type Cloud } from '../support/harness.ts';

// Which cloud a call goes to is the principal's, at every door: seen in what arrives at the two clouds.

const folder = mkdtempSync(join(tmpdir(), 'cloudstack-mcp-profiles-'));
const clouds: Record<'a' | 'b', Cloud> = {} as never;
beforeAll(async () => {
  clouds.a = await startCloud();
  clouds.b = await startCloud();
});
afterAll(async () => {
  await clouds.a.close();
  await clouds.b.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  for (const { calls } of Object.values(clouds)) calls.splice(0);
});

let files = 0;
/** A configuration whose server's own profile is a, and whose local user is what the test says. */
const configOf = (local: object): string => {
  const path = join(folder, `${++files}.json`);
  const profiles = { a: profileOf(clouds.a), b: profileOf(clouds.b) };
  writeFileSync(path, JSON.stringify({ profile: 'a', profiles, principals: { local: { role: 'admin', ...local } } }));
  return path;
};
const asked = (): string[] => (['a', 'b'] as const).filter((name) => clouds[name].calls.length);

test.each([
  ['call', ['call', 'list-zones']],
  ['call --dry-run', ['call', 'list-virtual-machines', 'zoneid=Frankfurt', '--dry-run']],
  ['keys show', ['keys', 'show', 'admin']],
  ['catalog diff', ['catalog', 'diff']],
  ['tools list', ['tools', 'list']],
])('%s uses the profile that the principal is tied to', async (_what, words) => {
  const { status } = await runCommand([...words, '--config', configOf({ profile: 'b' })], { answers: ['yes'] });
  expect(status).toBe(0);
  expect(asked()).toEqual(['b']);
});

test('keys rotate replaces the keys of the profile that the principal is tied to', async () => {
  const path = configOf({ profile: 'b' });
  const file = join(folder, 'pair.json');
  const words = ['keys', 'rotate', 'admin', '--secrets-to', file, '--update-config', '--config', path];
  const { status, stdout } = await runAnswering(words, {}, 3);
  expect(stdout).toContain('The profile b in');
  expect(status).toBe(0);
  expect(asked()).toEqual(['b']);
  clouds.b.renew();
});

test('the same over MCP, and another profile is refused at both doors', async () => {
  const path = configOf({ profile: 'b' });
  const host = await openHost({ flags: ['--config', path] });
  expect((await host.call('read', { tool: 'list-zones' })).isError).toBeUndefined();
  await host.call('find-tools', { query: 'zones' });
  expect(asked()).toEqual(['b']);
  const refused = await host.call('read', { tool: 'list-zones', profile: 'a' });
  expect(refused.structured['error']).toMatchObject({ kind: 'refused' });
  await host.close();
  for (const words of [
    ['call', 'list-zones'],
    ['tools', 'list'],
  ]) {
    const { status, stderr } = await runCommand([...words, '--config', path, '--profile', 'a']);
    expect(stderr).toContain('local uses the profile b, not a.');
    expect(status).toBe(3);
  }
});

test('one of several profiles: the first without a wish, each by its name, no other', async () => {
  const path = configOf({ profiles: ['b'] });
  expect((await runCommand(['call', 'list-zones', '--config', path])).status).toBe(0);
  expect(asked()).toEqual(['b']);
  const both = configOf({ profiles: ['b', 'a'] });
  expect((await runCommand(['call', 'list-zones', '--config', both, '--profile', 'a'])).status).toBe(0);
  expect(asked()).toEqual(['a', 'b']);
  expect((await runCommand(['call', 'list-zones', '--config', path, '--profile', 'a'])).status).toBe(3);
});

test('a local user who is not tied names any profile, and uses the configured one otherwise', async () => {
  const path = configOf({});
  expect((await runCommand(['call', 'list-zones', '--config', path])).status).toBe(0);
  expect(asked()).toEqual(['a']);
  expect((await runCommand(['call', 'list-zones', '--config', path, '--profile', 'b'])).status).toBe(0);
  const host = await openHost({ flags: ['--config', path] });
  expect((await host.call('read', { tool: 'list-zones', profile: 'b' })).isError).toBeUndefined();
  await host.close();
  expect(asked()).toEqual(['a', 'b']);
});

test('a principal with both kinds of tie is a mistake in the file', async () => {
  const { status, stderr } = await runCommand(['serve', '--config', configOf({ profile: 'a', profiles: ['b'] })]);
  expect(stderr).toContain('Give profile or profiles, not both');
  expect(status).toBe(2);
});
