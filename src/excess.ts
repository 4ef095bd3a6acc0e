import { limits } from './limits.ts';
import { isRecord } from './rows.ts';

/** What is too much about some arguments; undefined when nothing is. Reads no further than to the first limit. */
export const excessOf = (args: unknown): string | undefined => {
  let values = 0;
  const look = (value: unknown, depth: number, name = ''): string | undefined => {
    if (++values > limits.values) return `more than ${limits.values} values`;
    if (typeof value === 'string')
      return value.length > limits.text
        ? `a text of more than ${limits.text} characters${/^\w{1,40}$/.test(name) ? ` in ${name}` : ''}`
        : undefined;
    if (typeof value !== 'object' || value === null) return undefined;
    if (depth === limits.argumentDepth) return `values that nest deeper than ${limits.argumentDepth} levels`;
    for (const key in value) {
      if (key.length > limits.key) return `a name of more than ${limits.key} characters`;
      const excess = look((value as Record<string, unknown>)[key], depth + 1, key);
      if (excess !== undefined) return excess;
    }
    return undefined;
  };
  if (isRecord(args)) {
    let count = 0;
    for (const _key in args) if (++count > limits.args) return `more than ${limits.args} arguments`;
  }
  return look(args, 0);
};
