/** The parts of each pattern between its stars, in lower case. A list is asked again with every call: it is split once. */
const split = new WeakMap<readonly string[], readonly (readonly string[])[]>();

const partsOf = (patterns: readonly string[]): readonly (readonly string[])[] => {
  let parts = split.get(patterns);
  if (!parts) split.set(patterns, (parts = patterns.map((pattern) => pattern.toLowerCase().split('*'))));
  return parts;
};

/** The parts follow each other: looked for one by one, so that no text takes long. */
const fitsOne = (parts: readonly string[], value: string): boolean => {
  const first = parts[0]!;
  if (parts.length === 1) return value === first;
  const last = parts[parts.length - 1]!;
  if (!value.startsWith(first)) return false;
  let at = first.length;
  for (let n = 1; n < parts.length - 1; n++) {
    const found = value.indexOf(parts[n]!, at);
    if (found < 0) return false;
    at = found + parts[n]!.length;
  }
  return at + last.length <= value.length && value.endsWith(last);
};

/** Whether a text fits one of the patterns; `*` stands for any text, letter case does not matter. */
export const fits = (patterns: readonly string[], text: string): boolean => {
  const value = text.toLowerCase();
  return partsOf(patterns).some((parts) => fitsOne(parts, value));
};
