import type { Row } from '../rows.ts';
import { countColumn, type Having, type Query, type Grouping, type SortKey } from './query.ts';
import { compares, compareValues, holds, keyOf, valuesOf } from './evaluate.ts';
import type { Expression } from './expression.ts';
import { readFigure, type Literal } from './literals.ts';

/** What came of all rows of a list. */
export interface Collected {
  /** The rows that fit in their order, or the groups; of more than `max` the first. */
  rows: readonly Row[];
  /** How many rows fit; with groups, how many groups there are. */
  count: number;
  /** How many rows were in the groups, or fit. */
  matched: number;
  /** How many rows were looked at. */
  seen: number;
  /** Where no row fits: the values that the compared fields have instead, a few of each. */
  instead: readonly (readonly [field: string, values: readonly string[]])[];
  /** Where rows fit: words that a field was compared with and that no row has in it. */
  absent: readonly (readonly [field: string, text: string])[];
}

/** Takes rows as they come, a page at a time, and holds no more of them than what is shown. */
export interface Collector {
  add(rows: readonly Row[]): void;
  result(): Collected;
}

const first = (values: readonly unknown[], sign: 1 | -1): string | undefined =>
  values
    .map(String)
    .reduce<string | undefined>(
      (best, one) =>
        best === undefined || sign * (compareValues({ text: one }, { text: best }) ?? 0) < 0 ? one : best,
      undefined,
    );

/** Puts rows in their order; what has no value comes last. */
const sortRows = (
  rows: readonly Row[],
  keys: readonly SortKey[],
  values: (row: Row, field: string) => readonly unknown[],
): Row[] => {
  // Each value is read once, not with each comparison.
  const keyed = rows.map((row) => ({
    row,
    texts: keys.map(({ field, descending }) => first(values(row, field), descending ? -1 : 1)),
  }));
  keyed.sort((a, b) => {
    for (const [at, { descending }] of keys.entries()) {
      const [x, y] = [a.texts[at], b.texts[at]];
      if (x === undefined || y === undefined) {
        if (x !== y) return x === undefined ? 1 : -1;
        continue;
      }
      const order = compareValues({ text: x }, { text: y }) ?? 0;
      if (order !== 0) return descending ? -order : order;
    }
    return 0;
  });
  return keyed.map(({ row }) => row);
};

const equalFields = (expression: Expression): string[] => {
  switch (expression.type) {
    case 'and':
    case 'or':
      return expression.parts.flatMap(equalFields);
    case 'compare':
      return expression.left.type === 'field' && (expression.by === '=' || expression.by === 'in')
        ? [expression.left.name]
        : [];
    default:
      return [];
  }
};

/** The texts with which fields are compared, by field: a misspelt one among others takes rows away without a word. */
const wordsIn = (expression: Expression): readonly (readonly [field: string, word: Literal])[] => {
  switch (expression.type) {
    case 'and':
    case 'or':
      return expression.parts.flatMap(wordsIn);
    case 'not':
      return wordsIn(expression.of);
    case 'compare': {
      const { by, left, right } = expression;
      if (left.type !== 'field' || !['=', '!=', 'in'].includes(by)) return [];
      const items = right.type === 'list' ? right.items : [right];
      return items.flatMap((item) =>
        item.type === 'literal' && !/^(?:true|false|)$/i.test(item.value.text)
          ? [[left.name, item.value] as const]
          : [],
      );
    }
    default:
      return [];
  }
};

const maxInstead = 5;

interface Group {
  values: Record<string, unknown>;
  count: number;
  totals: (number | string | undefined)[];
  /** By total that counts them: the values that differ. */
  seen: Set<string>[];
  /** How many figures each total is of. */
  figures: number[];
}

/** What stands for the rows that have no value of a key. */
export const noValue = '(none)';

