import { escapeRegExp } from '../text.ts';

const expressions = new Map<string, RegExp>();

const toExpression = (pattern: string): RegExp => {
  let expression = expressions.get(pattern);
  if (!expression) {
    const source = pattern.split('*').map(escapeRegExp);
    expressions.set(pattern, (expression = new RegExp(`^${source.join('.*')}$`, 'i')));
  }
  return expression;
};

/** Whether a text fits one of the patterns; `*` stands for any text, letter case does not matter. */
export const fits = (patterns: readonly string[], text: string): boolean =>
  patterns.some((pattern) => toExpression(pattern).test(text));
