import { expect, test } from 'vitest';
import { openHost, startCloud } from '../support/harness.ts';
import { describeWithServer } from '../support/describe-with-server.ts';
import { startServer } from '../support/store-server.ts';
import { eventually } from '../support/eventually.ts';

describeWithServer('with a real store', () => {
  test('replicas answer with what one of them asked for, and forget what one of them changed', async () => {
    const [server, cloud] = await Promise.all([startServer(), startCloud()]);
    const env = { ...cloud.env, CLOUDSTACK_MCP_CACHE: 'true', CLOUDSTACK_MCP_REDIS_URL: server.url };
    const hosts = await Promise.all([openHost({ env }), openHost({ env })]);
    const list = async (host: number) =>
      hosts[host]!.call('read', { tool: 'list-ssh-key-pairs', arguments: { listall: true } });
    const sent = () => cloud.calls.filter(({ command }) => command === 'listSSHKeyPairs').length;
    // Each begins with what it can rely on once it has heard from the store.
    const bothKeep = () =>
      eventually(async () => {
        for (const host of [0, 1]) await list(host);
        for (const host of [0, 1]) expect((await list(host)).structured['age']).toBeDefined();
      });
    await bothKeep();
    const before = sent();
    for (const host of [0, 1]) expect((await list(host)).structured['age']).toBeDefined();
    expect(sent()).toBe(before);
    for (let turn = 0; turn < 20; turn++) {
      const made = await hosts[turn % 2]!.call('change', {
        tool: 'create-ssh-key-pair',
        arguments: { name: `key-${turn}` },
      });
      expect(made.isError).toBeUndefined();
      const seen = await list(1 - (turn % 2));
      expect(seen.text).toContain(`key-${turn}`);
    }
    await server.stop();
    // Lost: asked each time, answered each time.
    for (const host of [0, 1, 0]) {
      const answer = await list(host);
      expect(answer.isError).toBeUndefined();
      expect(answer.structured['age']).toBeUndefined();
    }
    await server.start();
    await bothKeep();
    for (const host of hosts) await host.close();
    await server.close();
    await cloud.close();
  });
});
