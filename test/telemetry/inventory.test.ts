import { expect, test } from 'vitest';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { loadData } from '../../src/data.ts';
import { uuid, openApp, type Answers } from '../guard/counting.ts';

interface Counted {
  kind: string;
  command: string;
  params: Record<string, unknown>;
  by?: string;
  states?: string[];
}

const inventory = loadData<Counted[]>('inventory.json');

test('what is counted is listed by plain reads that take these parameters', () => {
  for (const { kind, command, params, by, states } of inventory) {
    const tool = loadCatalog().find(command);
    expect(tool?.risk.risk, kind).toBe('read');
    expect(tool!.command.result, kind).toBe('list');
    const known = tool!.command.params.map(({ name }) => name);
    for (const name of [...Object.keys(params), ...(by ? [by] : []), 'page', 'pagesize'])
      expect(known, command).toContain(name);
    expect(by === undefined, kind).toBe(states === undefined);
  }
  expect(new Set(inventory.map(({ kind }) => kind)).size).toBe(inventory.length);
});

const counting =
  (refused: readonly string[]): Answers =>
  (command, params) => {
    if (refused.includes(command)) return { errorcode: 432, errortext: 'The account may not' };
    const key = [loadCatalog().find(command)!.command.key ?? 'item'].flat()[0]!;
    return params['state'] === 'Error' ? {} : { count: 312, [key]: [{ id: uuid(1) }] };
  };

test('figures come from small pages; kinds that the account may not list are left out', async () => {
  const { app, sent, close } = await openApp({}, { answers: counting(['listHosts', 'listAlerts']) });
  const counts = await app.count('default');
  expect(counts).toContainEqual({ kind: 'volume', state: undefined, count: 312 });
  expect(counts).toContainEqual({ kind: 'virtual-machine', state: 'Running', count: 312 });
  // A list without rows has no count either.
  expect(counts).toContainEqual({ kind: 'virtual-machine', state: 'Error', count: 0 });
  expect(counts.map(({ kind }) => kind)).not.toContain('host');
  // Beside them, the account is asked for once: its role says how all is asked for.
  const [account, ...pages] = sent.toSorted((a, b) => Number('page' in a.params) - Number('page' in b.params));
  expect(account?.command).toBe('listAccounts');
  for (const { params } of pages) expect(params).toMatchObject({ page: '1', pagesize: '1' });
  expect(new Set(sent.map(({ params }) => JSON.stringify(params))).size).toBe(sent.length);
  await close();
});

test('a cloud that answers nothing is an error', async () => {
  const refused = inventory.map(({ command }) => command);
  const { app, close } = await openApp({}, { answers: counting(refused) });
  await expect(app.count('default')).rejects.toMatchObject({ kind: 'permission' });
  await expect(app.count('nowhere')).rejects.toMatchObject({ kind: 'configuration' });
  await close();
});
