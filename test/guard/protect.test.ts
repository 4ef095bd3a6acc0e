import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openApp, requestOf, uuid, yes, type Answers } from './counting.ts';
import { allowAll, answers, other, safe, saved } from './protected.ts';

const consent = { consent: yes };
const sections = [{}, { policy: { preset: 'strict' } }, { policy: allowAll }];

test.each(sections)(
  'under %j: what is protected is neither destroyed nor changed, by id, by name, among others',
  async (section) => {
    const { app, times, close } = await openApp(section, { answers });
    const tries: [string, Record<string, unknown>][] = [
      ['destroyVirtualMachine', { id: safe }],
      ['destroyVirtualMachine', { id: safe, expunge: true }],
      ['destroyVirtualMachine', { id: 'precious' }],
      ['stopVirtualMachine', { id: safe, forced: true }],
      ['updateVirtualMachine', { id: safe, displayname: 'x' }],
      ['destroyVirtualMachine', { id: other, volumeids: [safe] }],
      ['detachVolume', { virtualmachineid: safe, deviceid: 1 }],
      ['attachVolume', { id: other, virtualmachineid: 'precious' }],
      ['deleteVolume', { id: safe }],
      ['deleteNetwork', { id: 'precious' }],
      ['deleteSnapshotPolicies', { ids: [other, safe] }],
      ['deleteSnapshotPolicies', { ids: safe }],
      ['archiveEvents', { ids: [safe] }],
      ['deletePortForwardingRule', { id: safe }],
      ['deleteFirewallRule', { id: safe }],
      ['assignVirtualMachine', { virtualmachineid: safe, projectid: other, domainid: other }],
      ['linkUserDataToTemplate', { templateid: safe, userdataid: other }],
      ['deleteTags', { resourceids: safe, resourcetype: 'UserVm', tags: { protected: 'true' } }],
      ['deleteTags', { resourceids: [other, safe], resourcetype: 'userVM' }],
      ['deleteTags', { resourceids: safe, resourcetype: 'Volume' }],
      ['deleteTags', { resourceids: safe, resourcetype: 'PublicIpAddress', tags: { protected: '' } }],
      ['createTags', { resourceids: safe, resourcetype: 'Network', tags: { a: 'b' } }],
      ['removeResourceDetail', { resourceid: safe, resourcetype: 'UserVm' }],
    ];
    for (const [command, args] of tries) {
      const before = times(command);
      await expect(
        app.call(requestOf(command, args, consent)),
        `${command} ${JSON.stringify(args)}`,
      ).rejects.toMatchObject({
        kind: 'refused',
        message: expect.stringContaining('protected') as string,
      });
      expect(times(command)).toBe(before);
    }
    // CloudStack takes the numbers of its database for tags, too.
    await expect(
      app.call(requestOf('deleteTags', { resourceids: '42', resourcetype: 'UserVm' }, consent)),
    ).rejects.toMatchObject({ kind: 'invalid' });
    await close();
  },
);

test('a command that only the connected cloud has: names are found, the question shows what it is about, protected is seen', async () => {
  const params = [{ name: 'virtualmachineid', type: 'uuid', required: true }];
  const offered = [{ name: 'listVirtualMachines' }, { name: 'failoverVirtualMachine', params }];
  const { app, sent, times, close } = await openApp(
    {},
    {
      answers: (command, given) =>
        command === 'listApis' ? { count: offered.length, api: offered } : answers(command, given),
      env: { CLOUDSTACK_MCP_DISCOVER: 'true' },
    },
  );
  const questions: string[] = [];
  const call = (virtualmachineid: string): Promise<unknown> =>
    app.call(
      requestOf(
        'failoverVirtualMachine',
        { virtualmachineid },
        {
          consent: (question) => {
            questions.push(question.message);
            return consent.consent(question);
          },
        },
      ),
    );
  for (const machine of [safe, 'precious'])
    await expect(call(machine)).rejects.toMatchObject({ kind: 'refused', message: /protected/ });
  expect(times('failoverVirtualMachine')).toBe(0);
  await call('cheap');
  expect(questions.join()).toMatch(/virtual machine: .*name ‹cheap›/);
  expect(sent.find(({ command }) => command === 'failoverVirtualMachine')?.params).toMatchObject({
    virtualmachineid: other,
  });
  await close();
});

const tag = { resourcetype: 'Volume', resourceid: safe, key: 'protected', value: 'True' };
test.each([
  ['the list of tags tells of it', { count: 1, tag: [tag] }],
  ['tags cannot be listed', { errorcode: 432, errortext: 'no' }],
  [
    'there are more tags than one page shows',
    { count: 600, tag: Array.from({ length: 500 }, () => ({ ...tag, resourcetype: 'Network' })) },
  ],
])('what cannot be undone does not take along what is protected: %s', async (_how, tags) => {
  const dependents: Answers = (command, params) => {
    if (command === 'listTags') return tags;
    if (command === 'listAccounts') return { count: 1, account: [{ id: params['id'], name: 'acme', domainid: other }] };
    if (command === 'listVolumes') return { count: 1, volume: [{ id: safe, name: 'data', tags: saved }] };
    return command.startsWith('list') ? {} : undefined;
  };
  const { app, times, close } = await openApp({}, { answers: dependents });
  await expect(app.call(requestOf('deleteAccount', { id: other }, consent))).rejects.toThrow(
    /protected: .* volume|listTags: no/,
  );
  expect(times('deleteAccount')).toBe(0);
  await close();
});

