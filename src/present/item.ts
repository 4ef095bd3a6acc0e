import type { Row } from '../rows.ts';
import { startOf } from '../text.ts';
import { toCell } from './columns.ts';
import { estimateTokens } from './tokens.ts';

/** One object as lines `field: value`, cut to a budget by leaving out whole fields and saying so. */
export const showItem = (item: Row, budget: number): { text: string; item: Row } => {
  const fields = Object.entries(item).filter(
    ([, value]) => value !== '' && value !== null && !(Array.isArray(value) && value.length === 0),
  );
  const saved: [string, unknown][] = [];
  let left = budget;
  for (const [name, value] of fields) {
    // Once in the text, once in the structured content.
    const cost = 2 * estimateTokens(`${name}: ${toCell(value)}`) + 4;
    if (cost > left && saved.length) continue;
    if (cost > left) {
      saved.push([name, `${startOf(toCell(value), Math.max(200, left))}… (cut)`]);
      left = 0;
    } else {
      saved.push([name, value]);
      left -= cost;
    }
  }
  const names = new Set(saved.map(([name]) => name));
  const missing = fields.filter(([name]) => !names.has(name)).map(([name]) => name);
  const lines = saved.map(([name, value]) => `${toCell(name)}: ${toCell(value)}`);
  if (missing.length) lines.push(`(left out for length: ${missing.join(', ')}; ask with fields)`);
  return { text: lines.join('\n'), item: Object.fromEntries(saved) };
};
