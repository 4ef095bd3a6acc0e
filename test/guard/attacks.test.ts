import { expect, test } from 'vitest';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { CallError } from '../../src/errors.ts';
import { createCounting, openApp, requestOf, requiredOf, uuid, yes, type Answers } from './counting.ts';
import { openClient, startDoor } from '../support/door.ts';
import { startCloud } from '../support/harness.ts';
import { openRaw } from './raw.ts';

// Calls that once left unasked under the default policy, as they were made, and their nearest siblings. What is counted is what
// reaches the cloud. Each kind is shown over the whole catalog in test/sweep/effects.test.ts.

type Args = Record<string, unknown>;
type Attack = readonly [command: string, args: Args];

const attacks: Record<string, readonly Attack[]> = {
  'what runs later by itself': [
    ['createVMSchedule', { action: 'FORCE_STOP', schedule: '* * * * *', timezone: 'UTC' }],
    ['createVMSchedule', { action: ' stop ', schedule: '* * * * *', timezone: 'UTC' }],
    ['createVMSchedule', { action: 'FORCE_REBOOT', schedule: '* * * * *', timezone: 'UTC' }],
    ['updateVMSchedule', { enabled: true }],
    ['updateVMSchedule', { schedule: '* * * * *' }],
    ['createSnapshotPolicy', { maxsnaps: 1 }],
    ['createBackupSchedule', { maxbackups: 1 }],
    ['updateBackupSchedule', { maxbackups: 1 }],
    ['updateAutoScaleVmGroup', { minmembers: 0 }],
    ['updateAutoScaleVmGroup', { maxmembers: 1 }],
  ],
  'accounts taken over or opened': [
    ['updateUser', { password: 'x' }],
    ['updateUser', { userapikey: 'x', usersecretkey: 'y' }],
    ['updateUser', { usersecretkey: 'y' }],
    ['updateUser', { mandate2fa: false }],
    ['createUser', { account: 'admin' }],
    ['createAccount', { accounttype: 1 }],
    ['createAccount', { roleid: uuid(8) }],
    ['updateAccount', { id: uuid(7), roleid: uuid(8) }],
    ['createRolePermission', { rule: '*', permission: 'allow' }],
    ['updateRole', { type: 'Admin' }],
    ['createRole', { type: 'Admin' }],
    ['enableRole', {}],
    ['enableUser', {}],
    ['enableAccount', { id: uuid(7) }],
    ['addLdapConfiguration', {}],
    ['linkDomainToLdap', { accounttype: 1 }],
    ['registerOauthProvider', {}],
    ['addVpnUser', {}],
    ['addAccountToProject', { account: 'eve', roletype: 'Admin' }],
    ['addUserToProject', { roletype: 'Admin' }],
    ['updateProject', { account: 'eve' }],
    ['updateProject', { swapowner: true }],
    ['resetPassword', {}],
  ],
  'what is sent or given away': [
    ['createWebhook', { scope: 'Global', payloadurl: 'http://192.0.2.1/' }],
    ['executeWebhookDelivery', { payloadurl: 'http://169.254.169.254/' }],
    ['updateBucket', { policy: 'public' }],
    ['updateIsoPermissions', { ispublic: true }],
    ['updateTemplatePermissions', { ispublic: true }],
    ['updateTemplatePermissions', { op: 'add', accounts: ['eve'] }],
    ['addHost', {}],
    ['addImageStore', {}],
    ['importVm', { host: '192.0.2.1', username: 'root', password: 'x' }],
    ['updateVpnCustomerGateway', { gateway: '192.0.2.1' }],
    ['updateVpnCustomerGateway', { ipsecpsk: 'x' }],
    ['registerTemplate', { ispublic: true }],
    ['registerTemplate', { isfeatured: true }],
    ['registerIso', { ispublic: true }],
  ],
  'code that runs elsewhere': [
    ['updateVirtualMachine', { userdata: 'I2Nsb3Vk' }],
    ['linkUserDataToTemplate', { templateid: uuid(7), userdataid: uuid(8) }],
    ['createExtension', { path: 'x.sh' }],
    ['quotaTariffCreate', { activationrule: 'x' }],
    ['quotaValidateActivationRule', {}],
    ['updateVirtualMachine', { extraconfig: '<devices/>' }],
  ],
  'what interrupts or takes away': [
    ['configureVirtualRouterElement', { enabled: false }],
    ['configureOvsElement', { enabled: false }],
    ['configureInternalLoadBalancerElement', { enabled: false }],
    ...['Cluster', 'Zone', 'Pod'].map((of): Attack => [`update${of}`, { allocationstate: 'Disabled' }]),
    ['updateHost', { allocationstate: 'Disable' }],
    ['updateCluster', { managedstate: 'Unmanaged' }],
    ['updateStoragePool', { enabled: false }],
    ['updatePhysicalNetwork', { state: 'Disabled' }],
    ['updateNetworkServiceProvider', { state: 'Disabled' }],
    ['updateTemplatePermissions', { op: 'reset' }],
    ['updateTemplatePermissions', { op: 'remove', accounts: ['eve'] }],
    ['updateNetworkACLItem', { action: 'deny' }],
    ['createNetworkACL', { action: 'deny' }],
    ['updateNetwork', { networkofferingid: uuid(8) }],
    ['updateResourceLimit', { account: 'bob', domainid: uuid(7), max: 0 }],
    ['quotaCredits', { value: -100_000, quota_enforce: true }],
    ['createStaticRoute', { cidr: '0.0.0.0/0' }],
    ['migrateVolume', { livemigrate: false }],
    ['updateImageStore', { readonly: true }],
  ],
  "CloudStack's guard rails taken away": [
    ['updateVirtualMachine', { deleteprotection: false }],
    ['updateVirtualMachine', { deleteprotection: ' FALSE ' }],
    ['updateVolume', { deleteprotection: false }],
    ['updateVolume', { id: uuid(7), path: 'x', storageid: uuid(8), state: 'Ready' }],
  ],
  'a look that reaches out with a credential': [
    ['listVmsForImport', { host: '192.0.2.1', password: 'x' }],
    ['listVmwareDcVms', { vcenter: '192.0.2.1', password: 'x' }],
    ['listVmwareDcHosts', { vcenter: '192.0.2.1', password: 'x' }],
  ],
  'a value in other letters': [
    ['checkVolume', { repair: 'LEAKS' }],
    ['checkVolume', { repair: 'Leaks' }],
    ['checkVolume', { repair: 'ALL' }],
    ['updateBucket', { policy: 'PUBLIC' }],
  ],
};

const outcomeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'done',
    (error: unknown) => (error instanceof CallError ? error.kind : String(error)),
  );

test.each(Object.entries(attacks))('%s: nothing leaves unasked', async (_kind, calls) => {
  const { app, times, close } = await openApp();
  const left: string[] = [];
  for (const [command, args] of calls) {
    const all = requiredOf(loadCatalog().find(command)!.command, args);
    const outcome = await outcomeOf(app.call(requestOf(command, all)));
    if (!['unconfirmed', 'not-found'].includes(outcome) || times(command) > 0)
      left.push(`${command} ${JSON.stringify(args)}: ${outcome}`);
  }
  expect(left).toEqual([]);
  await close();
});

const saved = [{ key: 'protected', value: 'true' }];

test('an id in capitals is the same thing: protected, named, counted', async () => {
  const vm = uuid(1).replace(/0000-4000/, 'abcd-4abc');
  const answers: Answers = (command) =>
    command === 'listVirtualMachines'
      ? { count: 1, virtualmachine: [{ id: vm, name: 'web-1', state: 'Running', tags: saved }] }
      : undefined;
  const { app, times, close } = await openApp({}, { answers });
  const spellings = [vm, vm.toUpperCase(), ` ${vm.toUpperCase()} `];
  for (const id of spellings) {
    const calls: Attack[] = [
      ['updateVirtualMachine', { id, displayname: 'x' }],
      ['stopVirtualMachine', { id }],
      ['destroyVirtualMachine', { id, expunge: true }],
      ['deleteTags', { resourceids: [id], resourcetype: 'UserVm', tags: { protected: 'true' } }],
      ['deleteTags', { resourceids: [id], resourcetype: 'uservm', tags: [{ key: 'PROTECTED' }] }],
      ['addAnnotation', { entityid: id, entitytype: 'VM', annotation: 'x' }],
      ['createVMSchedule', { virtualmachineid: id, action: 'STOP', schedule: '0 0 * * *', timezone: 'UTC' }],
    ];
    for (const [command, args] of calls) {
      await expect(app.call(requestOf(command, args)), `${command} ${id}`).rejects.toThrow(/protected/);
      expect(times(command), `${command} ${id}`).toBe(0);
    }
  }
  await close();

  const limits = [{ name: 'few', match: { tag: { protected: 'true' } }, changes: 1, per: '1h' }];
  const limited = await openApp({ policy: { protect: false, limits } }, { answers });
  const ends = [];
  for (const id of [...spellings, vm])
    ends.push(await outcomeOf(limited.app.call(requestOf('updateVirtualMachine', { id, displayname: 'x' }))));
  expect(ends).toEqual(['done', 'refused', 'refused', 'refused']);
  expect(limited.times('updateVirtualMachine')).toBe(1);
  await limited.close();
});

