import { expect, test } from 'vitest';
import { addressedKinds } from '../../src/catalog/addressed-kinds.ts';
import { kindOfArgument, toToolCall, type Guide } from '../../src/mcp/guides.ts';
import { loadData } from '../../src/data.ts';
import { openHost, startCloud } from '../support/harness.ts';

test('every read of a guide is answered by a cloud, every other call would be sent', async () => {
  const cloud = await startCloud();
  const host = await openHost({ env: cloud.env });
  // Things that the simulator's first day has.
  const things: Record<string, string> = {
    host: 'fra-c1-host1.sim',
    zone: 'Frankfurt',
    account: 'bob',
    domain: 'ROOT',
    machine: 'web-1',
    days: '90',
  };
  const failed: string[] = [];
  for (const guide of loadData<Guide[]>('prompts.json')) {
    for (const argument of guide.arguments)
      expect(argument.of === undefined || kindOfArgument(argument) !== undefined, argument.name).toBe(true);
    for (const call of guide.steps!.flatMap(({ calls }) => calls)) {
      const { tool, args } = toToolCall(call);
      const filled = JSON.parse(
        JSON.stringify(args).replace(/\{(\w+)\}/g, (_, name: string) => things[name]!),
      ) as object;
      const result = await host.call(tool, filled as Record<string, unknown>);
      // A change is right as far as this server can tell; whether its time has come the guide leaves to the user.
      const isRight = !result.isError || /unconfirmed|failed/.test(String(result.structured['error'].kind));
      if (!isRight || (tool === 'read' && result.isError))
        failed.push(`${guide.name}: ${tool} ${JSON.stringify(filled)}: ${result.text}`);
    }
  }
  expect(failed).toEqual([]);
  await host.close();
  await cloud.close();
});

test.each(['old', 'new'] as const)('every kind of resource is read at its address, protocol %s', async (protocol) => {
  const cloud = await startCloud();
  const host = await openHost({ env: cloud.env, protocol });
  // Completion waits for a moment only, and the first call asks the cloud what it offers.
  await host.call('whoami');
  const kinds = addressedKinds();
  expect(new Set(kinds.map(({ word }) => word)).size).toBe(kinds.length);
  let found = 0;
  for (const { word, kind } of kinds) {
    const ref = { type: 'ref/resource' as const, uri: 'cloudstack://{profile}/{kind}/{id}' };
    const context = { arguments: { profile: 'default', kind: word } };
    const { completion } = await host.client.complete({ ref, argument: { name: 'id', value: '' }, context });
    const [id = '00000000-0000-4000-8000-000000000000'] = completion.values;
    for (const full of ['', '/full']) {
      const uri = `cloudstack://default/${word}/${id}${full}`;
      const reading = host.client.readResource({ uri });
      if (!completion.values.length) {
        await expect(reading, uri).rejects.toMatchObject({ code: -32602 });
        continue;
      }
      const { contents } = await reading;
      const [content] = contents;
      const row = JSON.parse(content && 'text' in content ? content.text : '{}') as Record<string, unknown>;
      expect(String(row['id'] ?? row['name']), kind.name).toBe(id);
      found++;
    }
  }
  expect(found).toBeGreaterThan(kinds.length / 2);
  await host.close();
  await cloud.close();
});
