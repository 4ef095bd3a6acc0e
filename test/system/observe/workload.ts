import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { createHash } from 'node:crypto';
import { request } from 'node:http';

/** A server to keep busy, and how to break the simulator behind it. */
export interface Target {
  /** Such as `http://127.0.0.1:3000`. */
  origin: string;
  setFaults: (rules: readonly object[]) => unknown;
}

/** Who works; the last one asks for more than it may. */
const names = ['operator', 'viewer', 'flood'] as const;
const tokenOf = (name: string): string => `a-token-for-${name}-that-nobody-else-has`;
const hashOf = (name: string): string => createHash('sha256').update(tokenOf(name)).digest('hex');

/** The sections of a configuration file that the workload needs: tokens, roles, and a rule that refuses something. */
export const sections = {
  auth: { tokens: Object.fromEntries(names.map((name) => [name, hashOf(name)])) },
  principals: { operator: { role: 'admin' }, viewer: { role: 'admin' }, flood: { role: 'admin' } },
  policy: { rules: [{ name: 'zones stay', match: { command: 'deleteZone' }, action: 'block' }] },
};

/** Settings under which rare things happen soon. */
export const settings = {
  CLOUDSTACK_MCP_RESOURCE_COUNTS: '1',
  CLOUDSTACK_MCP_RATE_LIMIT: '400',
  CLOUDSTACK_MCP_BREAKER_FAILURES: '3',
  CLOUDSTACK_MCP_BREAKER_PAUSE: '200',
  CLOUDSTACK_MCP_RETRY_DELAY: '20',
  CLOUDSTACK_MCP_POLL_INTERVAL: '20',
};

type Answer = 'accept' | 'decline';

const openHost = async (origin: string, name: string, protocol: 'old' | 'new', human?: Answer) => {
  const client = new Client(
    { name: 'workload', version: '1' },
    {
      capabilities: human ? { elicitation: { form: {} } } : {},
      ...(protocol === 'new' ? { versionNegotiation: { mode: { pin: '2026-07-28' } } } : {}),
    },
  );
  if (human)
    client.setRequestHandler('elicitation/create', ({ params }) => {
      const phrase = /"([^"]*)" to do it/.exec(params.message)?.[1];
      const content: Record<string, string | boolean> = phrase === undefined ? { confirm: true } : { phrase };
      return human === 'accept' ? { action: human, content } : { action: human };
    });
  const headers = { authorization: `Bearer ${tokenOf(name)}` };
  await client.connect(new StreamableHTTPClientTransport(new URL(`${origin}/mcp`), { requestInit: { headers } }));
  return {
    call: (tool: string, args: Record<string, unknown>, door = 'read', more: Record<string, unknown> = {}) =>
      client.callTool({ name: door, arguments: { tool, arguments: args, ...more } }),
    /** Waits for the job that was handed out as pending. */
    waitFor: ({ structuredContent }: { structuredContent?: unknown }) => {
      const { job } = structuredContent as { job: { id: string } };
      return client.callTool({ name: 'wait-for-job', arguments: { job: job.id } });
    },
    find: () => client.callTool({ name: 'find-tools', arguments: { query: 'resize a volume' } }),
    close: () => client.close(),
  };
};

type Host = Awaited<ReturnType<typeof openHost>>;

/** A request as no client would send it; gives its status. */
const knock = (
  origin: string,
  { method = 'POST', path = '/mcp', body = '', ...headers }: Record<string, string>,
): Promise<number> =>
  new Promise((resolve, reject) => {
    const sent = request(`${origin}${path}`, { method, headers }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode ?? 0));
    });
    sent.on('error', reject);
    sent.end(body);
  });

