import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { openHost, startFake } from '../support/harness.ts';

test('a list does not wait for a cloud that is slow to say what it offers; hosts are told when it has', async () => {
  let answer: (() => void) | undefined;
  const fake = await startFake((command, response) => {
    if (command === 'listApis')
      answer = () =>
        response.end(
          JSON.stringify({ listapisresponse: { count: 1, api: [{ name: 'listZones', isasync: false, params: [] }] } }),
        );
  });
  const host = await openHost({ env: fake.env, flags: ['--tools', 'zone-pod-cluster'] });
  let received = 0;
  host.client.setNotificationHandler('notifications/tools/list_changed', () => void received++);
  const before = (await host.client.listTools()).tools.map(({ name }) => name);
  expect(before).toContain('create-zone');
  await eventually(() => expect(answer).toBeDefined());
  answer!();
  await eventually(() => expect(received).toBe(1));
  const after = (await host.client.listTools()).tools.map(({ name }) => name);
  expect(after).toContain('list-zones');
  expect(after).not.toContain('create-zone');
  await host.close();
  await fake.close();
});
