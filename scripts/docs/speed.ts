import { existsSync, readFileSync } from 'node:fs';
import { toTable } from './markdown.ts';
import type { Row } from '../bench/rows.ts';

const figuresFile = 'docs/figures/bench.json';

/** What a run of the bench measured. */
interface Figures {
  machine: { cores: number; node: string };
  rows: Row[];
}

const round = (value: number): string => (value >= 1000 ? String(Math.round(value)) : value.toPrecision(3));

const measuredOf = ({ value, reference = 0, bound }: Row): number =>
  ({ ratio: value / reference, difference: value - reference, value })[bound!.of];

const show = ({ unit, bound }: Row, value: number): string =>
  bound!.of === 'ratio' ? `×${round(value)}` : `${bound!.of === 'difference' ? '+' : ''}${round(value)} ${unit}`;

/** The figures of the bench that have a goal, each beside it. */
export const speedTable = (): string => {
  if (!existsSync(figuresFile)) return 'No figures yet: `npm run bench -- --quick --write` measures them.';
  const { machine, rows } = JSON.parse(readFileSync(figuresFile, 'utf8')) as Figures;
  const judged = rows.filter(({ bound }) => bound?.goal !== undefined);
  const table = judged.map((row) => {
    const { goal = 0, maximum = Infinity } = row.bound!;
    const measured = measuredOf(row);
    return [row.what, show(row, measured), show(row, goal), measured <= goal ? 'yes' : 'no', show(row, maximum)];
  });
  return [
    toTable(['figure', 'measured', 'goal', 'reached', 'bound'], table),
    `Node ${machine.node.replace(/^v/, '')}, ${machine.cores} cores, which other programs used, too.`,
  ].join('\n\n');
};

interface Tried {
  figure: string;
  tried: string;
  gave: string;
  stays: boolean;
}

/** What was tried to make it faster, and what that gave. */
export const triedTable = (): string => {
  const tried = JSON.parse(readFileSync('scripts/bench/tried.json', 'utf8')) as Tried[];
  return toTable(
    ['figure', 'tried', 'gave', 'stays'],
    tried.map(({ figure, tried: what, gave, stays }) => [figure, what, gave, stays ? 'yes' : 'no']),
  );
};

interface Share {
  step: string;
  percent: number;
}

/** Where the processor time of one call goes. */
export const profileTable = (): string => {
  const shares = JSON.parse(readFileSync('scripts/bench/profile.json', 'utf8')) as Share[];
  return toTable(
    ['step', 'share'],
    shares.map(({ step, percent }) => [step, `${percent} %`]),
  );
};
