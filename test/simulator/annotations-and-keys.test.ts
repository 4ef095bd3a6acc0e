import { expect, test } from 'vitest';
import { createCloud } from './cloud.ts';

test('what is on a resource: details, icons and notes', async () => {
  const { simulator, one, all, list, id, did, refused } = createCloud();
  const volume = await id('listVolumes', 'metrics');
  const on = { resourceid: volume, resourcetype: 'Volume' };
  await did('addResourceDetail', { ...on, 'details[0].key': 'color', 'details[0].value': 'red' });
  await did('addResourceDetail', { ...on, 'details[0].key': 'color', 'details[0].value': 'blue' });
  await did('addResourceDetail', { ...on, 'details[0].key': 'size', 'details[0].value': 'xl' });
  expect((await all('listResourceDetails', on)).map((row) => [row['key'], row['value']])).toEqual(
    expect.arrayContaining([
      ['color', 'blue'],
      ['size', 'xl'],
    ]),
  );
  await did('removeResourceDetail', { ...on, key: 'color' });
  expect((await all('listResourceDetails', on)).map(({ key }) => key)).toEqual(['size']);
  const tags = { resourceids: volume, resourcetype: 'Volume' };
  await did('createTags', {
    ...tags,
    'tags[0].key': 'a',
    'tags[0].value': '1',
    'tags[1].key': 'b',
    'tags[1].value': '2',
  });
  await did('deleteTags', { ...tags, 'tags[0].key': 'a', 'tags[0].value': '9' });
  expect(await all('listTags', { resourceid: volume })).toHaveLength(2);
  await did('deleteTags', { ...tags, 'tags[0].key': 'a', 'tags[0].value': '1' });
  expect((await all('listTags', { resourceid: volume })).map(({ key }) => key)).toEqual(['b']);
  await did('uploadResourceIcon', { ...tags, base64image: 'AAAA' });
  await did('uploadResourceIcon', { ...tags, base64image: 'BBBB' });
  expect((await list('listResourceIcon', tags)).map(({ base64image }) => base64image)).toEqual(['BBBB']);
  await did('deleteResourceIcon', tags);
  expect(await list('listResourceIcon', tags)).toEqual([]);
  const note = { entitytype: 'VOLUME', entityid: volume, annotation: 'check' };
  const made = await did('addAnnotation', note);
  expect(await refused('removeAnnotation', { id: '00000000-0000-4000-8000-000000000000' })).toContain('Unable to find');
  expect(await refused('addAnnotation', { ...note, entitytype: 'THING' })).toContain('Invalid entity type');
  expect((await all('listAnnotations', { annotationfilter: 'self' })).length).toBe(2);
  await did('updateAnnotationVisibility', { id: made['id'], adminsonly: 'true' });
  expect(await one('listAnnotations', { entityid: volume })).toMatchObject({ adminsonly: true });
  expect(simulator.world.all('ResourceIcon')).toEqual([]);
});

test('keys, user data and groups have names of their own and stay while they are used', async () => {
  const { one, all, id, did, refused } = createCloud();
  const publickey = 'ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC7 me@here';
  await did('registerSSHKeyPair', { name: 'a', publickey });
  expect(await refused('registerSSHKeyPair', { name: 'b', publickey })).toContain('already exists for this public key');
  const data = await did('registerUserData', { name: 'init', userdata: 'I2Nsb3VkLWNvbmZpZw==' });
  const vm = await id('listVirtualMachines', 'jump-host');
  await did('stopVirtualMachine', { id: vm });
  await did('resetUserDataForVirtualMachine', { id: vm, userdataid: data['id'] });
  expect(await refused('deleteUserData', { id: data['id'] })).toContain(`linked to the Instances [${vm}]`);
  await did('resetUserDataForVirtualMachine', { id: vm, userdata: 'AAAA' });
  expect(await did('getVirtualMachineUserData', { virtualmachineid: vm })).toMatchObject({ userdata: 'AAAA' });
  await did('deleteUserData', { id: data['id'] });
  expect((await all('listUserData')).map(({ name }) => name)).toEqual(['nginx']);
  const group = { name: 'near', type: 'host affinity' };
  await did('createAffinityGroup', group);
  expect(await refused('createAffinityGroup', group)).toContain('a group with name near already exists');
  await did('createInstanceGroup', { name: 'fleet' });
  expect(await refused('createInstanceGroup', { name: 'fleet' })).toContain('a group with name fleet already exists');
  await did('updateVirtualMachine', { id: vm, group: 'fleet' });
  expect(await one('listVirtualMachines', { id: vm })).toMatchObject({ group: 'fleet' });
  expect(
    await refused('resetPasswordForVirtualMachine', { id: await id('listVirtualMachines', 'monitoring') }),
  ).toMatch(/should be stopped|not password enabled/);
});
