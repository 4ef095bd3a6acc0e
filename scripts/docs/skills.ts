import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { loadConfig } from '../../src/config/config.ts';
import { loadData } from '../../src/data.ts';
import type { Guide } from '../../src/mcp/guides.ts';
import { skillFiles } from '../../src/mcp/skills.ts';
import { code, toTable } from './markdown.ts';

/** The prompts of data/prompts.json with their arguments. */
export const promptTable = (): string =>
  toTable(
    ['prompt', 'arguments', 'what it is for'],
    loadData<Guide[]>('prompts.json').map((guide) => [
      code(guide.name),
      guide.arguments.map(({ name, required }) => code(required ? name : `${name}?`)).join(', '),
      guide.description,
    ]),
  );

const folder = 'skills';

const present = (): Record<string, string> =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => {
        const path = join(parentPath, name);
        return [path.slice(folder.length + 1), readFileSync(path, 'utf8')];
      }),
  );

/** Writes the folder of skills, which is a part of the plugin; with `check` it only names what is stale. */
export const writeSkills = async (check: boolean): Promise<string[]> => {
  const config = await loadConfig({ simulator: true }, {});
  const wanted = skillFiles({ config });
  mkdirSync(folder, { recursive: true });
  const there = present();
  const stale = Object.keys({ ...wanted, ...there }).filter((path) => wanted[path] !== there[path]);
  if (check) return stale.map((path) => `${folder}/${path} is stale: npm run docs writes it anew`);
  for (const path of stale) {
    const file = join(folder, path);
    if (wanted[path] === undefined) rmSync(dirname(file), { recursive: true });
    else {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, wanted[path]);
    }
  }
  return [];
};
