import { readFileSync } from 'node:fs';

/** One measured figure, beside its reference where it has one. */
export interface Row {
  what: string;
  value: number;
  reference?: number;
  unit: string;
  /** What value/reference, value-reference or value may be; `goal`: what it is to become. */
  bound?: { of: 'ratio' | 'difference' | 'value'; maximum?: number; least?: number; goal?: number };
}

/** The bounds of budget.json, by what they bound. */
export const readBudget = (): Readonly<Record<string, Row['bound']>> =>
  JSON.parse(readFileSync('scripts/bench/budget.json', 'utf8')) as Record<string, Row['bound']>;

/** Whether a row keeps its bound; undefined where it has none. */
export const judge = ({ value, reference = 0, bound }: Row): boolean | undefined => {
  if (!bound) return undefined;
  const measured = { ratio: value / reference, difference: value - reference, value }[bound.of];
  return measured <= (bound.maximum ?? Infinity) && measured >= (bound.least ?? -Infinity);
};

const sign = { ratio: '×', difference: '+', value: '' };

const limitOf = (row: Row): string => {
  const { bound } = row;
  if (!bound) return '';
  const limit =
    bound.maximum === undefined ? `≥ ${sign[bound.of]}${bound.least}` : `≤ ${sign[bound.of]}${bound.maximum}`;
  const goal = bound.goal === undefined ? '' : `, goal ≤ ${sign[bound.of]}${bound.goal}`;
  return `${limit} ${judge(row) ? 'ok' : 'MISSED'}${goal}`;
};

/** A row as a line of the table. */
export const show = (row: Row): string => {
  const { what, value, reference, unit, bound } = row;
  const digits = ['tokens', 'tools', 'req/s'].includes(unit) ? 0 : 2;
  const relation =
    reference === undefined
      ? ''
      : bound?.of === 'difference'
        ? `+${(value - reference).toFixed(2)}`
        : `×${(value / reference).toFixed(2)}`;
  const cells = [
    what.padEnd(44),
    value.toFixed(digits).padStart(9),
    unit.padEnd(6),
    (reference?.toFixed(digits) ?? '').padStart(8),
    relation.padStart(7),
    limitOf(row),
  ];
  return cells.join('  ').trimEnd();
};
