import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { loadQuestions } from '../search-quality/measure.ts';
import { median } from './process.ts';
import { readBudget, type Row } from './rows.ts';

/** What one call gives the model: the text, and the same as data. A host shows a model one of them. */
interface Size {
  what: string;
  text: number;
  data: number;
}

interface Result {
  isError?: boolean;
  content: { text: string }[];
  structuredContent?: Record<string, unknown>;
}

const tokens = (text: string): number => encode(text).length;

/** A host whose user agrees to everything. */
const openHost = async (env: Record<string, string>) => {
  const state = mkdtempSync(join(tmpdir(), 'cloudstack-tokens-'));
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: ['dist/main.js', 'serve'],
    env: { ...env, CLOUDSTACK_MCP_STATE: state, CLOUDSTACK_MCP_POLL_INTERVAL: '20' },
  });
  const client = new Client({ name: 'tokens', version: '0' }, { capabilities: { elicitation: { form: {} } } });
  client.setRequestHandler('elicitation/create', ({ params }) => {
    const asked = params as unknown as { message: string; requestedSchema: { properties: object } };
    const phrase = /"([^"]*)"/.exec(asked.message)?.[1] ?? '';
    return { action: 'accept', content: 'phrase' in asked.requestedSchema.properties ? { phrase } : { confirm: true } };
  });
  await client.connect(transport);
  const sizes: Size[] = [];
  /** Calls a tool and keeps what its answer costs. Throws where it failed: an error is no answer. */
  const call = async (name: string, args: Record<string, unknown>): Promise<Record<string, unknown>> => {
    const result = (await client.callTool({ name, arguments: args })) as Result;
    const text = result.content.map((part) => part.text).join('\n');
    if (result.isError) throw new Error(`${name} ${JSON.stringify(args)}: ${text}`);
    const { structuredContent = {} } = result;
    const what = typeof args['tool'] === 'string' ? args['tool'] : name;
    sizes.push({ what, text: tokens(text), data: tokens(JSON.stringify(structuredContent)) });
    return structuredContent;
  };
  return {
    call,
    tools: async () => (await client.listTools()).tools,
    /** The sizes since this was last asked. */
    take: () => sizes.splice(0),
    close: async () => {
      await client.close();
      rmSync(state, { recursive: true, force: true });
    },
  };
};

type Host = Awaited<ReturnType<typeof openHost>>;

const idOf = (answer: Record<string, unknown>): string => String((answer['item'] as { id?: string } | undefined)?.id);

/** The changes that operators and tenants make most, over the seed world; each is a call that succeeds. */
const makeChanges = async ({ call }: Host): Promise<void> => {
  const run = (door: 'change' | 'destroy', tool: string, args: Record<string, unknown>) =>
    call(door, { tool, arguments: args });
  const change = (tool: string, args: Record<string, unknown>) => run('change', tool, args);
  const destroy = (tool: string, args: Record<string, unknown>) => run('destroy', tool, args);
  const zoneid = 'Frankfurt';
  const machine = { zoneid, serviceofferingid: 'Small Instance', templateid: 'Ubuntu 24.04 LTS' };
  const network = idOf(
    await change('create-network', {
      zoneid,
      name: 'app-net',
      networkofferingid: 'DefaultIsolatedNetworkOfferingWithSourceNatService',
    }),
  );
  const id = idOf(await change('deploy-virtual-machine', { ...machine, name: 'app-1', networkids: [network] }));
  await change('update-virtual-machine', { id, displayname: 'application' });
  await destroy('stop-virtual-machine', { id });
  await change('change-service-for-virtual-machine', { id, serviceofferingid: 'Medium Instance' });
  await change('start-virtual-machine', { id });
  await destroy('reboot-virtual-machine', { id });
  await change('create-tags', { resourceids: [id], resourcetype: 'UserVm', tags: { environment: 'test' } });
  await destroy('delete-tags', { resourceids: [id], resourcetype: 'UserVm', tags: { environment: 'test' } });
  const volume = idOf(await change('create-volume', { zoneid, name: 'app-data', diskofferingid: 'Custom', size: 5 }));
  await change('attach-volume', { id: volume, virtualmachineid: id });
  await change('resize-volume', { id: volume, size: 10 });
  const snapshot = idOf(await change('create-snapshot', { volumeid: volume }));
  await destroy('delete-snapshot', { id: snapshot });
  await change('create-snapshot-policy', {
    volumeid: volume,
    intervaltype: 'daily',
    maxsnaps: 2,
    schedule: '30:03',
    timezone: 'Europe/Berlin',
  });
  await destroy('detach-volume', { id: volume });
  await destroy('delete-volume', { id: volume });
  const address = idOf(await change('associate-ip-address', { networkid: network }));
  const rule = idOf(
    await change('create-firewall-rule', { ipaddressid: address, protocol: 'tcp', startport: 443, endport: 443 }),
  );
  await destroy('delete-firewall-rule', { id: rule });
  const forwarding = idOf(
    await change('create-port-forwarding-rule', {
      ipaddressid: address,
      protocol: 'tcp',
      publicport: 22,
      privateport: 22,
      virtualmachineid: id,
    }),
  );
  await destroy('delete-port-forwarding-rule', { id: forwarding });
  const balancer = idOf(
    await change('create-load-balancer-rule', {
      publicipid: address,
      name: 'app',
      algorithm: 'roundrobin',
      publicport: 80,
      privateport: 80,
    }),
  );
  await change('assign-to-load-balancer-rule', { id: balancer, virtualmachineids: [id] });
  await destroy('remove-from-load-balancer-rule', { id: balancer, virtualmachineids: [id] });
  await destroy('delete-load-balancer-rule', { id: balancer });
  await destroy('restart-network', { id: network });
  await change('update-network', { id: network, displaytext: 'Application' });
  const other = idOf(await change('associate-ip-address', { networkid: network }));
  await change('enable-static-nat', { ipaddressid: other, virtualmachineid: id });
  await destroy('disable-static-nat', { ipaddressid: other });
  await destroy('disassociate-ip-address', { id: other });
  await change('create-affinity-group', { name: 'apart', type: 'host anti-affinity' });
  await change('create-project', { name: 'apps', displaytext: 'Applications' });
  await change('create-account', {
    account: 'dora',
    username: 'dora',
    password: 'a-long-passphrase',
    firstname: 'Dora',
    lastname: 'Example',
    email: 'dora@example.com',
    accounttype: 0,
  });
  await change('update-resource-limit', { account: 'dora', domainid: 'ROOT', resourcetype: 'volume', max: 40 });
  await change('update-configuration', { name: 'expunge.delay', value: '3600' });
  await change('create-service-offering', {
    name: 'tiny',
    displaytext: 'Tiny',
    cpunumber: 1,
    cpuspeed: 500,
    memory: 512,
  });
  await change('create-disk-offering', { name: 'ten', displaytext: '10 GB', disksize: 10 });
  await destroy('destroy-virtual-machine', { id });
};