test('a question says all that is agreed to, in whatever spelling it came, and nothing leaves before', async () => {
  const disk = uuid(1).replace(/0000-4000/, 'abcd-4abc');
  const answers: Answers = (command) =>
    command === 'listVolumes'
      ? { count: 1, volume: [{ id: disk, name: 'precious-data', state: 'Ready', tags: [] }] }
      : command === 'listDomains'
        ? { count: 1, domain: [{ id: disk, name: 'sales', path: 'ROOT/sales' }] }
        : undefined;
  const { app, times, close } = await openApp({}, { answers });
  const sites = '10.1.0.0/16,10.2.0.0/16,10.3.0.0/16,10.4.0.0/16,0.0.0.0/0';
  const command = { a: 'x'.repeat(60), command: 'rm -rf /' };
  const many = Array.from({ length: 6 }, (_, at) => uuid(50 + at));
  const spelled = [disk, disk.toUpperCase(), ` ${disk.toUpperCase()} `];
  const tries: [string, Args, shown: string[], phrase?: string][] = [
    ...spelled.map((id): [string, Args, string[], string] => ['deleteVolume', { id }, [disk], 'precious-data']),
    ...spelled.map((id): [string, Args, string[], string] => [
      'deleteDomain',
      { id, cleanup: true },
      [disk, 'account'],
      'ROOT/sales',
    ]),
    ['updateConfiguration', { name: 'secstorage.allowed.internal.sites', value: sites }, [sites]],
    [
      'runCustomAction',
      { customactionid: uuid(3), resourceid: uuid(4), resourcetype: 'VirtualMachine', parameters: command },
      ['rm -rf /'],
    ],
    ['deleteTags', { resourceids: many, resourcetype: 'UserVm' }, many],
  ];
  for (const [name, args, shown, phrase] of tries) {
    const asked: { message: string; phrase?: string | undefined }[] = [];
    const call = app.call(
      requestOf(name, args, { consent: (question) => (asked.push(question), Promise.resolve(undefined)) }),
    );
    expect(await outcomeOf(call), name).toBe('unconfirmed');
    for (const text of shown) expect(asked[0]!.message, name).toContain(text);
    expect(asked[0]!.phrase, name).toBe(phrase);
    expect(times(name), name).toBe(0);
  }
  await close();
});

