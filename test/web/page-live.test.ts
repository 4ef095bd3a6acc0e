import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { hashToken } from '../../src/web/tokens.ts';
import { startDoor } from '../support/door.ts';
import { eventually } from '../support/eventually.ts';
import { startCloud } from '../support/harness.ts';

const tokens = { robot: 'robot-token-000000000000', dora: 'dora-token-0000000000000' };
const secret = 'a-secret-of-the-chat';

/** A chat that fails at first. */
const startChat = async () => {
  const messages: { body: string; signature: string; status: number }[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const status = messages.length ? 200 : 503;
      messages.push({ body, signature: String(request.headers['x-cloudstack-mcp-signature']), status });
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { messages, url: `http://127.0.0.1:${port}/hook`, close: () => server.close() };
};

test.each(['2025-11-25', '2026-07-28'] as const)(
  'a waiting call is told of to a chat and to who looks; its host (protocol %s) leads to the page, and it goes on once approved',
  async (protocol) => {
    const [cloud, chat] = [await startCloud(), await startChat()];
    const file = {
      auth: { tokens: Object.fromEntries(Object.entries(tokens).map(([name, token]) => [name, hashToken(token)])) },
      principals: { robot: { role: 'admin' }, dora: { role: 'admin' } },
      policy: { fourEyes: true, rules: [{ name: 'reboots', match: { command: 'reboot*' }, action: 'approve' }] },
      approvalWebhook: chat.url,
      approvalWebhookSecret: secret,
    };
    const door = await startDoor({ env: cloud.env, file });
    const headers = { 'content-type': 'application/json', 'x-cloudstack-page': '1', origin: door.origin };
    const ask = (name: string, body: object, cookie = '', more = {}) =>
      fetch(`${door.origin}/page/api/${name}`, {
        method: 'POST',
        headers: { ...headers, cookie },
        body: JSON.stringify(body),
        ...more,
      });
    const cookie = (await ask('sign-in', { token: tokens.dora })).headers.getSetCookie()[0]!.split(';', 1)[0]!;
    const stop = new AbortController();
    let received = '';
    const streams = await Promise.all(
      Array.from({ length: 6 }, () => ask('live', {}, cookie, { signal: stop.signal })),
    );
    expect(streams.map(({ status }) => status)).toEqual(Array(6).fill(200));
    expect((await ask('live', {}, cookie)).status).toBe(429);
    expect((await ask('live', {})).status).toBe(401);
    expect((await ask('live', {}, cookie, { headers: { cookie } })).status).toBe(403);
    void (async () => {
      const decoder = new TextDecoder();
      for await (const part of streams[0]!.body!) received += decoder.decode(part as Uint8Array);
    })().catch(() => undefined);

    const client = new Client(
      { name: 'url-host', version: '1' },
      {
        capabilities: { elicitation: { url: {} } },
        ...(protocol === '2026-07-28' ? { versionNegotiation: { mode: { pin: protocol } } } : {}),
      },
    );
    const links: string[] = [];
    let approve = true;
    let beforeYes = (): Promise<void> => Promise.resolve();
    client.setRequestHandler('elicitation/create', ({ params }) => {
      const { url } = params as { url: string };
      links.push(url);
      const code = url.split('/').at(-1)!;
      // The user goes there, and comes back to the host before anything is decided.
      if (approve) setTimeout(() => void beforeYes().then(() => ask('reply', { code, approve: true }, cookie)), 300);
      return { action: approve ? ('accept' as const) : ('cancel' as const) };
    });
    await client.connect(
      new StreamableHTTPClientTransport(new URL(door.url), {
        requestInit: { headers: { authorization: `Bearer ${tokens.robot}` } },
      }),
    );
    const reboot = () =>
      client.callTool({ name: 'destroy', arguments: { tool: 'rebootVirtualMachine', arguments: { id: 'web-1' } } });
    try {
      const done = await reboot();
      expect(done.content).toMatchObject([{ text: expect.stringContaining('rebootVirtualMachine') as string }]);
      expect(done.isError).toBeFalsy();
      expect(links).toHaveLength(1);
      expect(links[0]).toMatch(new RegExp(`^${door.origin}/#/approvals/[A-Z0-9]{4}-[A-Z0-9]{4}$`));
      expect(door.audit().at(-1)).toMatchObject({ confirmation: { by: 'approval', who: 'dora' } });
      await eventually(() => {
        for (const topic of ['approvals', 'jobs', 'calls']) expect(received).toContain(`event: ${topic}\n`);
      });
      expect(received).not.toMatch(/web-1|reboot/);

      // Who may no longer make the call when the yes comes does not make it, whenever it was asked about.
      const sent = () => cloud.calls.filter(({ command }) => command === 'rebootVirtualMachine').length;
      expect(sent()).toBe(1);
      beforeYes = async () => {
        door.reload({ ...file, principals: { ...file.principals, robot: { role: 'viewer' } } });
        await eventually(() => expect(door.out.stderr).toContain('was read again'));
      };
      const late = await reboot();
      expect(late.isError).toBe(true);
      expect(JSON.stringify(late.content)).toContain('was read again while this call was on its way');
      expect((await reboot()).isError).toBe(true);
      expect(sent()).toBe(1);
      door.out.stderr = '';
      door.reload(file);
      await eventually(() => expect(door.out.stderr).toContain('was read again'));
      const soFar = chat.messages.length;

      approve = false;
      const left = await reboot();
      expect(left.isError).toBe(true);
      expect(JSON.stringify(left.content)).toContain('Approval code');
      await eventually(() => expect(chat.messages).toHaveLength(soFar + 1));
      for (const { body, signature } of chat.messages) {
        const [, seconds = '', mac] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(signature)!;
        expect(mac).toBe(createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex'));
        expect(JSON.parse(body)).toMatchObject({
          type: 'approval.waiting',
          principal: 'robot',
          title: 'rebootVirtualMachine',
        });
        expect(body).not.toMatch(/web-1|a-secret/);
      }
    } finally {
      stop.abort();
      await client.close();
      await door.close();
      await cloud.close();
      chat.close();
    }
  },
);

test('who tries to sign in without end slows no other address, whatever it says of itself', async () => {
  const door = await startDoor({
    flags: ['--simulator', '--rate-limit', '40', '--trusted-proxies', '127.0.0.1'],
    file: { auth: { tokens: { dora: hashToken(tokens.dora) } }, principals: { dora: { role: 'admin' } } },
  });
  const signIn = async (forwarded: string, token = 'wrong'): Promise<number> => {
    const headers = { 'content-type': 'application/json', 'x-cloudstack-page': '1', origin: door.origin };
    const { status } = await fetch(`${door.origin}/page/api/sign-in`, {
      method: 'POST',
      headers: { ...headers, 'x-forwarded-for': forwarded },
      body: JSON.stringify({ token }),
    });
    return status;
  };
  const mallory = '203.0.113.7';
  expect([await signIn(mallory), await signIn(mallory)]).toEqual([401, 401]);
  for (let n = 0; n < 30; n++) expect(await signIn(`198.51.100.${n}, ${mallory}`)).toBe(429);
  expect(await signIn('203.0.113.8', tokens.dora)).toBe(200);
  await door.close();
});
