import { expect, test } from 'vitest';
import { createSimulator } from '../support/seeded-worlds.ts';
import { finish, rows, send, signedRequest } from './sign.ts';

// Requests that are wrong in ways that no suite of a real server has, with the answers that CloudStack's source gives.

test('a method that the servlet lacks is refused, and a body that does not say it is a form is not read', async () => {
  const simulator = createSimulator({ jobMillis: 0 });
  const { url } = signedRequest(simulator.credentials, 'listZones');
  expect((await simulator.fetch(new Request(url))).status).toBe(200);
  for (const method of ['PUT', 'DELETE', 'PATCH'])
    expect((await simulator.fetch(new Request(url, { method }))).status).toBe(405);
  const form = signedRequest(simulator.credentials, 'listZones', {}, 'POST');
  const body = await form.clone().text();
  expect((await simulator.fetch(form)).status).toBe(200);
  for (const type of ['text/plain', 'application/json', 'multipart/form-data; boundary=x']) {
    const headers = { 'content-type': type };
    const sent = await simulator.fetch(new Request('http://simulator/client/api', { method: 'POST', body, headers }));
    expect([type, sent.status]).toEqual([type, 401]);
  }
});

test('values that are out of bounds are refused in the words of the source', async () => {
  const simulator = createSimulator({ jobMillis: 0 });
  const [volume] = await rows(simulator, 'listVolumes', { listall: 'true' });
  const policy = { volumeid: String(volume?.['id']), intervaltype: 'DAILY', schedule: '1:1', maxsnaps: '1' };
  const [tier] = (await rows(simulator, 'listNetworks', { forvpc: 'true', listall: 'true' })).filter(
    (row) => row['vpcid'],
  );
  const item = { networkid: String(tier?.['id']), protocol: 'tcp', startport: '1', endport: '2' };
  const cases: [command: string, params: Record<string, string>, cs: number, text: string][] = [
    ['createSnapshotPolicy', { ...policy, timezone: 'UTC', maxsnaps: '0' }, 4350, 'maxSnaps should be greater than 0'],
    ['updateResourceLimit', { resourcetype: '99', max: '1' }, 4350, 'Please specify valid resource type'],
    [
      'updateResourceLimit',
      { resourcetype: '0', max: '-2' },
      4350,
      "Please specify either '-1' for an infinite limit, or a limit that is at least '0'.",
    ],
    ['createNetworkACL', { ...item, cidrlist: 'anywhere' }, 9999, 'Source cidrs formatting error anywhere'],
  ];
  for (const [command, params, cs, text] of cases)
    expect((await send(simulator, command, params)).body).toMatchObject({
      errorcode: 431,
      cserrorcode: cs,
      errortext: text,
    });
  // Java takes a time zone that it does not know for GMT.
  const made = await send(simulator, 'createSnapshotPolicy', { ...policy, timezone: 'Mars/Phobos' });
  expect(made.body['snapshotpolicy']).toMatchObject({ timezone: 'GMT' });
});

test('an alert has the name of its number, or one of its own', async () => {
  const simulator = createSimulator({ jobMillis: 0 });
  const alert = { type: '7', description: 'd' };
  const wrong = await finish(simulator, 'generateAlert', { ...alert, name: 'MINE' });
  expect(wrong.body['jobresult']).toMatchObject({
    errorcode: 431,
    errortext: 'There is a default alert having type 7 and name ALERT.COMPUTE.HOST',
  });
  await finish(simulator, 'generateAlert', { ...alert, name: 'alert.compute.host' });
  await finish(simulator, 'generateAlert', { type: '120', name: 'MINE', description: 'd' });
  const found = await rows(simulator, 'listAlerts', { type: '120' });
  expect(found.map(({ name }) => name)).toEqual(['MINE']);
});

test('the root domain is refused in the job', async () => {
  const simulator = createSimulator({ jobMillis: 0 });
  const [root] = await rows(simulator, 'listDomains', { name: 'ROOT' });
  const { body } = await finish(simulator, 'deleteDomain', { id: String(root?.['id']) });
  expect(body['jobresult']).toMatchObject({ errorcode: 530, errortext: "Can't delete ROOT domain" });
});
