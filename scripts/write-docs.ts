/**
 * npm run docs: writes the text between `<!-- generated: NAME -->` and `<!-- /generated -->` in the documents: their lists,
 * tables and counts. With --check (npm run docs:check) it writes nothing, and a stale block is an error.
 */
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { writeHelp, exitTable } from './docs/command-line.ts';
import { chartValues, loadTable, sizing } from './docs/deployment.ts';
import { missingSections } from './docs/behaviour.ts';
import { searchTable } from './docs/search-quality.ts';
import { anchorOf } from './docs/markdown.ts';
import { writePages } from './docs/pages.ts';
import { dependencyTable, needs } from './docs/package.ts';
import { cachedTable, invalidatedTable } from './docs/cache.ts';
import { ownCodeTable } from './docs/own-code.ts';
import { profileTable, speedTable, triedTable } from './docs/speed.ts';
import { notSimulatedList, promiseTable } from './docs/simulator.ts';
import { alertsTable, healthTable, metricsTable } from './docs/metrics.ts';
import { hostTable } from './docs/hosts.ts';
import { installLinks, writeManifests } from './docs/manifests.ts';
import { effectsTable, riskReview } from './docs/risk-review.ts';
import { settingsTable, variables } from './docs/settings.ts';
import { promptTable, writeSkills } from './docs/skills.ts';
import { dataTable, numbers, policyTable, riskCounts, riskTables, toolTables } from './docs/catalog.ts';

const blocks: Readonly<Record<string, () => string | Promise<string>>> = {
  numbers,
  needs,
  tools: toolTables,
  search: searchTable,
  prompts: promptTable,
  'risk-counts': riskCounts,
  policies: policyTable,
  risks: riskTables,
  effects: effectsTable,
  'risk-review': riskReview,
  settings: settingsTable,
  metrics: metricsTable,
  alerts: alertsTable,
  health: healthTable,
  help: writeHelp,
  exit: exitTable,
  hosts: hostTable,
  'install-links': installLinks,
  dependencies: dependencyTable,
  'own-code': ownCodeTable,
  data: dataTable,
  cached: cachedTable,
  invalidated: invalidatedTable,
  promises: promiseTable,
  'not-simulated': notSimulatedList,
  'chart-values': chartValues,
  load: loadTable,
  sizing,
  speed: speedTable,
  profile: profileTable,
  tried: triedTable,
};

const check = process.argv.includes('--check');
const problems: string[] = [];
const used = new Set<string>();
const marked = /<!-- generated: ([a-z-]+) -->\n[\s\S]*?<!-- \/generated -->/g;

const markdownIn = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.md'))
    .sort()
    .map((name) => join(folder, name));

const fill = async (path: string, text: string): Promise<string> => {
  const parts: string[] = [];
  let at = 0;
  for (const match of text.matchAll(marked)) {
    const name = match[1]!;
    const write = blocks[name];
    if (write) {
      used.add(name);
      const start = match.index;
      parts.push(
        text.slice(at, start),
        `<!-- generated: ${name} -->\n\n${(await write()).trim()}\n\n<!-- /generated -->`,
      );
      at = start + match[0].length;
    } else problems.push(`${path}: nothing writes a block "${name}"`);
  }
  const filled = [...parts, text.slice(at)].join('');
  const open = filled.split('<!-- generated: ').length;
  if (open !== filled.split('<!-- /generated -->').length) problems.push(`${path}: a generated block is not closed`);
  return filled;
};

const anchorsIn = (text: string): Set<string> =>
  new Set([...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading)));

/** What is written by hand but can be looked up: links to files and headings, paths, names of variables. */
const checkFacts = (path: string, text: string): void => {
  for (const [, target = '', anchor] of text.matchAll(/\]\(([^)#\s]*)(?:#([^)\s]+))?[^)]*\)/g)) {
    if (/^[a-z]+:/.test(target)) continue;
    const file = target ? join(dirname(path), target) : path;
    if (!existsSync(file)) problems.push(`${path}: the link to ${target} leads nowhere`);
    else if (anchor && !anchorsIn(file === path ? text : readFileSync(file, 'utf8')).has(anchor))
      problems.push(`${path}: ${target} has no heading #${anchor}`);
  }
  for (const [, named = ''] of text.matchAll(/`((?:src|data|test|scripts|deploy|docs)\/[\w./-]*)`/g))
    if (!existsSync(named)) problems.push(`${path}: there is no ${named}`);
  for (const [name] of text.matchAll(/\bCLOUDSTACK_[A-Z_]*[A-Z]\b/g))
    if (!variables.has(name)) problems.push(`${path}: src/config reads no variable ${name}`);
};

// Others link to them.
problems.push(...writePages(check));
for (const path of ['.', 'docs', 'docs/hosts', 'docs/identity', 'data'].flatMap(markdownIn)) {
  const text = readFileSync(path, 'utf8');
  const filled = await fill(path, text);
  checkFacts(path, filled);
  if (filled === text) continue;
  if (check) problems.push(`${path} is stale: npm run docs writes it anew`);
  else writeFileSync(path, filled);
}
problems.push(...missingSections(), ...(await writeSkills(check)), ...writeManifests(check));
for (const name of Object.keys(blocks)) if (!used.has(name)) problems.push(`no document holds the block "${name}"`);

for (const problem of problems) process.stderr.write(`${problem}\n`);
if (problems.length) process.exitCode = 1;
