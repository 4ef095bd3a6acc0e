import { isGrave, looksOnly, raisesOf, type ParameterRisks } from '../../src/catalog/parameter-risks.ts';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { whenText } from '../../src/catalog/raise-text.ts';
import type { Raise } from '../../src/catalog/risk.ts';
import { loadToolsets, type Tool } from '../../src/catalog/tool.ts';
import { loadData } from '../../src/data.ts';
import { code, toTable } from './markdown.ts';

/** The whole of data/risk-review.json: what a second reader says of the commands. */
export interface RiskReview {
  /** Why a call may run without a confirmation, by a short name. */
  reasons: Readonly<Record<string, string>>;
  /** By command: the worst that its arguments can do, and the name of the reason for which its other calls run unasked. */
  commands: Readonly<Record<string, { worst: string; unasked?: string }>>;
}

/** The kinds of harm that arguments do, and how many rules there are about each. */
export const effectsTable = (): string => {
  const { effects, rules } = loadData<ParameterRisks>('parameter-risks.json');
  return toTable(
    ['effect', 'what it means', 'rules'],
    Object.entries(effects).map(([name, meaning]) => [
      code(name),
      meaning,
      String(rules.filter(({ effect }) => effect === name).length),
    ]),
  );
};

const graveRaises = ({ command, risk }: Tool): Raise[] => raisesOf(command, risk).filter(isGrave);

/** Whether the preset `operator` asks about every call of a command: for its own risk, or for an argument that it requires. */
export const isAlwaysAsked = (tool: Tool): boolean => {
  if (isGrave(tool.risk)) return true;
  const required = new Set(tool.command.params.filter((one) => one.required).map(({ name }) => name));
  return graveRaises(tool).some(({ when }) =>
    Object.entries(when).every(([name, condition]) => required.has(name) && Object.keys(condition).length === 0),
  );
};

/** A raise as a reader of the table needs it: which argument, with what beside it. */
const shortText = (raise: Raise): string => {
  const { parameter, when, effect } = raise;
  const { keys } = when[parameter] ?? {};
  const others = Object.keys(when).filter((name) => name !== parameter);
  // What else must hold of an open port is told once, above the table.
  if (effect === 'opens-to-world') return parameter;
  const text = keys ? `${parameter} (some keys)` : whenText({ ...raise, when: { [parameter]: when[parameter] ?? {} } });
  return others.length ? `${text} with ${others.join(', ')}` : text;
};

/** Arguments that are asked about, by the harm they do. */
const caughtArguments = (tool: Tool): string[] => {
  const byEffect = new Map<string, Set<string>>();
  for (const raise of graveRaises(tool)) {
    const texts = byEffect.get(raise.effect) ?? new Set();
    byEffect.set(raise.effect, texts.add(shortText(raise)));
  }
  return [...byEffect].map(([effect, texts]) => `${effect}: ${[...texts].join(', ')}`);
};

const caughtBy = (tool: Tool, { reasons, commands }: RiskReview): string => {
  if (isGrave(tool.risk)) return 'its own risk: always asked';
  const { unasked } = commands[tool.command.name] ?? {};
  const looks = looksOnly(tool.command, tool.risk);
  const why = looks ? reasons['masked'] : unasked && reasons[unasked];
  const caught = looks ? [] : caughtArguments(tool);
  const otherwise = caught.length ? 'else it runs unasked' : 'runs unasked';
  return [...caught, ...(isAlwaysAsked(tool) ? [] : [`${otherwise}: ${why}`])].join('; ');
};

const row = (tool: Tool, review: RiskReview): string[] => [
  code(tool.command.name),
  `${tool.risk.risk}/${tool.risk.severity}`,
  review.commands[tool.command.name]?.worst ?? tool.risk.warning,
  caughtBy(tool, review),
];

/** For each command the worst that its arguments can do, and what catches it; reads are named only. */
export const riskReview = (): string => {
  const review = loadData<RiskReview>('risk-review.json');
  const { find } = loadCatalog();
  return loadToolsets()
    .map(({ title, commands }) => {
      const tools = commands.flatMap((name) => find(name) ?? []);
      const rows = tools.filter(({ risk }) => risk.risk !== 'read').map((tool) => row(tool, review));
      const reads = tools.filter(({ risk }) => risk.risk === 'read').map(({ command }) => code(command.name));
      return [
        `### ${title}`,
        ...(rows.length ? [toTable(['command', 'risk', 'the worst its arguments can do', 'caught by'], rows)] : []),
        ...(reads.length ? [`Only shown, never asked: ${reads.join(', ')}.`] : []),
      ].join('\n\n');
    })
    .join('\n\n');
};