const createGroups = ({ keys, totals, having }: Grouping) => {
  const groups = new Map<string, Group>();
  const addTo = (group: Group, row: Row): void => {
    group.count += 1;
    for (const [at, { by, field }] of totals.entries()) {
      const values = valuesOf(row, field);
      if (by === 'distinct') {
        const seen = (group.seen[at] ??= new Set<string>());
        for (const value of values) seen.add(keyOf({ text: String(value) }));
        group.totals[at] = seen.size;
        continue;
      }
      if (by === 'sum' || by === 'avg') {
        for (const value of values) {
          const figure = readFigure(String(value));
          if (figure === undefined) continue;
          group.totals[at] = Number(group.totals[at] ?? 0) + figure;
          group.figures[at] = (group.figures[at] ?? 0) + 1;
        }
        continue;
      }
      const found = first(
        group.totals[at] === undefined ? values : [group.totals[at], ...values],
        by === 'min' ? 1 : -1,
      );
      if (found !== undefined) group.totals[at] = found;
    }
  };
  const toRow = ({ values, count, totals: sums, figures }: Group): Row => ({
    ...values,
    [countColumn]: count,
    ...Object.fromEntries(
      totals.flatMap(({ name, by }, at) => {
        const total = sums[at];
        if (total === undefined) return [];
        const figure = readFigure(String(total)) ?? total;
        return [[name, by === 'avg' ? Math.round((100 * Number(figure)) / figures[at]!) / 100 : figure]];
      }),
    ),
  });
  const fits = (row: Row, { column, by, value }: Having): boolean =>
    row[column] !== undefined && compares({ text: String(row[column]) }, by, value);
  return {
    add: (row: Row): void => {
      const values = keys.map((key) => valuesOf(row, key).map(String).join(', ') || noValue);
      const id = JSON.stringify(values);
      let group = groups.get(id);
      if (!group) {
        group = {
          values: Object.fromEntries(keys.map((key, at) => [key, values[at]])),
          count: 0,
          totals: [],
          seen: [],
          figures: [],
        };
        groups.set(id, group);
      }
      addTo(group, row);
    },
    rows: (): Row[] =>
      [...groups.values()].map(toRow).filter((row) => having.every((condition) => fits(row, condition))),
  };
};

/** Collects what a question is about out of the pages of a list, in time and memory that grow with what is looked at. */
export const createCollector = ({ where, sort, group }: Query, max: number): Collector => {
  const groups = group && createGroups(group);
  const fields = where ? [...new Set(equalFields(where))] : [];
  const instead = new Map(fields.map((field) => [field, new Set<string>()]));
  let absent = where ? wordsIn(where) : [];
  let rows: Row[] = [];
  let [matched, seen] = [0, 0];
  const order = (some: readonly Row[]): Row[] => sortRows(some, sort, valuesOf);
  const see = (row: Row): void => {
    for (const [field, values] of instead)
      if (values.size < maxInstead)
        for (const value of valuesOf(row, field).slice(0, maxInstead)) values.add(String(value));
  };
  return {
    add: (page) => {
      seen += page.length;
      for (const row of page) {
        if (absent.length)
          absent = absent.filter(([field, word]) =>
            valuesOf(row, field).every((value) => keyOf({ text: String(value) }) !== keyOf(word)),
          );
        if (where && !holds(where, row)) {
          if (matched === 0) see(row);
          continue;
        }
        matched += 1;
        if (groups) groups.add(row);
        else if (sort.length || rows.length < max) rows.push(row);
      }
      if (sort.length && rows.length > 2 * max) rows = order(rows).slice(0, max);
    },
    result: () => {
      const others = matched
        ? []
        : [...instead].map(([field, values]) => [field, [...values].slice(0, maxInstead)] as const);
      const words = matched ? absent.slice(0, maxInstead).map(([field, { text }]) => [field, text] as const) : [];
      if (!groups) {
        const ordered = sort.length ? order(rows) : rows;
        return { rows: ordered.slice(0, max), count: matched, matched, seen, instead: others, absent: words };
      }
      const all = groups.rows();
      // The largest first, those of one size by what they are grouped by.
      const usual = [
        { field: countColumn, descending: true },
        ...(group?.keys ?? []).map((field) => ({ field, descending: false })),
      ];
      const keys = sort.length ? sort : usual;
      const sorted = sortRows(all, keys, (row, field) => (row[field] === undefined ? [] : [row[field]]));
      return { rows: sorted.slice(0, max), count: all.length, matched, seen, instead: others, absent: words };
    },
  };
};