const read = async (host: Host): Promise<void> => {
  await host.find();
  for (let turn = 0; turn < 3; turn++) await host.call('list-zones', {});
  await host.call('list-virtual-machines', {}, 'read', { fresh: true });
  await host.call('no-such-command', {});
  await host.call('list-virtual-machines', { zoneid: 42, nothing: 1 });
  // Nobody has asked for it: the second waits for the first.
  const page = { pagesize: 1 + Math.floor(Math.random() * 400) };
  await Promise.all([1, 2].map(() => host.call('list-events', {}, 'read', page)));
  await Promise.all([1, 2].map(() => host.call('list-volumes', {}, 'read', page)));
};

/** Changes with and without a yes, jobs that end well, badly and not in time. */
const change = async ({ origin, setFaults }: Target, host: Host, round: number): Promise<void> => {
  const name = `observed-${round}`;
  await host.call('list-security-groups', {});
  await host.call('create-security-group', { name }, 'change');
  await host.call('delete-security-group', { name }, 'destroy');
  await host.call('delete-zone', { id: 'zone' }, 'destroy');
  await host.call('list-configurations', { name: 'expunge.interval' }, 'change');
  await host.call('stop-virtual-machine', { id: 'web-1' }, 'destroy');
  await setFaults([{ kind: 'job-fail', command: 'startVirtualMachine', times: 1 }]);
  await host.call('start-virtual-machine', { id: 'web-1' }, 'change');
  await host.waitFor(await host.call('start-virtual-machine', { id: 'web-1' }, 'change', { wait: 0 }));
  await setFaults([]);
  const unwilling = await openHost(origin, 'operator', 'new', 'decline');
  await unwilling.call('stop-virtual-machine', { id: 'db-1' }, 'destroy');
  await unwilling.close();
  const mute = await openHost(origin, 'operator', 'new');
  await mute.call('stop-virtual-machine', { id: 'web-1' }, 'destroy');
  await mute.close();
};

/** A cloud that fails in passing, is slow, and then is gone until its circuit opens. */
const suffer = async ({ setFaults }: Target, host: Host): Promise<void> => {
  await setFaults([{ kind: 'status', status: 503, command: 'listZones', times: 1 }]);
  await host.call('list-zones', {}, 'read', { fresh: true });
  await setFaults([{ kind: 'reset' }]);
  for (let turn = 0; turn < 3; turn++) await host.call('list-zones', {}, 'read', { fresh: true });
  await host.call('create-security-group', { name: 'nobody' }, 'change');
  await setFaults([]);
  for (let turn = 0; turn < 20; turn++) {
    const { isError } = await host.call('list-zones', {}, 'read', { fresh: true });
    if (!isError) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error('the circuit did not close again');
};

/** What the door refuses, and what nobody but probes asks for. */
const disturb = async ({ origin }: Target, isFlooding: boolean): Promise<void> => {
  const json = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  const flood = { ...json, authorization: `Bearer ${tokenOf('flood')}`, body: '{"jsonrpc":"2.0","method":"x"}' };
  for (const path of ['/health', '/health/live', '/health/ready', '/metrics', '/nowhere'])
    await knock(origin, { method: 'GET', path });
  await knock(origin, { ...json, body: '{}' });
  await knock(origin, { ...flood, body: '{' });
  await knock(origin, { ...flood, host: 'evil.example.com' });
  await knock(origin, { ...flood, origin: 'https://evil.example.com' });
  await knock(origin, { ...flood, 'content-type': 'text/plain' });
  for (let turn = 0; isFlooding && turn < 5000; turn++) if ((await knock(origin, flood)) === 429) return;
};

/** One round of everything that the metrics tell of. */
export const work = async (target: Target, round: number): Promise<void> => {
  const operator = await openHost(target.origin, 'operator', 'new', 'accept');
  const viewer = await openHost(target.origin, 'viewer', 'old', 'accept');
  try {
    await Promise.all([read(operator), read(viewer)]);
    await change(target, operator, round);
    // Once: nothing is cached for a while after a cloud was gone, and a flood is over when its minute is.
    if (round === 0) await suffer(target, viewer);
    await disturb(target, round === 0);
  } finally {
    await operator.close();
    await viewer.close();
  }
};
