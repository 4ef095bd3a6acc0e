/** The parts between the stars follow each other: looked for one by one, so that no text takes long. */
const fitsOne = (pattern: string, text: string): boolean => {
  const [first = '', ...rest] = pattern.toLowerCase().split('*');
  const value = text.toLowerCase();
  const last = rest.pop();
  if (last === undefined) return value === first;
  if (!value.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = value.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at + last.length <= value.length && value.endsWith(last);
};

/** Whether a text fits one of the patterns; `*` stands for any text, letter case does not matter. */
export const fits = (patterns: readonly string[], text: string): boolean =>
  patterns.some((pattern) => fitsOne(pattern, text));
