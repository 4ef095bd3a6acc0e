/** A condition on a label: `=`, `!=`, `=~` or `!~`. */
export interface Matcher {
  label: string;
  is: string;
  value: string;
}

/** Time series that an expression selects. */
export interface Selector {
  metric: string;
  matchers: readonly Matcher[];
}

/** What an expression speaks of: the series it selects, and the labels it groups, joins or carries over by. */
export interface Mentioned {
  selectors: readonly Selector[];
  labels: readonly string[];
}

interface Token {
  kind: 'word' | 'text' | 'number' | 'range' | 'sign';
  text: string;
}

const tokens =
  /\s+|(?<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?<range>\[[^\]]*\])|(?<word>[a-zA-Z_:$][\w:$]*)|(?<number>\d[\w.]*)|(?<sign>=~|!~|!=|==|>=|<=|[-+*/%^(){},=<>@])/gy;

const tokenise = (expression: string): Token[] => {
  const found: Token[] = [];
  let at = 0;
  for (const match of expression.matchAll(tokens)) {
    at += match[0].length;
    const [kind] = Object.entries(match.groups ?? {}).find(([, text]) => text !== undefined) ?? [];
    if (kind) found.push({ kind: kind as Token['kind'], text: match[0] });
  }
  if (at !== expression.length) throw new Error(`this is no PromQL: ${expression.slice(at)}`);
  return found;
};

const grouping = new Set(['by', 'without', 'on', 'ignoring', 'group_left', 'group_right']);
const words = new Set(['and', 'or', 'unless', 'bool', 'offset', 'start', 'end', 'inf', 'nan']);

/** Finds every metric and label that a PromQL expression names. Throws where it is none. */
export const mentionedIn = (expression: string): Mentioned => {
  const all = tokenise(expression);
  const selectors: Selector[] = [];
  const labels: string[] = [];
  let at = 0;
  const take = (wanted?: string): string => {
    const token = all[at++];
    if (!token || (wanted !== undefined && token.text !== wanted))
      throw new Error(`${wanted ?? 'more'} was expected instead of ${token?.text ?? 'the end'}: ${expression}`);
    return token.text;
  };
  const until = (end: string, read: () => void): void => {
    take();
    while (all[at]?.text !== end) {
      read();
      if (all[at]?.text === ',') at++;
    }
    at++;
  };
  while (at < all.length) {
    const { kind, text } = all[at++]!;
    const next = all[at]?.text;
    if (kind !== 'word' || words.has(text.toLowerCase())) continue;
    if (grouping.has(text)) {
      if (next === '(') until(')', () => labels.push(take()));
    } else if (next === '{') {
      const matchers: Matcher[] = [];
      until('}', () =>
        matchers.push({ label: take(), is: take(), value: take().slice(1, -1).replace(/\\(.)/g, '$1') }),
      );
      selectors.push({ metric: text, matchers });
    } else if (next !== '(' && next !== 'by' && next !== 'without') {
      // Anything else with a name is a function or an aggregation.
      selectors.push({ metric: text, matchers: [] });
    }
  }
  return { selectors, labels };
};

const fits = ({ is, value }: Matcher, actual: string): boolean => {
  const found = is.endsWith('~') ? new RegExp(`^(?:${value})$`).test(actual) : actual === value;
  return is.startsWith('!') ? !found : found;
};

/** Whether a series is among the selected ones. */
export const isSelected = (
  { metric, matchers }: Selector,
  series: { name: string; labels: Readonly<Record<string, string>> },
): boolean => series.name === metric && matchers.every((matcher) => fits(matcher, series.labels[matcher.label] ?? ''));
