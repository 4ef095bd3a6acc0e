import { expect, test } from 'vitest';
import { createCloud } from './cloud.ts';

// CloudStack's tables have the collation utf8_general_ci (setup/db/create-schema.sql): ids compare without letter case.
test('an id is found in any letter case, alone, in a list, beside a type', async () => {
  const { id, one, list, did } = createCloud();
  const machine = (await id('listVirtualMachines', 'web-1')).toUpperCase();
  expect((await one('listVirtualMachines', { id: machine }))['name']).toBe('web-1');
  expect(await list('listVirtualMachines', { listall: 'true', ids: machine })).toHaveLength(1);
  await did('createTags', {
    resourceids: machine,
    resourcetype: 'UserVm',
    'tags[0].key': 'stage',
    'tags[0].value': 'lab',
  });
  const tags = (await one('listVirtualMachines', { id: machine }))['tags'];
  expect(tags).toContainEqual(expect.objectContaining({ key: 'stage', value: 'lab' }));
  expect(await list('listVolumes', { listall: 'true', virtualmachineid: machine })).not.toHaveLength(0);
});
