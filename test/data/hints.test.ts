import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { loadData } from '../../src/data.ts';
import { renderHint } from '../../src/hints.ts';

// Hints name tools in double brackets, so that each reader gets its own words; what they name exists.

const own = new Set(['find-tools', 'describe-tools', 'wait-for-job', 'whoami']);
const filesIn = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name));
const sources = filesIn('src').map((path) => ({ path, text: readFileSync(path, 'utf8') }));
const data = ['hints.json', 'errors.json'].map((name) => ({ path: name, text: readFileSync(`data/${name}`, 'utf8') }));

test('every tool that a hint names can be called, with parameters that it has', () => {
  for (const { path, text } of [...sources, ...data])
    for (const [, words = ''] of text.matchAll(/\[\[([a-z][a-z-]+(?: [^\]$]*)?)\]\]/g)) {
      const [name = '', ...args] = words.split(' ');
      if (own.has(name)) continue;
      const tool = loadCatalog().find(name);
      expect(tool?.name, `${path}: ${words}`).toBe(name);
      for (const arg of args)
        expect(
          tool!.command.params.map((parameter) => parameter.name),
          `${path}: ${words}`,
        ).toContain(arg.split('=')[0]);
    }
});

test('commands that a hint is for exist, and its pattern is one', () => {
  for (const { match, commands = [] } of loadData<{ match: string; commands?: string[] }[]>('hints.json')) {
    expect(() => new RegExp(match, 'i')).not.toThrow();
    for (const command of commands) expect(loadCatalog().find(command)?.command.name, match).toBe(command);
  }
});

test('outside of the MCP door no text names a tool that only models have', () => {
  for (const { path, text } of [...sources, ...data]) {
    if (path.startsWith('src/mcp/') || path === 'src/cli/demo.ts' || path === 'src/hints.ts') continue;
    const bare = text.replace(/\[\[[^\]]*\]\]/g, '').replace(/^\s*(?:\/?\*|\/\/).*$/gm, '');
    expect(bare, path).not.toMatch(/(?:find-tools|describe-tools)/);
  }
});

test.each([
  ['[[list-zones]] shows', 'list-zones shows', 'cloudstack-mcp-server call list-zones shows'],
  [
    '[[list-zones name=x id=y]]',
    'list-zones {"name":"x","id":"y"}',
    'cloudstack-mcp-server call list-zones name=x id=y',
  ],
  [
    '[[wait-for-job job=1]] looks',
    'wait-for-job {"job":"1"} looks',
    'cloudstack-mcp-server call wait-for-job job=1 looks',
  ],
  ['[[find-tools]]', 'find-tools', 'cloudstack-mcp-server tools find TEXT'],
  [
    '[[describe-tools list-zones]]',
    'describe-tools {"tools":["list-zones"]}',
    'cloudstack-mcp-server tools show list-zones',
  ],
  ['[[--fields]]', 'fields', '--fields'],
  ['no tool', 'no tool', 'no tool'],
])('%s', (hint, model, person) => {
  expect(renderHint(hint, 'model')).toBe(model);
  expect(renderHint(hint, 'person')).toBe(person);
});
