import { afterAll, beforeAll, expect, test } from 'vitest';
import { createAuthenticator } from '../support/authenticator.ts';
import { describeWithServer } from '../support/describe-with-server.ts';
import { openClient, startDoor, type Door } from '../support/door.ts';
import { eventually } from '../support/eventually.ts';
import { runCommand, startCloud, type Cloud } from '../support/harness.ts';
import { signInToPage, startProvider, type Provider } from '../support/identity-provider.ts';
import { findPort } from '../support/ports.ts';
import { startServer, type Server } from '../support/store-server.ts';
import { hashToken } from '../../src/web/tokens.ts';

const robot = 'robot-token-000000000000';

describeWithServer('the page of two replicas over one store', () => {
  let server: Server;
  let cloud: Cloud;
  let provider: Provider;
  let one: Door;
  let other: Door;
  /** The name under which a proxy would serve both: what the browser says of its page. */
  let origin: string;

  beforeAll(async () => {
    [server, cloud] = [await startServer(), await startCloud()];
    const port = await findPort();
    origin = `http://localhost:${port}`;
    provider = await startProvider(`${origin}/mcp`);
    const file = {
      auth: {
        issuer: provider.issuer,
        audience: `${origin}/mcp`,
        client: 'the-page',
        scopes: ['cloudstack'],
        tokens: { robot: hashToken(robot) },
      },
      principals: { alice: { role: 'admin' }, robot: { role: 'admin' } },
      policy: { passkey: ['critical'], rules: [{ name: 'reboots', match: { command: 'reboot*' }, action: 'approve' }] },
    };
    const env = { ...cloud.env, CLOUDSTACK_MCP_REDIS_URL: server.url };
    one = await startDoor({ env, file, flags: ['--port', String(port)] });
    other = await startDoor({ env, file });
  });
  afterAll(async () => {
    for (const door of [one, other]) await door.close();
    await provider.close();
    await cloud.close();
    await server.close();
  });

  const cookieFor = (user: string): Promise<string> => signInToPage(origin, provider, user);
  /** As a proxy hands it to one of the replicas: the cookie is named after the port of that one. */
  const post = (door: Door, cookie: string, name: string, body: object = {}, signal?: AbortSignal) => {
    const { port, host } = new URL(door.origin);
    const own = cookie.replace(/^cloudstack-page-\d+/, `cloudstack-page-${port}`);
    const headers = {
      'content-type': 'application/json',
      'x-cloudstack-page': '1',
      origin: `http://${host}`,
      cookie: own,
    };
    return fetch(`${door.origin}/page/api/${name}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
      ...(signal ? { signal } : {}),
    });
  };
  const ask = async (door: Door, cookie: string, name: string, body: object = {}) =>
    (await (await post(door, cookie, name, body)).json()) as Record<string, any>;
  /** The events of a stream, as they come in; `isOver` once it has ended. */
  const listen = async (door: Door, cookie: string) => {
    const stop = new AbortController();
    const received = { text: '', isOver: false, stop: () => stop.abort() };
    const { body } = await post(door, cookie, 'live', {}, stop.signal);
    void (async () => {
      const decoder = new TextDecoder();
      for await (const part of body!) received.text += decoder.decode(part as Uint8Array);
      received.isOver = true;
    })().catch(() => undefined);
    return received;
  };

  test('who looks at one replica is told of what waits, runs and is approved at the other', async () => {
    const cookie = await cookieFor('alice');
    const received = await listen(one, cookie);
    const host = await openClient(other, { token: robot });
    const reboot = () => host.call('destroy', { tool: 'rebootVirtualMachine', arguments: { id: 'web-1' } });
    const { text } = await reboot();
    const code = /Approval code: (\S{9})/.exec(text)![1]!;
    await eventually(() => expect(received.text).toContain('event: approvals\n'));
    const { waiting } = await ask(one, cookie, 'approvals');
    expect(waiting).toMatchObject([{ code, caller: { principal: 'robot' } }]);
    const there = await listen(other, cookie);
    expect(await ask(one, cookie, 'reply', { code, approve: true })).toEqual({ done: true });
    await eventually(() => expect(there.text).toContain('event: approvals\n'));
    received.text = '';
    expect((await reboot()).isError).toBeUndefined();
    await eventually(() => {
      for (const topic of ['jobs', 'calls']) expect(received.text).toContain(`event: ${topic}\n`);
    });
    expect(received.text).not.toMatch(/web-1|reboot|robot/);
    // The receipt is made where the call ran: its log has it.
    const { call } = other.audit().at(-1)!;
    expect(await ask(other, cookie, 'receipt', { id: call })).toMatchObject({ receipt: expect.any(String) as string });
    expect(await ask(one, cookie, 'receipt', { id: call })).toMatchObject({ error: { kind: 'not-found' } });
    for (const stream of [received, there]) stream.stop();
    await host.close();
  });

  test('who signs out at one replica is signed out at the other', async () => {
    const cookie = await cookieFor('alice');
    expect((await post(other, cookie, 'approvals')).status).toBe(200);
    expect((await post(one, cookie, 'sign-out')).status).toBe(200);
    expect((await post(other, cookie, 'approvals')).status).toBe(401);
    expect((await post(other, cookie, 'live')).status).toBe(401);
  });

  test('a passkey that lies in the store approves, and the operator takes it there', async () => {
    const cookie = await cookieFor('alice');
    const headers = { 'content-type': 'application/json', 'x-cloudstack-page': '1', origin, cookie };
    const atPage = async (name: string, body: object) => {
      const response = await fetch(`${origin}/page/api/${name}`, {
        method: 'POST',
        headers,
        body: JSON.stringify(body),
      });
      return (await response.json()) as Record<string, any>;
    };
    const device = createAuthenticator(origin);
    const { challenge } = await atPage('passkey-ask', { change: 'add' });
    expect(await atPage('passkey-change', { added: device.create(challenge as string) })).toEqual({ done: true });
    expect((await ask(other, cookie, 'passkeys'))['passkeys']).toMatchObject([{ id: device.id }]);
    const host = await openClient(other, { token: robot });
    const destroy = () =>
      host.call('destroy', { tool: 'destroyVirtualMachine', arguments: { id: 'web-2', expunge: true } });
    const code = /Approval code: (\S{9})/.exec((await destroy()).text)![1]!;
    const asked = await atPage('passkey-ask', { code });
    const proof = device.sign(asked['challenge'] as string);
    const phrase = 'web-2';
    expect(await atPage('reply', { code, approve: true, phrase, proof })).toEqual({ done: true });
    expect((await destroy()).isError).toBeUndefined();
    await host.close();
    const env = { ...cloud.env, CLOUDSTACK_MCP_REDIS_URL: server.url };
    expect((await runCommand(['passkey', 'reset', 'alice'], { env, answers: [] })).status).toBe(0);
    expect(await ask(other, cookie, 'passkeys')).toEqual({ passkeys: [] });
  });
});
