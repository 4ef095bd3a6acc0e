import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { loadData } from '../../src/data.ts';
import { tables } from '../../src/simulator/commands/index.ts';

const toolsets = loadData<{ name: string; commands: string[] }[]>('toolsets.json');

test('commands of the simulator: each file in use, none beside', () => {
  const folder = new URL('../../src/simulator/commands/', import.meta.url);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && file !== 'index.ts' && !file.endsWith('views.ts'))
    .map((file) => file.slice(0, -'.ts'.length));
  expect(files.sort()).toEqual(Object.keys(tables).sort());
});

test.each(Object.entries(tables))('commands/%s holds commands of its toolset only', (file, table) => {
  const toolset = toolsets.find(({ name }) => name === file.split('/')[0]);
  expect(toolset, 'a toolset of that name').toBeDefined();
  for (const command of Object.keys(table)) expect(toolset?.commands).toContain(command);
});
