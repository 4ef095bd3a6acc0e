import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createSimulator } from '../support/seeded-worlds.ts';
import { createCloud } from './cloud.ts';
import { keeps } from './promise.ts';
import { finish, rows, send } from './sign.ts';

interface Arrival {
  method: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** Somewhere on this machine that webhooks are delivered to; answers with these statuses in turn, and then with the last. */
const receiver = async (...statuses: number[]): Promise<{ url: string; arrived: Arrival[] }> => {
  const arrived: Arrival[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('latin1').on('data', (part: string) => (body += part));
    request.on('end', () => {
      arrived.push({ method: request.method ?? '', headers: request.headers, body });
      response.writeHead(statuses[Math.min(arrived.length, statuses.length) - 1] ?? 200, { location: '/elsewhere' });
      response.end(`answer ${arrived.length}`);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, arrived };
};

const bob = {
  apiKey: 'simulator-bob-api-key-not-a-real-secret',
  secretKey: 'simulator-bob-secret-key-not-a-real-secret',
};

const typesOf = (arrived: Arrival[]): unknown[] => arrived.map(({ headers }) => headers['x-cs-event']);

const made = async (...call: Parameters<typeof send>): Promise<Record<string, any>> => {
  const { status, body } = await send(...call);
  expect(body['errortext']).toBeUndefined();
  expect(status).toBe(200);
  return Object.values(body)[0];
};

/** A key that is registered leaves two events, one that CloudStack makes leaves none. */
const publickey = 'ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC7 me@here';

keeps('webhooks', async () => {
  const simulator = createSimulator({ jobMillis: 0 });
  const { url, arrived } = await receiver();
  const hook = await made(simulator, 'createWebhook', { name: 'hook', payloadurl: url, secretkey: 's3cret' });
  const [volume] = await rows(simulator, 'listVolumes', { listall: 'true', state: 'Ready' });
  await finish(simulator, 'registerSSHKeyPair', { name: 'told', publickey });
  await simulator.delivered();

  expect(typesOf(arrived)).toEqual(['REGISTER.SSH.KEYPAIR', 'REGISTER.SSH.KEYPAIR']);
  const [{ method, headers, body } = {} as Arrival] = arrived.slice(-1);
  expect(method).toBe('POST');
  const [event] = await rows(simulator, 'listEvents', { id: String(headers['x-cs-event-id']), listall: 'true' });
  const [account] = await rows(simulator, 'listAccounts', { name: 'admin' });
  expect(JSON.parse(body)).toMatchObject({
    event: 'REGISTER.SSH.KEYPAIR',
    status: 'Completed',
    account: account?.['id'],
    description: event?.['description'],
    eventDateTime: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+0000$/),
  });
  expect(headers).toMatchObject({
    'user-agent': `CS-Hookshot/${account?.['id']}`,
    'content-type': 'application/json; charset=UTF-8',
    'x-cs-signature': createHmac('sha256', 's3cret').update(body).digest('base64'),
  });
  const deliveries = await rows(simulator, 'listWebhookDeliveries', { webhookid: hook['id'] });
  expect(deliveries).toHaveLength(2);
  expect(deliveries.find(({ eventid }) => eventid === event?.['id'])).toMatchObject({
    success: true,
    response: 'answer 2',
    payload: body,
    webhookname: 'hook',
    headers: expect.stringContaining(`X-CS-Event-ID: ${event?.['id']}\nX-CS-Event: REGISTER.SSH.KEYPAIR\n`),
  });

  // Nothing is told of when it is off, and nothing once it is gone.
  await made(simulator, 'updateWebhook', { id: hook['id'], state: 'Disabled' });
  await finish(simulator, 'createSnapshot', { volumeid: volume?.['id'] });
  await send(simulator, 'deleteWebhook', { id: hook['id'] });
  await finish(simulator, 'createSnapshot', { volumeid: volume?.['id'] });
  await simulator.delivered();
  expect(arrived).toHaveLength(2);
});

test('a webhook hears of its account, of its domains or of everything, and what its filters let through', async () => {
  const simulator = createSimulator({ jobMillis: 0 });
  const [local, domain, everything, filtered] = await Promise.all([receiver(), receiver(), receiver(), receiver()]);
  const [root] = await rows(simulator, 'listDomains', { name: 'ROOT' });
  await made(simulator, 'createWebhook', { name: 'l', payloadurl: local.url });
  const scope = { scope: 'Domain', domainid: root?.['id'] };
  await made(simulator, 'createWebhook', { name: 'd', payloadurl: domain.url, ...scope });
  await made(simulator, 'createWebhook', { name: 'g', payloadurl: everything.url, scope: 'Global' });
  const { id: webhookid } = await made(simulator, 'createWebhook', {
    name: 'f',
    payloadurl: filtered.url,
    scope: 'Global',
  });
  await made(simulator, 'addWebhookFilter', { webhookid, value: 'REGISTER.', matchtype: 'Prefix' });
  await made(simulator, 'addWebhookFilter', { webhookid, value: 'USER.DATA', matchtype: 'Suffix', mode: 'Exclude' });

  await send(simulator, 'registerSSHKeyPair', { name: 'of-bob', publickey }, bob);
  await send(simulator, 'registerUserData', { name: 'of-bob', userdata: 'aGVsbG8=' }, bob);
  await send(simulator, 'createAffinityGroup', { name: 'of-admin', type: 'host anti-affinity' });
  await simulator.delivered();
  expect(new Set(typesOf(local.arrived))).toEqual(new Set(['AG.CREATE']));
  const all = ['REGISTER.SSH.KEYPAIR', 'REGISTER.USER.DATA', 'AG.CREATE'];
  expect(new Set(typesOf(domain.arrived))).toEqual(new Set(all));
  expect(new Set(typesOf(everything.arrived))).toEqual(new Set(all));
  expect(new Set(typesOf(filtered.arrived))).toEqual(new Set(['REGISTER.SSH.KEYPAIR']));

  expect((await send(simulator, 'createWebhook', { name: 'x', payloadurl: local.url }, bob)).status).toBe(200);
  const global = { name: 'y', payloadurl: 'http://127.0.0.1/y', scope: 'Global' };
  expect((await send(simulator, 'createWebhook', global, bob)).body).toMatchObject({
    errorcode: 431,
    cserrorcode: 4350,
    errortext: 'Scope Global can not be specified for owner bob',
  });
  expect((await send(simulator, 'createWebhook', { name: 'z', payloadurl: local.url })).body['errortext']).toBe(
    `Payload URL: ${local.url} is already in use by another webhook`,
  );
  const https = { name: 's', payloadurl: 'http://127.0.0.1/s', sslverification: 'true' };
  expect((await send(simulator, 'createWebhook', https)).body['errortext']).toBe(
    'SSL verification can be specified only for HTTPS URLs, http://127.0.0.1/s',
  );
});

test('a delivery is tried as often as is set; anything but 200 has failed, a redirect too', async () => {
  const simulator = createSimulator({ jobMillis: 0 });
  const [second, never] = await Promise.all([receiver(500, 200), receiver(302)]);
  const sent = await made(simulator, 'executeWebhookDelivery', { payloadurl: second.url });
  expect(sent).toMatchObject({ success: true, response: 'answer 2', eventtype: 'TEST.WEBHOOK' });
  expect(second.arrived[1]?.body).toBe('{ "CloudStack": "works!" }');
  expect(second.arrived[1]?.headers['x-cs-signature']).toBeUndefined();
  expect(await rows(simulator, 'listWebhookDeliveries', {})).toEqual([]);

  await send(simulator, 'updateConfiguration', { name: 'webhook.delivery.tries', value: '4' });
  const text = { payloadurl: never.url, payload: 'plain ñ', secretkey: 'k' };
  const failed = await made(simulator, 'executeWebhookDelivery', text);
  expect(failed).toMatchObject({ success: false, response: 'answer 4', payload: 'plain ñ' });
  expect(never.arrived).toHaveLength(4);
  expect(never.arrived[0]).toMatchObject({
    body: 'plain ñ',
    headers: { 'content-type': 'text/plain; charset=ISO-8859-1' },
  });

  const closed = await made(simulator, 'executeWebhookDelivery', { payloadurl: 'http://127.0.0.1:9/' });
  expect(closed).toMatchObject({
    success: false,
    response: 'Failed due to : Connect to 127.0.0.1:9 [127.0.0.1] failed: Connection refused',
  });
});

test('a delivery is repeated as it was', async () => {
  const simulator = createSimulator({ jobMillis: 0 });
  const { url, arrived } = await receiver(500, 500, 200);
  await send(simulator, 'updateConfiguration', { name: 'webhook.delivery.tries', value: '1' });
  const { id } = await made(simulator, 'createWebhook', { name: 'again', payloadurl: url });
  await send(simulator, 'createAffinityGroup', { name: 'g', type: 'host anti-affinity' });
  await simulator.delivered();
  const [old] = (await rows(simulator, 'listWebhookDeliveries', { webhookid: id })).filter(({ success }) => !success);
  const again = await made(simulator, 'executeWebhookDelivery', { id: String(old?.['id']) });
  expect(again).toMatchObject({ success: true, eventid: old?.['eventid'], payload: old?.['payload'], webhookid: id });
  expect(arrived.at(-1)?.headers['x-cs-event-id']).toBe(old?.['eventid']);
  expect((await rows(simulator, 'listWebhookDeliveries', { webhookid: id })).map((row) => row['id'])).toContain(
    again['id'],
  );
  const both = await send(simulator, 'executeWebhookDelivery', { id: String(old?.['id']), webhookid: id });
  expect(both.body['errortext']).toBe('Only one of the id or webhookid can be specified');
});

test('nothing leaves this machine unless the host is allowed', async () => {
  const settings = { 'webhook.delivery.allow.http': 'true', 'webhook.delivery.blocklist': '' };
  const closed = createSimulator({ jobMillis: 0, settings });
  // This machine in a spelling that is not known as such, so that nothing of the network is needed.
  const { url, arrived } = await receiver();
  const elsewhere = { payloadurl: url.replace('127.0.0.1', '[::ffff:7f00:1]') };
  expect(await made(closed, 'executeWebhookDelivery', elsewhere)).toMatchObject({
    success: false,
    response: expect.stringContaining('[::ffff:7f00:1] is another machine'),
  });
  expect(arrived).toEqual([]);
  const open = createSimulator({ jobMillis: 0, settings, webhookHosts: ['[::ffff:7f00:1]'] });
  expect(await made(open, 'executeWebhookDelivery', elsewhere)).toMatchObject({
    response: expect.not.stringContaining('is another machine'),
  });
});

// WebhookUrlValidator of CloudStack 4.23: settings of the owner's domain, looked at when a webhook is made and when it sends.
test('webhooks go nowhere that the settings of their domain forbid', async () => {
  const { did, id, refused, simulator } = createCloud();
  const hook = (payloadurl: string) => ({ name: 'w', payloadurl });
  const set = (name: string, value: string) => did('updateConfiguration', { name: `webhook.delivery.${name}`, value });
  expect(await refused('createWebhook', hook('http://hooks.test/x'))).toContain('Only HTTPS webhook payload URLs');
  const blocked = 'resolves to a blocked IP address';
  for (const host of ['10.1.2.3', '169.254.1.1', '[fd00::1]', '[::ffff:1.2.3.4]'])
    expect(await refused('createWebhook', hook(`https://${host}/x`))).toMatch(/blocked IP address|Illegal host/);
  await set('allow.http', 'true');
  await set('blocklist', '192.0.2.0/24');
  const made = await did('createWebhook', hook('http://10.1.2.3/x'));
  expect(await refused('createWebhook', hook('http://192.0.2.7/x'))).toContain(blocked);
  expect(await refused('updateWebhook', { id: String(made['id']), payloadurl: 'http://192.0.2.7/x' })).toContain(
    blocked,
  );
  await set('blocklist', '10.0.0.0/8');
  const delivery = await did('executeWebhookDelivery', { webhookid: String(made['id']) });
  expect(delivery).toMatchObject({ success: false, response: expect.stringContaining(blocked) });
  const domainid = await id('listDomains', 'engineering');
  await did('updateConfiguration', { name: 'webhook.delivery.blocklist', value: '', domainid });
  const theirs = { ...hook('http://10.1.2.3/x'), account: 'bob', domainid };
  expect(String((await did('createWebhook', theirs))['id'])).toMatch(/^[\da-f-]{36}$/);
  await simulator.delivered();
});