/** The lists that are asked for most. */
const lists = (
  'virtual-machines volumes networks public-ip-addresses hosts zones templates isos service-offerings disk-offerings accounts users ' +
  'domains projects events alerts capacity firewall-rules port-forwarding-rules load-balancer-rules snapshots vm-snapshots routers ' +
  'system-vms storage-pools image-stores clusters pods network-offerings vpcs network-acl-lists security-groups affinity-groups ' +
  'resource-limits async-jobs tags ssh-key-pairs roles physical-networks snapshot-policies'
).split(' ');

const readLists = async ({ call }: Host): Promise<void> => {
  const volume = ((await call('read', { tool: 'list-volumes' }))['items'] as { id: string }[])[0]!.id;
  for (const name of lists.slice(0, 1).concat(lists.slice(2)))
    await call('read', {
      tool: `list-${name}`,
      ...(name === 'snapshot-policies' ? { arguments: { volumeid: volume } } : {}),
      ...(name === 'templates' || name === 'isos' ? { arguments: { [`${name.slice(0, -1)}filter`]: 'all' } } : {}),
    });
};

const largest = (sizes: readonly Size[], of: 'text' | 'data'): Size =>
  sizes.reduce((max, size) => (size[of] > max[of] ? size : max));

/** The rows of some answers. Bounds are for the text; with `data` also for the same as data. */
const rowsOf = (
  what: string,
  sizes: readonly Size[],
  bounds: { median?: number; largest?: number; data?: true } = {},
): Row[] =>
  (['text', 'data'] as const).flatMap((of): Row[] => {
    const max = largest(sizes, of);
    const row = (name: string, value: number, maximum: number | undefined): Row => ({
      what: `${what}, ${of}: ${name}`,
      value,
      unit: 'tokens',
      ...(maximum === undefined || (of === 'data' && !bounds.data) ? {} : { bound: { of: 'value', maximum } }),
    });
    return [
      row('median', median(sizes.map((size) => size[of])), bounds.median),
      row(`largest (${max.what})`, max[of], bounds.largest),
    ];
  });

/** What answers cost a model, in tokens (o200k), over the seed world of a simulator. */
export const measureAnswers = async (env: Record<string, string>): Promise<Row[]> => {
  const host = await openHost(env);
  // Of every command that there is, whatever this cloud offers.
  const catalog = await openHost({ ...env, CLOUDSTACK_MCP_DISCOVER: 'false' });
  try {
    await readLists(host);
    const ofLists = host.take();
    await makeChanges(host);
    const ofChanges = host.take();
    await host.call('describe-tools', { tools: ['deploy-virtual-machine'] });
    const ofDeploy = host.take();
    for (const { name } of loadCatalog().tools) await catalog.call('describe-tools', { tools: [name] });
    const ofDescribe = catalog.take().map((size, at) => ({ ...size, what: loadCatalog().tools[at]!.name }));
    for (const { question } of loadQuestions()) await catalog.call('find-tools', { query: question });
    const ofFind = catalog.take();
    const list = tokens(JSON.stringify(await host.tools()));
    return [
      ...rowsOf(`${ofChanges.length} changes`, ofChanges, { median: 150, largest: 400 }),
      ...rowsOf(`${ofLists.length} lists`, ofLists),
      ...rowsOf('describe deploy', ofDeploy, { largest: 700, data: true }).filter(({ what }) =>
        what.includes('largest'),
      ),
      ...rowsOf(`describe, ${ofDescribe.length} commands`, ofDescribe, { largest: 700, data: true }),
      ...rowsOf(`find, ${ofFind.length} questions`, ofFind, { largest: 250, data: true }),
      { what: 'the default list of tools', value: list, unit: 'tokens', bound: readBudget()['compact list, tokens']! },
    ];
  } finally {
    await host.close();
    await catalog.close();
  }
};
