import { ProtocolError } from '@modelcontextprotocol/server';
import { expect, test } from 'vitest';
import { CallError } from '../../src/errors.ts';
import { AwaitingReply } from '../../src/consent.ts';
import { doorContextOf } from '../../src/mcp/door-context.ts';
import { createLimits } from '../../src/web/limits.ts';
import { createClientAddresses } from '../../src/web/client-address.ts';
import { createCore } from '../../src/web/core.ts';
import { measure } from '../../src/web/measure.ts';
import { createRoutes } from '../../src/web/routes.ts';

const limits = createLimits({ rateLimit: 60, maxInFlight: 5 });
const settings = {
  bodyLimit: 100,
  requestTimeout: 60_000,
  maxSessions: 1,
  maxSessionsEach: 1,
  sessionIdle: 1000,
  sessionLifetime: 60_000,
};
const broken = (): never => {
  throw new TypeError('secret path /etc/x');
};
const ask = (path = '/mcp') => new Request(`http://localhost${path}`, { headers: { host: 'localhost' } });

const throwing = (error: Error) => {
  const output: string[] = [];
  const { call, figures } = measure(
    { call: () => Promise.reject(error) },
    limits,
    new AbortController().signal,
    (message) => output.push(message),
  );
  const caught = call({ caller: { principal: 'a' } } as never).catch((thrown: unknown) => thrown);
  return { caught, said: output, figures };
};

test('a bug of a call is told to whoever operates the server, and only its number to the caller', async () => {
  const { caught, said, figures } = throwing(new TypeError('secret path /etc/x'));
  const error = (await caught) as ProtocolError;
  expect(error).toBeInstanceOf(ProtocolError);
  const [, reference] = /^Internal error (\S{36})$/.exec(error.message) ?? [];
  expect(said[0]).toContain(`bug ${reference}`);
  expect(said[0]).toContain('secret path');
  expect(figures()).toMatchObject({ calls: 1, failed: 1 });
});

test.each([
  [new CallError('invalid', 'x', ''), 0],
  [new CallError('unavailable', 'x', ''), 1],
  [new AwaitingReply({ message: '', digest: '' }), 0],
])('what the path throws goes through as it is: %s', async (error, failed) => {
  const { caught, said, figures } = throwing(error);
  expect(await caught).toBe(error);
  expect(said).toEqual([]);
  expect(figures().failed).toBe(failed);
});

test('a bug of the door is a 500 that says nothing', async () => {
  const printed: string[] = [];
  const report = (message: string): void => void printed.push(message);
  const core = createCore({ build: broken, identify: broken, limits, settings, report });
  const routes = createRoutes({
    core,
    addresses: createClientAddresses({ trustedProxies: '' }),
    health: broken,
    isReady: () => true,
    metadata: () => undefined,
    allowedHosts: '',
    allowedOrigins: '',
    report,
  });
  for (const path of ['/mcp', '/health']) {
    const response = await routes.fetch(ask(path));
    expect(response.status).toBe(500);
    expect(await response.text()).not.toMatch(/secret|TypeError/);
  }
  expect(printed).toHaveLength(2);
  await core.close();
});

test('a server that cannot be built leaves nothing running', async () => {
  const own = createLimits({ rateLimit: 60, maxInFlight: 5 });
  const core = createCore({
    build: broken,
    identify: () => Promise.resolve({ principal: 'a' }),
    limits: own,
    settings: { ...settings, bodyLimit: 10_000 },
    report: () => undefined,
  });
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'x', version: '1' } };
  const response = await core.fetch(
    new Request('http://localhost/mcp', {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params }),
    }),
  );
  expect(response.status).toBe(500);
  expect(own.running()).toBe(0);
  expect(core.sessions()).toBe(0);
  await core.close();
});

test('a handler without a principal does not go on', () => {
  expect(() => doorContextOf({})).toThrow('without a principal');
});