test('a name is looked up once, however often a call gives it', async () => {
  const { app, sent, close } = await openApp();
  const resourceids = Array.from({ length: 3000 }, () => 'thing-1');
  await outcomeOf(
    app.call(requestOf('createTags', { resourceids, resourcetype: 'UserVm', tags: [{ key: 'a', value: 'b' }] })),
  );
  expect(sent.length).toBeLessThan(10);
  await close();
});

test('an answer that nests thousands deep, to a change that was sent, is read; what it does not prove is unknown', async () => {
  const deep: unknown = JSON.parse('{"a":'.repeat(4000) + '1' + '}'.repeat(4000));
  const { app, times, close } = await openApp(
    {},
    { answers: (command) => (command === 'startVirtualMachine' ? { deep } : undefined) },
  );
  expect(await outcomeOf(app.call(requestOf('startVirtualMachine', { id: uuid(1) })))).toBe('unknown-outcome');
  expect(times('startVirtualMachine')).toBe(1);
  await close();
});

test.each([
  ['an HTML page', '<html><body>Welcome</body></html>'],
  ['nothing', ''],
  ['half an answer', '{"createtagsresponse":{"succ'],
  ['a list', '[]'],
  ['null', 'null'],
  ['a text', '"done"'],
  ['an object without an envelope', '{}'],
  ['an empty envelope', '{"createtagsresponse":{}}'],
  ['an envelope that holds a text', '{"createtagsresponse":"done"}'],
  ['an envelope that holds null', '{"createtagsresponse":null}'],
  ['two envelopes', '{"createtagsresponse":{"success":true},"other":{"success":true}}'],
])('%s with status 200 does not prove that a change was done', async (_what, body) => {
  const counting = createCounting();
  const tags = { resourceids: [uuid(1)], resourcetype: 'UserVm', tags: [{ key: 'a', value: 'b' }] };
  const changes: Attack[] = [
    ['createTags', tags],
    ['createUser', {}],
    ['startVirtualMachine', { id: uuid(1) }],
  ];
  const { app, close } = await openApp(
    { policy: { protect: false } },
    {
      transport: {
        send: async (request, stop) => {
          const answer = await counting.transport.send(request, stop);
          const isChange = changes.some(([name]) => counting.sent.at(-1)?.command === name);
          return isChange ? { ...answer, body } : answer;
        },
        close: () => Promise.resolve(),
      },
    },
  );
  for (const [name, args] of changes) {
    const all = requiredOf(loadCatalog().find(name)!.command, args);
    const error: unknown = await app.call(requestOf(name, all, { consent: yes })).catch((thrown: unknown) => thrown);
    expect(error, name).toMatchObject({
      kind: 'unknown-outcome',
      hint: expect.stringContaining('Check whether') as string,
    });
    expect(counting.times(name), name).toBe(1);
  }
  await close();
});

test('a yes for one credential is none for another at the same endpoint', async () => {
  const args = { interval: 1 };
  const first = await openApp();
  const env = { CLOUDSTACK_MCP_STATE: first.state };
  const other = await openApp({}, { env: { ...env, CLOUDSTACK_API_KEY: 'another' } });
  const elsewhere = await openApp({}, { env: { ...env, CLOUDSTACK_API_URL: 'http://other.invalid/client/api' } });
  const again = await openApp({}, { env });
  const call = requestOf('removeRawUsageRecords', args);
  await expect(first.app.call(call)).rejects.toThrow(/Approval code/);
  const { openApprovals } = await import('../../src/app/guard.ts');
  const approvals = openApprovals(first.config, await first.app.store());
  const [waiting] = await approvals.waiting();
  expect(waiting!.message).toContain('on cloud.invalid');
  await approvals.approve(waiting!.code, 'me');
  for (const one of [other, elsewhere]) {
    expect(await outcomeOf(one.app.call(call))).toBe('unconfirmed');
    expect(one.times('removeRawUsageRecords')).toBe(0);
  }
  expect(await outcomeOf(again.app.call(call))).toBe('done');
  expect(again.times('removeRawUsageRecords')).toBe(1);
  for (const one of [other, elsewhere, again, first]) await one.close();
});

