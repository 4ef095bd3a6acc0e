import { limits } from '../limits.ts';
import type { Row } from '../rows.ts';
import { startOf } from '../text.ts';
import { toCell } from './columns.ts';
import { estimateTokens } from './tokens.ts';

/** Tokens of a budget that rows and fields may have: what stands around them takes some, and marks are estimated a little low. */
export const roomIn = (budget: number): number => Math.max(150, Math.floor(0.95 * budget) - 150);

/** Tokens below which no value is cut: what is left of it still says what it is. */
const minTokens = 20;

/** A value as it is where it costs at most so many tokens, else its text cut to them, with a note. */
export const cutValue = (value: unknown, tokens: number): unknown => {
  const text = toCell(value);
  if (estimateTokens(text) <= tokens) return value;
  // No token has more characters than six, but of blanks; halved until it fits, so that it is read a few times at most.
  let length = Math.min(text.length, 6 * tokens);
  while (length > 1 && estimateTokens(text.slice(0, length)) > tokens) length = Math.floor(length / 2);
  return `${startOf(text, length)}… (cut)`;
};

/** The tokens that each of some values may have, so that all together keep to a budget and only the longest are cut. */
export const shareOf = (costs: readonly number[], budget: number): number => {
  let left = budget;
  const rising = [...costs].sort((a, b) => a - b);
  for (const [at, cost] of rising.entries()) {
    const share = left / (rising.length - at);
    if (cost > share) return Math.max(minTokens, Math.floor(share));
    left -= cost;
  }
  return Infinity;
};

/** A row whose longest values are cut so that it costs about so many tokens; fields whose name is none are left out. */
export const cutRow = (row: Row, tokens: number): Row => {
  const entries = Object.entries(row).filter(([name]) => name.length <= limits.key);
  const names = entries.reduce((sum, [name]) => sum + estimateTokens(name) + 3, 0);
  const share = shareOf(
    entries.map(([, value]) => estimateTokens(toCell(value))),
    Math.max(0, tokens - names),
  );
  return Object.fromEntries(entries.map(([name, value]) => [name, cutValue(value, share)]));
};
