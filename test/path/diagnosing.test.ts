import { afterAll, beforeAll, expect, test } from 'vitest';
import { openHost, runCommand, startCloud, type Cloud, type Host } from '../support/harness.ts';

// `diagnose` through the doors; that it names causes, test/sweep/diagnosing.test.ts shows.

let cloud: Cloud;
let host: Host;
beforeAll(async () => {
  cloud = await startCloud();
  host = await openHost({ env: cloud.env });
});
afterAll(async () => {
  await host.close();
  await cloud.close();
});

const bob = {
  CLOUDSTACK_API_KEY: 'simulator-bob-api-key-not-a-real-secret',
  CLOUDSTACK_SECRET_KEY: 'simulator-bob-secret-key-not-a-real-secret',
};

test('what the role may not read is said as not seen, and nothing is concluded from it', async () => {
  const tenant = await openHost({ env: { ...cloud.env, ...bob } });
  const { text, structured, isError } = await tenant.call('diagnose', {
    kind: 'machine',
    id: 'web-1',
    question: 'port 8443 is closed',
  });
  const entries = tenant.audit();
  await tenant.close();
  expect(isError, text).toBeUndefined();
  expect(structured['verdict']).toContain('no port forwarding');
  expect(structured['notSeen']).toContainEqual(expect.stringContaining('list-hosts'));
  expect(text).toContain('Not seen: ');
  // Each list is a call with an entry of its own, and so is the diagnosis.
  expect(entries.map(({ tool }) => tool)).toEqual(
    expect.arrayContaining(['listVirtualMachines', 'listFirewallRules', 'diagnose']),
  );
  for (const { risk } of entries) expect([undefined, 'read']).toContain(risk);
});

test('a healthy thing is not given a cause', async () => {
  const { text, structured } = await host.call('diagnose', { kind: 'vm', id: 'web-1', question: 'is slow' });
  expect(structured['findings'], text).toEqual([]);
  expect(text).toContain('no cause was found; its state is Running');
});

test.each([
  [{ kind: 'spaceship', id: 'x' }, 'kind is one of machine, network'],
  [{ kind: 'machine' }, 'id'],
  [{ kind: 'machine', id: 'no-such-machine' }, 'no-such-machine'],
])('%j is refused', async (asked, problem) => {
  const { isError, text } = await host.call('diagnose', asked);
  expect(isError).toBe(true);
  expect(text).toContain(problem);
});

test('the command line says the same', async () => {
  const words = ['diagnose', 'machine', 'web-1', 'port', '8443', 'is', 'closed'];
  const { stdout, status } = await runCommand(words, cloud);
  expect(status).toBe(0);
  expect(stdout).toContain('no port forwarding');
  const json = await runCommand([...words, '--json'], cloud);
  expect(JSON.parse(json.stdout)).toHaveProperty('verdict');
});
