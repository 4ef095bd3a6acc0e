import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { isGrave } from '../../src/catalog/parameter-risks.ts';
import { loadToolsets, type Tool } from '../../src/catalog/tool.ts';
import type { Severity } from '../../src/catalog/risk.ts';
import type { CommandsFile } from '../../src/catalog/types.ts';
import { loadData } from '../../src/data.ts';
import { presets } from '../../src/guard/policy.ts';
import { compactTools } from '../../src/mcp/compact.ts';
import { code, toTable } from './markdown.ts';

const risks = ['read', 'sensitive', 'change', 'destroy'] as const;
const severities: readonly Severity[] = ['critical', 'high', 'medium', 'low'];

const byName = (a: Tool, b: Tool): number => (a.name < b.name ? -1 : 1);
const tools = [...loadCatalog().tools].sort(byName);
const yes = (value: boolean): string => (value ? 'yes' : 'no');

/** The size of the catalog, and of the default tool list in tokens. */
export const numbers = (): string => {
  const { releases, commands } = loadData<CommandsFile>('commands.json');
  const parameters = commands.reduce((sum, { params }) => sum + params.length, 0);
  const tokens = encode(JSON.stringify(compactTools)).length;
  return [
    `- ${commands.length} commands with ${parameters} parameters, in ${loadToolsets().length} toolsets`,
    `- CloudStack ${releases[0] ?? ''} to ${releases.at(-1) ?? ''} (${releases.length} releases)`,
    `- ${compactTools.length} tools in the default list, ${tokens} tokens (o200k)`,
  ].join('\n');
};

/** Every command by toolset. */
export const toolTables = (): string => {
  const sections = loadToolsets().map(({ name, title }) => {
    const members = tools.filter(({ toolset }) => toolset === name);
    const rows = members.map((tool) => [code(tool.name), code(tool.command.name), tool.risk.risk, tool.summary]);
    return `## ${name}\n\n${title}. ${members.length} commands.\n\n${toTable(['tool', 'command', 'risk', 'description'], rows)}`;
  });
  const strays = tools.filter(({ toolset }) => toolset === 'other');
  if (strays.length) throw new Error(`in no toolset: ${strays.map(({ command }) => command.name).join(', ')}`);
  const rows = loadToolsets().map(({ name, title, commands }) => [
    `[${name}](#${name})`,
    String(commands.length),
    title,
  ]);
  return [toTable(['toolset', 'commands', 'about'], rows), ...sections].join('\n\n');
};

/** How many commands have which risk and severity. */
export const riskCounts = (): string => {
  const count = (risk: string, severity?: string): string =>
    String(tools.filter((tool) => tool.risk.risk === risk && (!severity || tool.risk.severity === severity)).length);
  return toTable(
    ['risk', 'commands', ...severities],
    risks.map((risk) => [
      risk,
      count(risk),
      ...severities.map((severity) => (risk === 'read' ? '' : count(risk, severity))),
    ]),
  );
};

/** The action of each preset for each risk and severity. */
export const policyTable = (): string =>
  toTable(
    ['preset', 'risk', ...severities],
    Object.entries(presets).flatMap(([name, actions]) =>
      risks.map((risk) => [name, risk, ...severities.map((severity) => actions[risk][severity])]),
    ),
  );

const riskRow = ({ command, name, risk }: Tool, withPhrase: boolean): string[] => [
  code(command.name),
  code(name),
  risk.risk,
  yes(risk.reversible),
  risk.impactScope,
  risk.warning,
  ...(withPhrase ? [risk.phrase ? code(risk.phrase) : ''] : []),
];

/** Commands that destroy, interrupt or give out credentials, most severe first. */
export const riskTables = (): string => {
  const judged = tools.filter((tool) => tool.risk.risk === 'sensitive' || isGrave(tool.risk));
  const sections = severities.map((severity) => {
    const members = judged.filter(({ risk }) => risk.severity === severity);
    const isCritical = severity === 'critical';
    const head = ['command', 'tool', 'risk', 'reversible', 'affects', 'warning', ...(isCritical ? ['phrase'] : [])];
    const table = toTable(
      head,
      members.map((tool) => riskRow(tool, isCritical)),
    );
    return `### ${severity}\n\n${members.length} commands.\n\n${table}`;
  });
  return sections.join('\n\n');
};

const entriesOf = (content: unknown): string => {
  if (Array.isArray(content)) return `${content.length} entries`;
  const values = Object.entries(content as Record<string, unknown>);
  const isNested = values.length <= 4 && values.every(([, value]) => typeof value === 'object');
  if (!isNested) return `${values.length} entries`;
  return values
    .map(([name, value]) => `${name}: ${Array.isArray(value) ? value.length : Object.keys(value as object).length}`)
    .join(', ');
};

/** How many entries each file of data/ holds. */
export const dataTable = (): string =>
  toTable(
    ['file', 'holds'],
    readdirSync('data')
      .filter((name) => name.endsWith('.json'))
      .sort()
      .map((name) => [code(name), entriesOf(JSON.parse(readFileSync(join('data', name), 'utf8')))]),
  );
