import { isRecord, type Row } from '../rows.ts';
import { cutValue, shareOf } from './cut.ts';
import { estimateTokens } from './tokens.ts';

/** Part of a budget that is filled: marks and figures are estimated a little low. */
const filled = 0.85;
/** Lines at the end of a text that stay: what it comes to, and how to go on. */
const lastLines = 4;

const costOf = (value: unknown): number => estimateTokens(JSON.stringify(value) ?? '');

/** Tokens with which an item of a list still says what it is. */
const leastItem = 40;

/** All items of a list, each cut to its share; of a longer list the first. */
const fitList = (list: readonly unknown[], tokens: number): unknown[] => {
  const share = shareOf(
    list.map((item) => costOf(item) + 1),
    tokens,
  );
  const all = share < leastItem ? [] : list.map((item) => fitValue(item, share));
  if (all.length && costOf(all) <= 1.1 * tokens) return all;
  const shown: unknown[] = [];
  let left = tokens;
  for (const item of list) {
    const one = fitValue(item, Math.max(tokens / 4, tokens / list.length));
    left -= costOf(one) + 1;
    if (left < 0) break;
    shown.push(one);
  }
  return shown;
};

/** A value cut to about so many tokens: long texts and lists are cut, of a record the longest values. */
const fitValue = (value: unknown, tokens: number): unknown => {
  if (costOf(value) <= tokens) return value;
  if (Array.isArray(value)) return fitList(value, tokens);
  if (!isRecord(value)) return cutValue(value, tokens);
  const entries = Object.entries(value);
  const names = entries.reduce((sum, [name]) => sum + estimateTokens(name) + 3, 0);
  const costs = entries.map(([, one]) => costOf(one));
  const share = shareOf(costs, Math.max(0, tokens - names));
  return Object.fromEntries(
    entries.flatMap(([name, one], at): [string, unknown][] => {
      if (costs[at]! <= share) return [[name, one]];
      const cut = fitValue(one, share);
      return costOf(cut) <= 2 * share ? [[name, cut]] : [];
    }),
  );
};

/** A text cut to about so many tokens: whole lines from its beginning, how many are left out, and its last lines. */
const fitText = (text: string, tokens: number): string => {
  if (estimateTokens(text) <= tokens) return text;
  const lines = text.split('\n');
  const end = lines.splice(Math.max(1, lines.length - lastLines)).map((line) => String(cutValue(line, tokens / 8)));
  const shown: string[] = [];
  let left = tokens / 2 - 15;
  for (const line of lines) {
    const one = String(cutValue(line, Math.max(20, tokens / 4)));
    left -= estimateTokens(one) + 1;
    if (left < 0 && shown.length) break;
    shown.push(one);
  }
  const missing = lines.length - shown.length;
  return [...shown, ...(missing ? [`(${missing} more lines are left out for length)`] : []), ...end].join('\n');
};

/** An answer that is neither a list nor one object, cut to a budget of tokens for its text and its data together. What is cut says so. */
export const fitAnswer = (
  answer: { text: string; structured: Row },
  budget: number,
): { text: string; structured: Row } => {
  const { text, structured } = answer;
  const whole = filled * budget;
  if (estimateTokens(text) + costOf(structured) <= whole) return answer;
  const share = shareOf([estimateTokens(text), costOf(structured)], whole);
  const data = fitValue(structured, share) as Row;
  return { text: fitText(text, share), structured: data === structured ? data : { ...data, isCut: true } };
};
