import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openHost, startCloud, startFake, type Cloud } from '../support/harness.ts';
import { openClient, post, startDoor } from '../support/door.ts';
import { startCollector, type Span } from './collector.ts';

const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
const parent = '00f067aa0ba902b7';
const traceparent = `00-${trace}-${parent}-01`;

let cloud: Cloud;
let collector: Awaited<ReturnType<typeof startCollector>>;
let env: Record<string, string>;

beforeEach(async () => {
  cloud = await startCloud();
  collector = await startCollector();
  env = { ...cloud.env, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url };
});

afterEach(async () => {
  vi.unstubAllEnvs();
  collector.close();
  await cloud.close();
});

/** The names of spans, as a tree. */
const treeOf = (spans: readonly Span[], above: string | undefined): unknown[] =>
  spans
    .filter(({ parentSpanId }) => (parentSpanId || undefined) === above)
    .map(({ name, spanId }) => {
      const children = treeOf(spans, spanId);
      return children.length ? [name, children] : name;
    });

const call = (args: Record<string, unknown>, meta: Record<string, unknown> = {}) => ({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: {
    name: 'read',
    arguments: args,
    _meta: {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '1' },
      'io.modelcontextprotocol/clientCapabilities': {},
      ...meta,
    },
  },
});
const headers = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'read' };

test('stdio: a call is a span with its steps and its requests beneath it, from the host on', async () => {
  const host = await openHost({ env });
  const zones = { name: 'read', arguments: { tool: 'list-zones' }, _meta: { traceparent, tracestate: 'vendor=1' } };
  await host.client.callTool(zones);
  const { audit } = await host.close();
  const spans = collector.spans().filter(({ traceId }) => traceId === trace);
  const [root] = spans.filter(({ parentSpanId }) => parentSpanId === parent);
  expect(root).toMatchObject({ name: 'tools/call list-zones', kind: 2, traceState: 'vendor=1' });
  expect(root!.attributes).toEqual({
    'mcp.method.name': 'tools/call',
    'gen_ai.operation.name': 'execute_tool',
    'gen_ai.tool.name': 'list-zones',
    'cloudstack.command': 'listZones',
    'cloudstack_mcp.risk': 'read',
    'cloudstack_mcp.outcome': 'ok',
  });
  const steps = treeOf(spans, root!.spanId);
  // Whether the caller may use the profile comes first, then whether it may run the command.
  expect(steps).toEqual([
    'admit',
    'validate',
    'permit',
    'resolve',
    'confine',
    'approve',
    'request',
    ['cloudstack', expect.arrayContaining(['GET listZones'])],
    'present',
    'audit',
  ]);
  const request = spans.find(({ name }) => name === 'GET listZones')!;
  expect(request.kind).toBe(3);
  const { hostname, port } = new URL(cloud.url);
  expect(request.attributes).toEqual({
    'http.request.method': 'GET',
    'http.response.status_code': 200,
    'server.address': hostname,
    'server.port': Number(port),
    'url.scheme': 'http',
    'url.path': '/client/api',
    'cloudstack.command': 'listZones',
  });
  expect(audit.map((entry) => entry.trace)).toEqual([trace]);
  expect(collector.resource()).toMatchObject({ 'service.name': 'cloudstack-mcp-server' });
});

test('HTTP, new era: the trace in _meta wins over the one in the headers; without either a new one begins', async () => {
  const door = await startDoor({ env });
  const other = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
  await (await post(door, call({ tool: 'list-zones' }, { traceparent }), { ...headers, traceparent: other })).text();
  await (await post(door, call({ tool: 'list-pods' }), { ...headers, traceparent: other })).text();
  await (await post(door, call({ tool: 'list-hosts' }), headers)).text();
  await (await post(door, call({ tool: 'list-users' }, { traceparent: '00-zero-1-01' }), headers)).text();
  const audit = door.audit();
  await door.close();
  const roots = collector.spans().filter(({ kind }) => kind === 2);
  const traceOf = (name: string): string => roots.find((span) => span.name === `tools/call ${name}`)!.traceId;
  expect(traceOf('list-zones')).toBe(trace);
  expect(traceOf('list-pods')).toBe('a'.repeat(32));
  expect(traceOf('list-hosts')).toMatch(/^[0-9a-f]{32}$/);
  expect(new Set(roots.map(({ traceId }) => traceId)).size).toBe(4);
  expect(audit.map((entry) => entry.trace)).toEqual(
    ['list-zones', 'list-pods', 'list-hosts', 'list-users'].map(traceOf),
  );
});

test('an old-era session over HTTP: each call has the trace of its own request', async () => {
  const door = await startDoor({ env });
  const host = await openClient(door);
  await host.client.callTool({ name: 'read', arguments: { tool: 'list-zones' }, _meta: { traceparent } });
  await host.call('read', { tool: 'list-pods' });
  await host.close();
  await door.close();
  const roots = collector.spans().filter(({ kind }) => kind === 2);
  expect(roots.map(({ name, traceId }) => [name, traceId === trace])).toEqual([
    ['tools/call list-zones', true],
    ['tools/call list-pods', false],
  ]);
});

