import type { Row } from '../rows.ts';
import { limits } from '../limits.ts';
import { toCell } from './columns.ts';
import { cutValue } from './cut.ts';
import { estimateTokens } from './tokens.ts';

/** Fields that are named when they are left out. */
const maxMissing = 40;

/** One object as lines `field: value`, cut to a budget by leaving out whole fields and saying so. */
export const showItem = (item: Row, budget: number): { text: string; item: Row } => {
  const fields = Object.entries(item).filter(
    ([name, value]) =>
      name.length <= limits.key && value !== '' && value !== null && !(Array.isArray(value) && value.length === 0),
  );
  const saved: [string, unknown][] = [];
  let left = budget;
  for (const [name, value] of fields) {
    // Once in the text, once in the structured content.
    const cost = 2 * estimateTokens(`${name}: ${toCell(value)}`) + 4;
    if (cost > left && saved.length) continue;
    if (cost > left) {
      saved.push([name, cutValue(value, left / 2)]);
      left = 0;
    } else {
      saved.push([name, value]);
      left -= cost;
    }
  }
  const names = new Set(saved.map(([name]) => name));
  const missing = fields.filter(([name]) => !names.has(name)).map(([name]) => name);
  const lines = saved.map(([name, value]) => `${toCell(name)}: ${toCell(value)}`);
  if (missing.length) {
    const more = missing.length > maxMissing ? ` and ${missing.length - maxMissing} more` : '';
    lines.push(`(left out for length: ${missing.slice(0, maxMissing).join(', ')}${more}; ask with fields)`);
  }
  return { text: lines.join('\n'), item: Object.fromEntries(saved) };
};
