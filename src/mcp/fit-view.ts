import { fitAnswer } from '../present/fit.ts';
import { estimateTokens } from '../present/tokens.ts';
import { isRecord } from '../rows.ts';

/** A text and the same as data. */
export interface AppAnswer {
  text: string;
  structured: Record<string, unknown>;
}

/** Part of a budget that is filled: figures are estimated a little low. */
const filled = 0.85;
/** Part of a list that stays each time, and items that stay. */
const stays = 0.75;
const minItems = 1;

const costOf = (value: unknown): number => estimateTokens(JSON.stringify(value) ?? '');

/** More characters than one token stands for in an estimate. */
const perToken = 22;
/** Whether a value takes more tokens than that; of one that is far longer they are not counted. */
const isOver = (value: unknown, tokens: number): boolean => {
  const text = JSON.stringify(value) ?? '';
  return text.length > perToken * (tokens + 1) || estimateTokens(text) > tokens;
};

/** What a list takes, by its items; each is counted once, however often the list is shortened. */
const costOfList = (list: readonly unknown[], known: Map<unknown, number>): number =>
  list.reduce<number>((sum, item) => {
    const cost = known.get(item) ?? costOf(item) + 1;
    known.set(item, cost);
    return sum + cost;
  }, 0);

interface PlacedList {
  holder: Record<string, unknown>;
  name: string;
  list: unknown[];
}

/** The lists of a view, in it and in its parts. What rows are in words goes with them, and their columns stay. */
const listsIn = (holder: Record<string, unknown>): PlacedList[] =>
  Object.entries(holder).flatMap(([name, value]): PlacedList[] => {
    if (Array.isArray(value)) return name === 'cells' || name === 'columns' ? [] : [{ holder, name, list: value }];
    return isRecord(value) ? listsIn(value) : [];
  });

/** Rows with what a table shows of them. */
const toColumns = (rows: readonly unknown[], columns: readonly string[]): unknown[] =>
  rows.map((row) =>
    isRecord(row) ? Object.fromEntries(columns.flatMap((name) => (name in row ? [[name, row[name]]] : []))) : row,
  );

const shorten = ({ holder, name, list }: PlacedList): void => {
  const left = Math.max(minItems, Math.floor(list.length * stays));
  holder[name] = list.slice(0, left);
  if (name === 'rows' && Array.isArray(holder['cells'])) holder['cells'] = holder['cells'].slice(0, left);
};

/** The same, cut to so many tokens: the text by lines, of the data the list that takes most is shortened until all fits. What is cut says so. */
export const fitView = (answer: AppAnswer, budget: number): AppAnswer => {
  const whole = filled * budget;
  if (!isOver(answer.structured, whole - estimateTokens(answer.text))) return answer;
  const { text } = fitAnswer({ text: answer.text, structured: {} }, budget / 2);
  const room = whole - estimateTokens(text);
  const data = structuredClone(answer.structured);
  const words = data['text'];
  if (typeof words === 'string') data['text'] = fitAnswer({ text: words, structured: {} }, room / 6).text;
  if (Array.isArray(data['rows']) && Array.isArray(data['columns']))
    data['rows'] = toColumns(data['rows'], ['id', ...(data['columns'] as string[])]);
  const known = new Map<unknown, number>();
  while (isOver(data, room)) {
    const [longest] = listsIn(data)
      .filter(({ list }) => list.length > minItems)
      .map((one) => ({ one, cost: costOfList(one.list, known) }))
      .sort((a, b) => b.cost - a.cost);
    if (!longest) return fitAnswer({ text, structured: data }, budget);
    data['isCut'] = true;
    shorten(longest.one);
  }
  return { text, structured: data };
};
