import { expect, test } from 'vitest';
import { openApp, requestOf, uuid } from '../guard/counting.ts';
import { openHost, startCloud } from '../support/harness.ts';

const zones = [uuid(21), uuid(22), uuid(23)];

test('C21: of two offerings of one name, the one in the zone of the call is meant: an offering is in several zones', async () => {
  const { app, sent, close } = await openApp(
    {},
    {
      answers: (command) =>
        command === 'listServiceOfferings'
          ? {
              count: 2,
              serviceoffering: [
                { id: uuid(31), name: '4 vCPU', zoneid: `${zones[0]},${zones[1]}` },
                { id: uuid(32), name: '4 vCPU', zoneid: zones[2] },
              ],
            }
          : undefined,
    },
  );
  const deploy = (zoneid: string | undefined) =>
    app.call(requestOf('deployVirtualMachine', { zoneid, templateid: uuid(5), serviceofferingid: '4 vCPU' }));
  await deploy(zones[1]);
  await deploy(zones[2]);
  expect(
    sent.filter(({ command }) => command === 'deployVirtualMachine').map(({ params }) => params['serviceofferingid']),
  ).toEqual([uuid(31), uuid(32)]);
  await close();
});

test('C27: a name is found where an id is: in a project, too', async () => {
  const cloud = await startCloud();
  const host = await openHost({ env: cloud.env });
  const shop = cloud.simulator.world.all('UserVm').find(({ fields }) => fields['name'] === 'shop-api')!;
  const { structured } = await host.call('read', {
    tool: 'list-volumes',
    arguments: { virtualmachineid: 'shop-api' },
  });
  expect(structured['resolved']).toMatchObject([{ name: 'shop-api', id: shop.id }]);
  await host.close();
  await cloud.close();
});

test('R18, part 4.8: an id whose type is said beside it may be a name, by any spelling of the type; without the type it is refused', async () => {
  const cloud = await startCloud();
  const host = await openHost({ env: cloud.env });
  const id = cloud.simulator.world.all('UserVm').find(({ fields }) => fields['name'] === 'crm')!.id;
  const sent = (command: string) => cloud.calls.filter((call) => call.command === command);
  for (const resourcetype of ['UserVm', 'uservm', 'user_vm'])
    await host.call('change', {
      tool: 'create-tags',
      arguments: { resourceids: ['crm'], resourcetype, tags: { [resourcetype]: 'x' } },
    });
  expect(sent('createTags').map(({ params }) => [params['resourceids'], params['resourcetype']])).toEqual(
    Array.from({ length: 3 }, () => [id, 'UserVm']),
  );
  const tags = await host.call('read', {
    tool: 'list-tags',
    arguments: { resourceid: 'crm', resourcetype: 'UserVm' },
    fresh: true,
  });
  expect((tags.structured['items'] as { key: string }[]).map(({ key }) => key)).toContain('user_vm');
  const events = await host.call('read', {
    tool: 'list-events',
    arguments: { resourceid: 'crm', resourcetype: 'VirtualMachine' },
  });
  expect(events.structured['returned']).toBeGreaterThan(0);
  cloud.calls.length = 0;
  const refused: [args: Record<string, unknown>, words: string][] = [
    [{ resourceid: 'crm' }, 'resourcetype is missing, which says what it is the name of'],
    [{ resourceid: 'crm', resourcetype: 'Nic' }, 'no names are looked up for resourcetype Nic'],
    [{ resourceid: 'crn', resourcetype: 'UserVm' }, 'there is no virtual machine "crn"'],
  ];
  for (const [args, words] of refused) {
    const { isError, text } = await host.call('read', { tool: 'list-tags', arguments: args });
    expect([isError, text], words).toEqual([true, expect.stringContaining(words)]);
  }
  expect(sent('listTags')).toEqual([]);
  // A limit's type goes by name or number.
  for (const resourcetype of ['volume', 2, '2', 'Volume']) {
    const { text } = await host.call('read', { tool: 'list-resource-limits', arguments: { resourcetype } });
    expect(text, String(resourcetype)).toContain('resourcetypename: volume');
  }
  await host.close();
  await cloud.close();
});

test('a short id names nothing where not all rows were seen: another may begin so', async () => {
  const known = { id: 'abcdef01-0000-4000-8000-000000000001', name: 'web' };
  for (const pages of [1, Number.POSITIVE_INFINITY]) {
    const { app, times, close } = await openApp(
      {},
      {
        answers: (command, { id, page, keyword }) => {
          if (command !== 'listVirtualMachines') return undefined;
          if (id !== undefined) return { count: 1, virtualmachine: [known] };
          if (keyword !== undefined || page === undefined) return {};
          const rows = Array.from({ length: 499 }, (_, n) => ({ id: uuid(n), name: 'other' }));
          return Number(page) > pages ? {} : { count: 500, virtualmachine: [known, ...rows] };
        },
      },
    );
    const call = app.call(requestOf('updateVirtualMachine', { id: 'ABCDEF01', displayname: 'x' }));
    if (pages === 1) await call;
    else await expect(call).rejects.toMatchObject({ kind: 'invalid', hint: 'Give the full id. Nothing was sent.' });
    expect(times('updateVirtualMachine')).toBe(pages === 1 ? 1 : 0);
    await close();
  }
});