test('CloudStack, or a proxy before it, gets the trace; nobody does where nothing is traced', async () => {
  const got: (string | undefined)[] = [];
  const fake = await startFake((_command, response, request) => {
    got.push(request.headers['traceparent'] as string | undefined);
    response.end(JSON.stringify({ listzonesresponse: {} }));
  });
  const own = { ...fake.env, CLOUDSTACK_MCP_DISCOVER: 'false', CLOUDSTACK_MCP_CACHE: 'false' };
  for (const endpoint of [collector.url, '']) {
    const host = await openHost({ env: { ...own, OTEL_EXPORTER_OTLP_ENDPOINT: endpoint } });
    const read = { name: 'read', arguments: { tool: 'list-zones' }, _meta: { traceparent } };
    await host.client.callTool(read);
    await host.close();
  }
  const request = collector.spans().find(({ name }) => name === 'GET listZones')!;
  expect(got).toEqual([`00-${trace}-${request.spanId}-01`, undefined]);
  await fake.close();
});

test.each([{ OTEL_SDK_DISABLED: 'true' }, { OTEL_TRACES_EXPORTER: 'none' }, { OTEL_EXPORTER_OTLP_ENDPOINT: '' }])(
  'nothing is sent with %o',
  async (more) => {
    const host = await openHost({ env: { ...env, ...more } });
    await host.call('read', { tool: 'list-zones' });
    const { audit } = await host.close();
    expect(collector.bodies).toEqual([]);
    expect(audit[0]).not.toHaveProperty('trace');
  },
);

test("OpenTelemetry's variables are honoured: headers, service, resource, sampler", async () => {
  vi.stubEnv('OTEL_SERVICE_NAME', 'my-mcp');
  vi.stubEnv('OTEL_RESOURCE_ATTRIBUTES', 'deployment.environment=test');
  const url = `${collector.url}/v1/traces`;
  const own = { OTEL_EXPORTER_OTLP_ENDPOINT: '', OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: url };
  const host = await openHost({ env: { ...env, ...own, OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20abc' } });
  await host.call('read', { tool: 'list-zones' });
  await host.close();
  expect(collector.resource()).toMatchObject({ 'service.name': 'my-mcp', 'deployment.environment': 'test' });
  expect(collector.headers[0]).toMatchObject({ authorization: 'Bearer abc' });
  const before = collector.spans().length;
  vi.stubEnv('OTEL_TRACES_SAMPLER', 'parentbased_traceidratio');
  vi.stubEnv('OTEL_TRACES_SAMPLER_ARG', '0');
  const sampled = await openHost({ env });
  await sampled.call('read', { tool: 'list-zones' });
  expect(collector.spans()).toHaveLength(before);
  // Whoever asked has decided otherwise.
  await sampled.client.callTool({ name: 'read', arguments: { tool: 'list-pods' }, _meta: { traceparent } });
  await sampled.close();
  expect(
    new Set(
      collector
        .spans()
        .slice(before)
        .map(({ traceId }) => traceId),
    ),
  ).toEqual(new Set([trace]));
});

test('how a call failed is told, what it was about is not', async () => {
  const human = () => ({ action: 'decline' as const });
  const host = await openHost({ env, human });
  await host.call('read', { tool: 'list-zones', arguments: { name: 'geheim', nothing: 'geheim' } });
  await host.call('read', { tool: 'geheim-command' });
  await host.call('read', { tool: 'list-virtual-machines', arguments: { keyword: 'geheim' } });
  await host.call('change', { tool: 'create-ssh-key-pair', arguments: { name: 'geheim' } });
  await host.call('destroy', { tool: 'delete-user', arguments: { id: 'geheim' } });
  await host.call('destroy', { tool: 'stop-virtual-machine', arguments: { id: 'web-1' } });
  await host.close();
  const outcomes = collector
    .spans()
    .filter(({ kind }) => kind === 2)
    .map(({ name, attributes, status }) => [name, attributes['error.type'], status.code]);
  expect(outcomes).toEqual([
    ['tools/call list-zones', 'invalid', 2],
    ['tools/call', 'invalid', 2],
    ['tools/call list-virtual-machines', undefined, 0],
    ['tools/call create-ssh-key-pair', undefined, 0],
    ['tools/call delete-user', 'not-found', 2],
    ['tools/call stop-virtual-machine', undefined, 0],
    ['tools/call stop-virtual-machine', 'unconfirmed', 2],
  ]);
  const text = collector.bodies.join('\n');
  expect(text).not.toMatch(/geheim|web-1/);
  expect(text).not.toContain(cloud.env['CLOUDSTACK_API_KEY']);
  expect(text).not.toMatch(/signature|apiKey/i);
  expect(collector.spans().flatMap(({ events }) => events)).toEqual([]);
});

test('a collector that does not take them is said once, and stops nothing', async () => {
  const deaf = await startCollector(400);
  const host = await openHost({ env: { ...env, OTEL_EXPORTER_OTLP_ENDPOINT: deaf.url } });
  for (let turn = 0; turn < 3; turn++)
    expect((await host.call('read', { tool: 'list-zones' })).isError).toBeUndefined();
  await host.close();
  expect(host.stderr().match(/Traces do not arrive/g)).toHaveLength(1);
  deaf.close();
});

test.each(['nonsense', 'collector:4318', 'user:hunter2@collector'])(
  '%s is no collector: it is said, and calls go on',
  async (url) => {
    const door = await startDoor({ env: { ...cloud.env, OTEL_EXPORTER_OTLP_ENDPOINT: url } });
    const host = await openClient(door);
    expect((await host.call('read', { tool: 'list-zones' })).isError).toBeFalsy();
    await host.close();
    await door.close();
    expect(door.out.stderr).toContain('No traces: OTEL_EXPORTER_OTLP_ENDPOINT is not an http(s) URL.');
    expect(door.out.stderr).not.toContain('hunter2');
  },
);
