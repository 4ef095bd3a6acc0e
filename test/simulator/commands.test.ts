import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { loadData } from '../../src/data.ts';
import { behaviours } from '../../src/simulator/commands/index.ts';

const folder = new URL('../../src/simulator/commands/', import.meta.url);
const toolsets = loadData<{ name: string; commands: string[] }[]>('toolsets.json');
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && file !== 'index.ts' && file !== 'views.ts')
  .sort();

test.each(files)('%s holds commands of its toolset only, and all of them are in use', async (file) => {
  const name = file.replace(/(\/.*)?(\.ts)?$/, '');
  const toolset = toolsets.find((each) => each.name === name);
  expect(toolset, `${name} is a toolset`).toBeDefined();
  const tables = Object.values((await import(new URL(file, folder).href)) as Record<string, Record<string, unknown>>);
  expect(tables).toHaveLength(1);
  for (const [command, behaviour] of Object.entries(tables[0] ?? {})) {
    expect(toolset?.commands, command).toContain(command);
    expect(behaviours[command], command).toBe(behaviour);
  }
});
