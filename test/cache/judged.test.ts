import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openHost, startCloud, type Cloud, type Host } from '../support/harness.ts';
import { send } from '../simulator/sign.ts';

let cloud: Cloud;
let folder: string;
let host: Host;
beforeEach(async () => {
  cloud = await startCloud();
  folder = mkdtempSync(join(tmpdir(), 'cloudstack-judged-'));
});
afterEach(async () => {
  await host.close();
  await cloud.close();
  rmSync(folder, { recursive: true });
});

const open = async (rules: unknown): Promise<void> => {
  const config = join(folder, 'config.json');
  writeFileSync(config, JSON.stringify({ policy: { rules } }));
  host = await openHost({
    env: { ...cloud.env, CLOUDSTACK_MCP_CACHE: 'true', CLOUDSTACK_MCP_STATE: folder },
    flags: ['--config', config],
    human: () => ({ action: 'accept', content: { confirm: true } }),
  });
};
const machine = () => cloud.simulator.world.all('UserVm').find(({ fields }) => fields['state'] === 'Stopped')!;
const read = (args: Record<string, unknown>) => host.call('read', { tool: 'list-virtual-machines', arguments: args });

test('a rule about a resource sees its tags as they are, though an older answer with it is kept', async () => {
  await open([{ name: 'hidden', match: { tag: { env: 'hidden' } }, action: 'block' }]);
  const { id } = machine();
  for (let turn = 0; turn < 2; turn++) expect((await read({ id })).isError).toBeUndefined();
  const tags = { 'tags[0].key': 'env', 'tags[0].value': 'hidden' };
  await send(cloud.simulator, 'createTags', { resourceids: id, resourcetype: 'UserVm', ...tags });
  expect((await read({ id })).structured['error']).toMatchObject({ kind: 'refused' });
});

test('the human who is asked about a read is shown the resource as it is', async () => {
  await open([{ name: 'ask', match: { command: 'listVirtualMachines' }, action: 'confirm' }]);
  const { id } = machine();
  await read({ id });
  await send(cloud.simulator, 'updateVirtualMachine', { id, name: 'renamed', displayname: 'renamed' });
  await read({ id });
  expect(host.asked).toHaveLength(2);
  expect(host.asked[0]!.message).not.toContain('renamed');
  expect(host.asked[1]!.message).toContain('renamed');
});