test('the tag can be another one, or none', async () => {
  const named = await openApp({ policy: { protect: { key: 'env', value: 'prod' } } }, { answers });
  await named.app.call(requestOf('stopVirtualMachine', { id: safe }, consent));
  expect(named.times('stopVirtualMachine')).toBe(1);
  await named.close();
  const none = await openApp({ policy: { protect: false } }, { answers });
  await none.app.call(requestOf('stopVirtualMachine', { id: safe }, consent));
  expect(none.times('stopVirtualMachine')).toBe(1);
  await none.close();
});

test.each([
  ['destroyVirtualMachine', { policy: allowAll }, {}],
  ['updateVirtualMachine', {}, { displayname: 'x' }],
])(
  '%s of something that is not found is asked for, and no approval code is given for it',
  async (tool, rules, args) => {
    const { app, times, state, close } = await openApp(rules, {
      answers: (command) => (command.startsWith('list') ? {} : undefined),
    });
    const asked: string[] = [];
    const noOne = ({ message }: { message: string }) => {
      asked.push(message);
      return Promise.resolve(undefined);
    };
    const refusal = await app.call(requestOf(tool, { id: safe, ...args }, { consent: noOne })).catch((e: unknown) => e);
    expect(refusal).toMatchObject({ kind: 'not-found', message: expect.stringContaining(safe) as string });
    expect(asked).toEqual([expect.stringContaining(`id ${safe}, which this account cannot see`)]);
    expect(existsSync(join(state, 'approvals'))).toBe(false);
    expect(times(tool)).toBe(0);
    await close();
  },
);

test('R2: what belongs to a project is found there, wherever the call wants it to go', async () => {
  const inProject: Answers = (command, params) => {
    if (command !== 'listVirtualMachines') return command.startsWith('list') ? {} : undefined;
    const shown = params['projectid'] === uuid(40) || params['projectid'] === '-1';
    return shown
      ? { count: 1, virtualmachine: [{ id: safe, name: 'precious', projectid: uuid(40), tags: saved }] }
      : {};
  };
  const { app, times, close } = await openApp({ policy: allowAll }, { answers: inProject });
  for (const [command, args] of [
    ['stopVirtualMachine', { id: safe }],
    ['assignVirtualMachine', { virtualmachineid: safe, projectid: uuid(41), domainid: other }],
    ['assignVirtualMachine', { virtualmachineid: safe, account: 'x', domainid: other }],
  ] as const) {
    await expect(app.call(requestOf(command, { ...args }, consent)), command).rejects.toThrow('protected');
    expect(times(command)).toBe(0);
  }
  // And what belongs to none is found though the call names a project.
  const outside: Answers = (command, params) => {
    if (command !== 'listVirtualMachines') return command.startsWith('list') ? {} : undefined;
    return params['projectid'] ? {} : { count: 1, virtualmachine: [{ id: safe, name: 'precious', tags: saved }] };
  };
  const second = await openApp({ policy: allowAll }, { answers: outside });
  await expect(
    second.app.call(
      requestOf('assignVirtualMachine', { virtualmachineid: safe, projectid: uuid(41), domainid: other }, consent),
    ),
  ).rejects.toThrow('protected');
  await close();
  await second.close();
});

test('what rows do not tell of: the tag of a backup, an account, a user; of what is two steps above', async () => {
  const [machine, disk] = [uuid(31), uuid(32)];
  const listed = [
    { key: 'protected', value: 'true', resourceid: safe, resourcetype: 'Backup' },
    { key: 'Protected', value: 'TRUE', resourceid: safe.toUpperCase(), resourcetype: 'User' },
    { key: 'protected', value: 'true', resourceid: machine, resourcetype: 'UserVm' },
  ];
  const cloud: Answers = (command, params) => {
    if (command === 'listTags') return { count: listed.length, tag: listed };
    if (command === 'listBackups') return { count: 1, backup: [{ id: params['id'], name: 'nightly' }] };
    if (command === 'listUsers') return { count: 1, user: [{ id: params['id'], username: 'bob' }] };
    if (command === 'listSnapshots') return { count: 1, snapshot: [{ id: params['id'], name: 's', volumeid: disk }] };
    if (command === 'listVolumes')
      return { count: 1, volume: [{ id: disk, name: 'd', virtualmachineid: machine, vmname: 'db' }] };
    return undefined;
  };
  const { app, times, close } = await openApp({}, { answers: cloud });
  const refused: [string, Record<string, unknown>][] = [
    ['deleteSnapshot', { id: uuid(33) }],
    ['revertSnapshot', { id: uuid(33) }],
    ['deleteBackup', { id: safe }],
    ['disableUser', { id: safe }],
    ['deleteUser', { id: safe }],
  ];
  for (const [command, args] of refused) {
    const call = app.call(requestOf(command, args, consent));
    await expect(call, command).rejects.toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('protected') as string,
    });
    expect(times(command), command).toBe(0);
    // The list of tags told of the machine.
    if (command.includes('Snapshot')) expect(times('listVirtualMachines')).toBe(0);
  }
  for (const command of ['deleteBackup', 'deleteUser']) {
    await app.call(requestOf(command, { id: other }, consent));
    expect(times(command), command).toBe(1);
  }
  await close();
});
