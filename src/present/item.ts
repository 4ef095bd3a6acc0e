import type { Row } from '../rows.ts';
import { limits } from '../limits.ts';
import { isEmpty, toCell } from './columns.ts';
import { cutValue } from './cut.ts';
import { estimateTokens } from './tokens.ts';

/** Fields that are named when they are left out. */
const maxMissing = 40;

/** One object as lines `field: value`, cut to a budget by leaving out whole fields and saying so. `show`: a field's value in words. */
export const showItem = (
  item: Row,
  budget: number,
  show: (field: string) => string = (field) => toCell(item[field]),
): { text: string; item: Row } => {
  const fields = Object.entries(item).filter(([name, value]) => name.length <= limits.key && !isEmpty(value));
  const saved: [string, unknown, string][] = [];
  let left = budget;
  for (const [name, value] of fields) {
    const words = show(name);
    // Once in the text, once in the structured content.
    const cost = 2 * estimateTokens(`${name}: ${words.length > 2 * budget ? toCell(value) : words}`) + 4;
    if (cost > left && saved.length) continue;
    if (cost > left) {
      const cut = cutValue(value, left / 2);
      saved.push([name, cut, cut === value ? words : toCell(cut)]);
      left = 0;
    } else {
      saved.push([name, value, words]);
      left -= cost;
    }
  }
  const names = new Set(saved.map(([name]) => name));
  const missing = fields.filter(([name]) => !names.has(name)).map(([name]) => name);
  const lines = saved.map(([name, , words]) => `${toCell(name)}: ${words}`);
  if (missing.length) {
    const more = missing.length > maxMissing ? ` and ${missing.length - maxMissing} more` : '';
    lines.push(`(left out for length: ${missing.slice(0, maxMissing).join(', ')}${more}; ask with fields)`);
  }
  return { text: lines.join('\n'), item: Object.fromEntries(saved.map(([name, value]) => [name, value])) };
};
