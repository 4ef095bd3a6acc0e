/** The word at the end of a line of bash: what it says, and how it is written. */
export interface BashLine {
  /** The words before it, without their quotes. */
  before: string[];
  /** What is typed of the last word, without its quotes. */
  typed: string;
  /** The quote that is still open in it. */
  quote: '"' | "'" | undefined;
  /** How much of what is typed bash does not replace: it parts words at some marks, and where a quote is open before it. */
  fixed: number;
}

/** Where bash ends a word for completion, beside blanks and quotes (COMP_WORDBREAKS). */
const breaks = '@=:;|&(<>';

/** Reads a line as bash does, as far as completion needs it: quotes and backslashes, no expansions. */
export const readBashLine = (line: string): BashLine => {
  const before: string[] = [];
  let word: string | undefined;
  let quote: BashLine['quote'];
  let fixed = 0;
  const add = (text: string): void => {
    word = (word ?? '') + text;
  };
  for (let at = 0; at < line.length; at++) {
    const char = line[at]!;
    if (quote) {
      if (char === quote) quote = undefined;
      else if (char === '\\' && quote === '"' && /["\\$`]/.test(line[at + 1] ?? '')) add(line[++at]!);
      else add(char);
    } else if (char === '"' || char === "'") {
      quote = char;
      add('');
      fixed = word!.length;
    } else if (char === '\\') add(line[++at] ?? '');
    else if (/\s/.test(char)) {
      if (word !== undefined) before.push(word);
      word = undefined;
      fixed = 0;
    } else {
      add(char);
      if (breaks.includes(char)) fixed = word!.length;
    }
  }
  return { before, typed: word ?? '', quote, fixed };
};

/** A value as bash puts it in the place of what was typed: without what stays, and so that it is text, whatever is in it. */
export const toBashReply = (value: string, { quote, fixed }: BashLine): string | undefined => {
  const rest = value.slice(fixed);
  // What single quotes hold ends at the next one.
  if (quote === "'") return rest.includes("'") ? undefined : rest;
  // Bash closes the quote itself, unless what it puts in ends with one.
  if (quote === '"')
    return rest.includes('!') ? undefined : rest.replace(/["\\$`]/g, '\\$&') + (rest.endsWith('"') ? '"' : '');
  return rest.replace(/[^\p{L}\p{N}_./:=@%+,-]/gu, '\\$&');
};
