import { limits } from '../limits.ts';
import { toLabel } from '../text.ts';
import { derivedNames } from './derived.ts';
import { readLiteral, type Literal } from './literals.ts';

/** How two values are compared. */
export type Operator = '=' | '!=' | '<' | '<=' | '>' | '>=' | 'contains' | 'in';

/** An expression over the fields of a row. It is data: what it may name is looked at before any row is. */
export type Expression =
  | { type: 'literal'; value: Literal }
  | { type: 'field'; name: string }
  | { type: 'list'; items: readonly Expression[] }
  | { type: 'not'; of: Expression }
  | { type: 'and' | 'or'; parts: readonly Expression[] }
  | { type: 'compare'; by: Operator; left: Expression; right: Expression }
  | { type: 'calculate'; by: '+' | '-' | '*' | '/'; left: Expression; right: Expression };

/** Why a text is no expression: one sentence without its full stop. */
export class ExpressionError extends Error {}

interface Token {
  kind: 'word' | 'literal' | 'text' | 'mark';
  text: string;
}

/** Brackets that may stand in each other. */
const maxDepth = 50;

// A word begins with a letter, a bare value with a digit: 10.1.1.1, 2026-01-31, 100GiB, 80%.
const pattern =
  /\s+|(?<word>[A-Za-z_][\w.:@-]*)|(?<literal>\d[\w.:%-]*)|"(?<double>(?:[^"\\]|\\.)*)"|'(?<single>(?:[^'\\]|\\.)*)'|(?<mark><>|[<>=!]=|&&|\|\||[-+*/()[\],<>=!])/sy;

const readTokens = (text: string): readonly Token[] => {
  const tokens: Token[] = [];
  pattern.lastIndex = 0;
  while (pattern.lastIndex < text.length) {
    const at = pattern.lastIndex;
    const groups = pattern.exec(text)?.groups;
    if (!groups) throw new ExpressionError(`"${toLabel(text.slice(at), 20)}" cannot be read; put texts in quotes`);
    const { word, literal, double, single, mark } = groups;
    const quoted = double ?? single;
    if (word !== undefined) tokens.push({ kind: 'word', text: word });
    else if (literal !== undefined) tokens.push({ kind: 'literal', text: literal });
    else if (quoted !== undefined) tokens.push({ kind: 'text', text: quoted.replace(/\\(.)/gs, '$1') });
    else if (mark !== undefined) tokens.push({ kind: 'mark', text: mark });
  }
  return tokens;
};

/** By its mark: how two values are compared. */
export const comparisons: Readonly<Record<string, Operator>> = {
  '=': '=',
  '==': '=',
  '!=': '!=',
  '<>': '!=',
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
};

/** What is worked out over the rows of a group. */
const figures: readonly string[] = ['sum', 'avg', 'min', 'max', 'distinct'];

const none: Literal = { text: '' };

/** A map: what every object has, such as `constructor`, is none of them. */
const constants: ReadonlyMap<string, Literal> = new Map([
  ['true', { text: 'true' }],
  ['false', { text: 'false' }],
  ['null', none],
  ['empty', none],
]);

const nothing: Expression = { type: 'literal', value: none };

/**
 * Reads an expression, in time that grows with its length. `isField`: whether a bare word is a field; another one is a text
 * where it is all that a comparison has on its right. Throws an ExpressionError.
 *
 *   expression = and { ("or" | "||") and }
 *   and        = not { ("and" | "&&") not }
 *   not        = ["not" | "!"] comparison
 *   comparison = sum [ "=" "!=" "<" "<=" ">" ">=" sum | ["not"] "contains" sum | ["not"] "in" list | "is" ["not"] "null" ]
 *   sum        = product { ("+" | "-") product }
 *   product    = value { ("*" | "/") value }
 *   value      = number | text | "true" | "false" | "null" | field | part "(" field ")" | "(" expression ")"
 *   part       = "hour" | "day" | "week" | "month" | "year" | "count"
 *   list       = ("(" | "[") value { "," value } (")" | "]")
 */
