import { expect, test } from 'vitest';
import { openApp, requestOf, uuid } from '../guard/counting.ts';
import { openHost, startCloud } from '../support/harness.ts';

const zones = [uuid(21), uuid(22), uuid(23)];

test('of two offerings of one name, the one in the zone of the call is meant: an offering is in several zones', async () => {
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

test('a name is found where an id is: in a project, too', async () => {
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
