import { expect, test } from 'vitest';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { loadData } from '../../src/data.ts';

const { commands, filters, rules, unowned } = loadData<{
  rules: Record<string, unknown>;
  commands: Record<string, string>;
  filters: Record<string, { parameter: string }>;
  unowned: Record<string, string>;
}>('list-scopes.json');

const withListall = loadCatalog().tools.filter(({ command }) => command.params.some(({ name }) => name === 'listall'));

test.each(withListall.map(({ command }) => [command.name] as const))('whose things %s shows is stated once', (name) => {
  const places = [commands, filters, unowned].filter((part) => Object.hasOwn(part, name));
  expect(places, `${name} stands in one of commands, filters and unowned of data/list-scopes.json`).toHaveLength(1);
});

test('only commands with these parameters stand there', () => {
  const names = new Set(withListall.map(({ command }) => command.name));
  for (const name of [commands, filters, unowned].flatMap((part) => Object.keys(part))) expect(names).toContain(name);
  for (const rule of Object.values(commands)) expect(rules).toHaveProperty(rule);
  for (const [name, { parameter }] of Object.entries(filters))
    expect(
      loadCatalog()
        .find(name)!
        .command.params.map((one) => one.name),
    ).toContain(parameter);
});
