import { isGrave, looksOnly, raisesOf, type ParameterRisks } from '../../src/catalog/parameter-risks.ts';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { whenText } from '../../src/catalog/raise-text.ts';
import { loadToolsets, type Tool } from '../../src/catalog/tool.ts';
import { loadData } from '../../src/data.ts';
import { code, toTable } from './markdown.ts';

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

const catches = ({ command, risk }: Tool): string => {
  const own = `${risk.risk}/${risk.severity}`;
  if (isGrave(risk)) return `${own}: always asked`;
  const raises = raisesOf(command, risk).filter(isGrave);
  const names = [
    ...new Set(
      raises.map(
        (raise) => `${whenText(raise)} → ${raise.risk === 'destroy' ? 'destroy' : risk.risk}/${raise.severity}`,
      ),
    ),
  ];
  return names.length ? `${own}; ${names.join('; ')}` : own;
};

/** What the second reader wrote; else the command's own warning, and the worst that the rules know of its arguments. */
const worstOf = ({ command, risk }: Tool, review: Readonly<Record<string, string>>): string => {
  const written = review[command.name];
  if (written !== undefined) return written;
  if (looksOnly(command, risk)) return risk.warning || 'Only shows.';
  const sentences = new Set(
    isGrave(risk)
      ? []
      : raisesOf(command, risk)
          .filter(isGrave)
          .map(({ worst }) => worst),
  );
  return [risk.warning, ...[...sentences].slice(0, 3)].join(' ');
};

const row = (tool: Tool, review: Readonly<Record<string, string>>): string[] => [
  code(tool.command.name),
  worstOf(tool, review),
  catches(tool),
];

/** For each command the worst that its arguments can do, and what catches it. */
export const riskReview = (): string => {
  const review = loadData<Record<string, string>>('risk-review.json');
  const { find } = loadCatalog();
  return loadToolsets()
    .map(({ title, commands }) => {
      const rows = commands.flatMap((name) => {
        const tool = find(name);
        return tool ? [row(tool, review)] : [];
      });
      return `### ${title}\n\n${toTable(['command', 'the worst it can do', 'risk, and the arguments that raise it'], rows)}`;
    })
    .join('\n\n');
};