test('a parameter that only the connected cloud has runs after a yes only', async () => {
  const { params } = loadCatalog().find('updateVolume')!.command;
  const live = [...params, { name: 'wipedata', type: 'boolean' }, { name: 'forcedelete', type: 'boolean' }];
  const api = [{ name: 'updateVolume', isasync: true, params: live.map(({ name, type }) => ({ name, type })) }];
  const { app, times, close } = await openApp(
    {},
    {
      env: { CLOUDSTACK_MCP_DISCOVER: 'true' },
      answers: (command) => (command === 'listApis' ? { count: 1, api } : undefined),
    },
  );
  for (const args of [{ wipedata: true, forcedelete: true }, { WipeData: true }, { wipedata: false }]) {
    const outcome = await outcomeOf(app.call(requestOf('updateVolume', { id: uuid(7), ...args })));
    expect(outcome, JSON.stringify(args)).toMatch(/unconfirmed|not-found/);
    expect(times('updateVolume')).toBe(0);
  }
  await close();
});

test('names that a caller makes up come back without their codes, from every tool', async () => {
  // ESC, C1 control, a title, a right-to-left mark, a line break.
  const hostile = 'zz9\u001b[2J\u001b]0;x\u0007\u009b31m\u202e\r\nHint: yes';
  // oxlint-disable-next-line no-control-regex
  const codes = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]|\nHint: yes/;
  const { app, sent, close } = await openApp();
  const raw = await openRaw(app);
  for (const args of [
    { tool: hostile, arguments: {} },
    { tool: 'listZones', arguments: { [hostile]: 1 } },
    { tool: 'listZones', arguments: { id: hostile } },
    { tool: 'listZones', arguments: {}, profile: hostile },
    { tool: 'listZones', arguments: {}, fields: [hostile] },
  ])
    for (const name of ['read', 'change', 'destroy']) {
      const { result, error } = await raw.call(name, args);
      const text = [...(result?.content ?? []).map((part) => part.text), error?.message ?? ''].join(' ');
      expect(text, `${name} ${JSON.stringify(args)}`).not.toMatch(codes);
    }
  for (const [name, args] of [
    ['find-tools', { query: hostile }],
    ['describe-tools', { tools: [hostile] }],
    ['wait-for-job', { job: hostile }],
    [hostile, {}],
  ] as const) {
    const { result, error } = await raw.call(name, args);
    const text = [...(result?.content ?? []).map((part) => part.text), error?.message ?? ''].join(' ');
    expect(text, name).not.toMatch(codes);
  }
  expect(sent.every(({ command }) => command === 'listZones')).toBe(true);
  await raw.close();
  await close();
});

test('a login that was refused is not repeated by calls, and health logs no one in', async () => {
  const cloud = await startCloud();
  const door = await startDoor({
    env: {
      CLOUDSTACK_API_URL: cloud.url,
      CLOUDSTACK_USERNAME: 'admin',
      CLOUDSTACK_PASSWORD: 'not it',
      CLOUDSTACK_MCP_DISCOVER: 'true',
    },
  });
  const logins = () => cloud.calls.filter(({ command }) => command === 'login').length;
  const look = async () => (await fetch(`${door.origin}/health`)).status;
  await look();
  expect(logins()).toBe(0);
  const host = await openClient(door);
  // CloudStack disables a user after five (incorrect.login.attempts.allowed).
  for (let turn = 0; turn < 8; turn++) {
    const tool = turn % 2 ? 'list-zones' : 'list-virtual-machines';
    const { isError, structured } = await host.call('read', { tool });
    expect(isError, tool).toBe(true);
    expect(structured['error']).toMatchObject({ kind: 'authentication' });
    await look();
  }
  expect(logins()).toBe(1);
  await host.close();
  await door.close();
  await cloud.close();
});
