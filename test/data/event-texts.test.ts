import { expect, test } from 'vitest';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { loadData } from '../../src/data.ts';

test('texts of events are of commands that leave events; how many are from the source', () => {
  const { actions } = loadData<{ actions: Record<string, unknown> }>('event-texts.json');
  const types = loadData<Record<string, unknown>>('events.json');
  const leaving = loadCatalog()
    .tools.map(({ command }) => command)
    .filter(({ name, event }) => event !== undefined || name in types);
  const names = new Set(leaving.map(({ name }) => name));
  expect(Object.keys(actions).filter((name) => !names.has(name))).toEqual([]);
  const read = Object.keys(actions).length;
  process.stdout.write(`event texts: ${read} of ${names.size} commands from the source, the others by rule\n`);
  expect(read).toBeGreaterThanOrEqual(48);
});
