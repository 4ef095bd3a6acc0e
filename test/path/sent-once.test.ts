import type { ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import { openHost, startFake } from '../support/harness.ts';

const id = '5f0f2d3c-0000-4000-8000-000000000001';
const deploy = { tool: 'deploy-virtual-machine', arguments: { zoneid: id, serviceofferingid: id, templateid: id } };

const faults: Record<string, (response: ServerResponse) => void> = {
  'a time-out': () => undefined,
  'a reset': (response) => response.socket?.resetAndDestroy(),
  'a 503': (response) =>
    response.writeHead(503, { 'content-type': 'text/html' }).end('<html>Service Unavailable</html>'),
  'a 502 page': (response) => response.writeHead(502).end('<h1>Bad Gateway</h1>'),
  'a truncated answer': (response) => response.writeHead(200).end('{"listzonesresponse":{"count":1,"zo'),
};

const expected: Record<string, { deploys: string; reads: number; read: string }> = {
  'a time-out': { deploys: 'unknown-outcome', reads: 4, read: 'timeout' },
  'a reset': { deploys: 'unknown-outcome', reads: 4, read: 'unavailable' },
  'a 503': { deploys: 'unknown-outcome', reads: 4, read: 'unavailable' },
  'a 502 page': { deploys: 'unknown-outcome', reads: 4, read: 'unavailable' },
  'a truncated answer': { deploys: 'unknown-outcome', reads: 1, read: 'protocol' },
};

test.each(Object.keys(faults))(
  'on %s a change leaves once and a read is tried again only where that helps',
  async (fault) => {
    const fake = await startFake((_command, response) => faults[fault]!(response));
    const env = fault === 'a time-out' ? { ...fake.env, CLOUDSTACK_TIMEOUT: '150' } : fake.env;
    const host = await openHost({ env });
    try {
      const change = await host.call('change', deploy);
      expect(fake.counts.get('deployVirtualMachine')).toBe(1);
      expect(change.isError).toBe(true);
      expect(change.structured['error']).toMatchObject({ kind: expected[fault]!.deploys });

      const read = await host.call('read', { tool: 'list-zones' });
      expect(fake.counts.get('listZones')).toBe(expected[fault]!.reads);
      expect(read.structured['error']).toMatchObject({ kind: expected[fault]!.read });
      expect(host.audit().map(({ command, result, requests }) => ({ command, result, requests }))).toEqual([
        { command: 'deployVirtualMachine', result: 'unknown', requests: 1 },
        { command: 'listZones', result: 'failed', requests: expected[fault]!.reads },
      ]);
    } finally {
      await host.close();
      await fake.close();
    }
  },
);

test('a read that works at the third attempt is answered', async () => {
  let tries = 0;
  const fake = await startFake((command, response) => {
    if (command === 'listZones' && ++tries < 3) response.writeHead(504).end();
    else response.end('{"listzonesresponse":{"count":1,"zone":[{"id":"z","name":"Frankfurt"}]}}');
  });
  const host = await openHost({ env: { ...fake.env, CLOUDSTACK_MCP_DISCOVER: 'false' } });
  const { text, isError } = await host.call('read', { tool: 'list-zones' });
  expect(isError).toBeUndefined();
  expect(text).toContain('Frankfurt');
  expect(fake.counts.get('listZones')).toBe(3);
  await host.close();
  await fake.close();
});

test('where nobody listens, nothing was sent and the error says so', async () => {
  const fake = await startFake(() => undefined);
  await fake.close();
  const host = await openHost({ env: { ...fake.env, CLOUDSTACK_MCP_DISCOVER: 'false' } });
  const { text, structured } = await host.call('change', deploy);
  expect(structured['error']).toMatchObject({ kind: 'unavailable' });
  expect(text).toContain('nothing was sent');
  await host.close();
});

test('an answer that CloudStack itself gives keeps its own text and code', async () => {
  const fake = await startFake((_command, response) =>
    response
      .writeHead(535)
      .end(
        '{"deployvirtualmachineresponse":{"uuidList":[],"errorcode":535,"cserrorcode":4370,"errortext":"Maximum amount of resources of Type = \'user_vm\' is exceeded"}}',
      ),
  );
  const host = await openHost({ env: { ...fake.env, CLOUDSTACK_MCP_DISCOVER: 'false' } });
  const { structured } = await host.call('change', deploy);
  expect(structured['error']).toMatchObject({ kind: 'quota', code: 535, cserrorcode: 4370 });
  expect((structured['error'] as { message: string }).message).toContain(
    "Maximum amount of resources of Type = 'user_vm' is exceeded",
  );
  expect(fake.counts.get('deployVirtualMachine')).toBe(1);
  await host.close();
  await fake.close();
});