export const readExpression = (text: string, isField: (word: string) => boolean): Expression => {
  if (text.length > limits.query) throw new ExpressionError(`it has more than ${limits.query} characters`);
  const tokens = readTokens(text);
  let at = 0;
  let depth = 0;

  const isWord = (word: string, ahead = 0): boolean => {
    const token = tokens[at + ahead];
    return token?.kind === 'word' && token.text.toLowerCase() === word;
  };
  const isMark = (...marks: string[]): boolean => {
    const token = tokens[at];
    return token?.kind === 'mark' && marks.includes(token.text);
  };
  const found = (): string => {
    const token = tokens[at];
    return token ? `"${toLabel(token.text, 20)}"` : 'its end';
  };
  const take = (test: boolean): boolean => {
    if (test) at += 1;
    return test;
  };
  const expect = (...marks: string[]): void => {
    if (!take(isMark(...marks))) throw new ExpressionError(`${marks.join(' or ')} is missing before ${found()}`);
  };
  const within = <T>(read: () => T): T => {
    depth += 1;
    if (depth > maxDepth) throw new ExpressionError(`its brackets nest deeper than ${maxDepth} levels`);
    const value = read();
    depth -= 1;
    return value;
  };

  const several = (type: 'and' | 'or', mark: string, read: () => Expression): Expression => {
    const parts = [read()];
    while (take(isWord(type)) || take(isMark(mark))) parts.push(read());
    return parts.length === 1 ? parts[0]! : { type, parts };
  };
  const expression = (): Expression => several('or', '||', () => several('and', '&&', negation));
  const negation = (): Expression =>
    take(isWord('not')) || take(isMark('!')) ? { type: 'not', of: within(negation) } : comparison();

  /** A bare word that is no field, alone on the right of a comparison, is a text. */
  const right = (read: () => Expression): Expression => {
    const token = tokens[at];
    const next = tokens[at + 1];
    const isAlone = !next || next.kind === 'word' || (next.kind === 'mark' && /^(?:[)\],]|&&|\|\|)$/.test(next.text));
    if (token?.kind !== 'word' || !isAlone || constants.has(token.text.toLowerCase()) || isField(token.text))
      return read();
    at += 1;
    return { type: 'literal', value: readLiteral(token.text) };
  };
  const comparison = (): Expression => {
    const left = sum();
    const token = tokens[at];
    const by = token?.kind === 'mark' ? comparisons[token.text] : undefined;
    if (by !== undefined) {
      at += 1;
      return { type: 'compare', by, left, right: right(sum) };
    }
    if (take(isWord('is'))) {
      const isNot = take(isWord('not'));
      if (!take(isWord('null') || isWord('empty')))
        throw new ExpressionError(`null is missing after "is"${isNot ? ' not' : ''}`);
      return { type: 'compare', by: isNot ? '!=' : '=', left, right: nothing };
    }
    const isNot = isWord('not') && (isWord('in', 1) || isWord('contains', 1));
    if (isNot) at += 1;
    const word = (['contains', 'in'] as const).find((one) => isWord(one));
    if (word === undefined) return left;
    at += 1;
    const compared: Expression = { type: 'compare', by: word, left, right: word === 'in' ? list() : right(sum) };
    return isNot ? { type: 'not', of: compared } : compared;
  };
  const list = (): Expression => {
    expect('(', '[');
    const items = [right(value)];
    while (take(isMark(','))) items.push(right(value));
    expect(')', ']');
    return { type: 'list', items };
  };

  const calculated = (read: () => Expression, ...marks: ('+' | '-' | '*' | '/')[]): Expression => {
    let left = read();
    while (isMark(...marks)) {
      const by = tokens[at]!.text as '+';
      at += 1;
      left = { type: 'calculate', by, left, right: read() };
    }
    return left;
  };
  const sum = (): Expression => calculated(() => calculated(value, '*', '/'), '+', '-');
  const value = (): Expression => {
    const token = tokens[at];
    if (take(isMark('('))) {
      const inner = within(expression);
      expect(')');
      return inner;
    }
    if (!token || token.kind === 'mark') throw new ExpressionError(`a field or a value is missing before ${found()}`);
    at += 1;
    if (token.kind !== 'word') return { type: 'literal', value: readLiteral(token.text) };
    const part = token.text.toLowerCase();
    if (derivedNames.includes(part) && isMark('(')) {
      at += 1;
      const field = tokens[at];
      if (field?.kind !== 'word') throw new ExpressionError(`a field is missing in ${part}()`);
      at += 1;
      expect(')');
      return { type: 'field', name: `${part}(${field.text})` };
    }
    if (isMark('('))
      throw new ExpressionError(
        figures.includes(part)
          ? `${part}() is of groups; write it in group, such as group: zonename, ${part}(size)`
          : `there is no ${toLabel(token.text, 20)}(); there are ${derivedNames.map((name) => `${name}()`).join(', ')}`,
      );
    const constant = constants.get(part);
    return constant ? { type: 'literal', value: constant } : { type: 'field', name: token.text };
  };

  const whole = expression();
  if (at < tokens.length)
    throw new ExpressionError(`and, or, or a comparison is missing before ${found()}; put texts in quotes`);
  return whole;
};

/** The same expression with each field by the name that `rename` gives it. */
export const renameFields = (expression: Expression, rename: (name: string) => string): Expression => {
  const inner = (one: Expression): Expression => renameFields(one, rename);
  switch (expression.type) {
    case 'literal':
      return expression;
    case 'field':
      return { ...expression, name: rename(expression.name) };
    case 'list':
      return { ...expression, items: expression.items.map(inner) };
    case 'not':
      return { ...expression, of: inner(expression.of) };
    case 'and':
    case 'or':
      return { ...expression, parts: expression.parts.map(inner) };
    default:
      return { ...expression, left: inner(expression.left), right: inner(expression.right) };
  }
};
