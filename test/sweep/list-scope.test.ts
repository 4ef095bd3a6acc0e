import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { createFetchTransport } from '../../src/cloudstack/transport.ts';
import { loadData } from '../../src/data.ts';
import { notSimulatedCommands } from '../../src/simulator/engine/not-simulated.ts';
import { createSimulator } from '../support/seeded-worlds.ts';
import { insertKind } from '../../src/simulator/world/insert.ts';
import { kindOf } from '../../src/simulator/world/kinds.ts';
import type { Resource } from '../../src/simulator/world/types.ts';
import { openApp, requestOf } from '../guard/counting.ts';

const simulator = createSimulator({ jobMillis: 0 });
const { world } = simulator;
const { commands } = loadData<{ commands: Record<string, string> }>('list-scopes.json');

const accountOf = (row: Resource): Resource | undefined => world.get(row.owner ?? '');
const nameOf = (row: Resource): string => String(accountOf(row)?.fields['name']);
const projectOf = (row: Resource): string | undefined => accountOf(row)?.hidden['projectid'] as string | undefined;
const accounts = world.all('Account');
const named = (name: string): Resource => accounts.find(({ fields }) => fields['name'] === name)!;
const isMember = (name: string, project: string): boolean =>
  world
    .all('ProjectAccount')
    .some(({ fields }) => fields['projectid'] === project && fields['accountid'] === named(name).id);

const roleOf = (principal: string): string => ({ admin: 'Admin', alice: 'DomainAdmin' })[principal] ?? 'User';

/** Accounts below a domain administrator, in the seed world. */
const below: Record<string, readonly string[]> = { alice: ['alice', 'bob'] };

/** Whether a row is among all that a principal may see; the seed world has a root administrator, a domain administrator and users. */
const sees = (principal: string, row: Resource): boolean => {
  const project = projectOf(row);
  if (principal === 'admin') return true;
  if (project !== undefined) return isMember(principal, project);
  return (below[principal] ?? [principal]).includes(nameOf(row));
};

/** What a list leaves out of its kind, whoever asks, as CloudStack does. */
const shows: Record<string, (row: Resource, principal: string) => boolean> = {
  listGlobalLoadBalancerRules: ({ fields }) => fields['regionid'] === 1,
  listInternalLoadBalancerVMs: ({ fields }) => fields['role'] === 'INTERNAL_LB_VM',
  listVnfAppliances: ({ fields }) => world.get(String(fields['templateid']))?.fields['templatetype'] === 'VNF',
  listVirtualMachines: ({ fields }, principal) => roleOf(principal) !== 'User' || fields['state'] !== 'Destroyed',
  listVirtualMachinesMetrics: ({ fields }, principal) =>
    roleOf(principal) !== 'User' || fields['state'] !== 'Destroyed',
};

/** What a list has to be asked for. */
const args: Record<string, Record<string, unknown>> = { listGlobalLoadBalancerRules: { regionid: 1 } };

/** Kinds of which some belong to everyone. */
const forEveryone = new Set(['NetworkACL']);

const lists = Object.entries(commands)
  .filter(([name, rule]) => rule !== 'accounts' && !notSimulatedCommands.has(name))
  .map(([name]) => loadCatalog().find(name)!);

beforeAll(() => {
  // Each kind is owned by everybody once more.
  for (const { command } of lists)
    for (const account of accounts)
      insertKind(world, kindOf(command), { name: `one of ${String(account.fields['name'])}` }, { owner: account.id });
});

const principals = ['admin', 'alice', 'bob', 'carol'];
const apps = new Map<string, Awaited<ReturnType<typeof openApp>>>();
beforeAll(async () => {
  for (const name of principals)
    apps.set(
      name,
      await openApp(
        {},
        {
          transport: createFetchTransport(simulator.fetch),
          env: {
            CLOUDSTACK_API_KEY:
              name === 'admin' ? simulator.credentials.apiKey : `simulator-${name}-api-key-not-a-real-secret`,
            CLOUDSTACK_SECRET_KEY:
              name === 'admin' ? simulator.credentials.secretKey : `simulator-${name}-secret-key-not-a-real-secret`,
          },
        },
      ),
    );
});
afterAll(async () => {
  for (const { close } of apps.values()) await close();
});

test.each(principals)('every list shows %s all that the world holds for it', async (principal) => {
  const wrong: string[] = [];
  let tried = 0;
  for (const { command, risk } of lists) {
    if (command.roles && !command.roles.includes(roleOf(principal))) continue;
    tried++;
    const { structured } = await apps.get(principal)!.app.call(requestOf(command.name, args[command.name] ?? {}));
    const { count, scope, items } = structured as { count: number; scope: string; items: { id?: string }[] };
    // A domain administrator's projects take a second request, which is sent for plain reads that show all; else the
    // answer says what it leaves out.
    const isPart = roleOf(principal) === 'DomainAdmin' && (risk.risk !== 'read' || items.length < count);
    const rows = world
      .all(kindOf(command))
      .filter((row) => (row.owner === undefined ? forEveryone.has(row.kind) : sees(principal, row)))
      .filter((row) => (shows[command.name]?.(row, principal) ?? true) && !(isPart && projectOf(row) !== undefined));
    const ids = new Set(items.map(({ id }) => id));
    const isWhole = ids.has(undefined) || ids.size === items.length;
    if (count !== rows.length || !isWhole || (isPart && !scope.includes('projects left out')))
      wrong.push(`${command.name} (${kindOf(command)}): ${count} (${scope}), the world holds ${rows.length}`);
  }
  expect(wrong).toEqual([]);
  expect(tried).toBeGreaterThan(0);
  process.stdout.write(`${tried} lists as ${principal}: the default count is what the world holds\n`);
});

interface Counted {
  kind: string;
  command: string;
  by?: string;
  states?: readonly string[];
}

test.each(principals)('what is counted for %s is what the world holds for it, its own once', async (principal) => {
  const counts = await apps.get(principal)!.app.count('default');
  const wrong: string[] = [];
  for (const { kind, command: name, by, states } of loadData<Counted[]>('inventory.json')) {
    const { command } = loadCatalog().find(name)!;
    if (!lists.some((list) => list.command === command)) continue;
    if (command.roles && !command.roles.includes(roleOf(principal))) continue;
    const held = world
      .all(kindOf(command))
      .filter((row) => row.owner !== undefined && sees(principal, row))
      .filter((row) => shows[name]?.(row, principal) ?? true)
      .filter(({ fields }) => by === undefined || states!.includes(String(fields[by]))).length;
    const counted = counts.filter((one) => one.kind === kind).reduce((sum, { count }) => sum + count, 0);
    if (counted !== held) wrong.push(`${kind}: ${counted}, the world holds ${held}`);
  }
  expect(wrong).toEqual([]);
});
