/** The sentences of the documents, for `npm run vocabulary`: short ones, and a first one that says what the page is for. */

/** The most words of a sentence. */
export const maxWords = 25;

/** Only the line breaks of a text, so that the lines after it keep their numbers. */
const blank = (text: string): string => text.replace(/[^\n]+/g, '');

/** The hand-written prose of a page. */
const proseOf = (markdown: string): string =>
  markdown
    .replace(/<!-- generated:[\s\S]*?<!-- \/generated -->/g, blank)
    .replace(/```[\s\S]*?```/g, blank)
    .replace(/\]\([^)]*\)/g, ']');

/** The sentences of a page with more than {@link maxWords} words: the line where the paragraph begins, and how many words. */
export const longSentences = (markdown: string): { line: number; words: number; sentence: string }[] => {
  const prose = proseOf(markdown);
  // Paragraphs, list items, cells and links in a row stand for themselves.
  return [...prose.matchAll(/(?:(?!\n\s*\n|\n\s*(?:[-*|#]|\d+\.) | \| | · )[\s\S])+/g)].flatMap(({ 0: part, index }) =>
    part.split(/(?<=[.?!:;])["*)]*\s+(?=[A-Z`*["(])/).flatMap((sentence) => {
      const words = sentence.split(/\s+/).filter((word) => /\w/.test(word)).length;
      const line = prose.slice(0, index).split('\n').length + (/^\n+/.exec(part)?.[0].length ?? 0);
      return words > maxWords ? [{ line, words, sentence: sentence.replace(/\s+/g, ' ').trim() }] : [];
    }),
  );
};

/** The most words in a row that two pages may have in common. */
const maxCommon = 12;

/** Words in a row that stand in more than one page, one entry for each pair of pages: where first, and where again. */
export const repeatedRuns = (pages: ReadonlyMap<string, string>): { first: string; again: string; run: string }[] => {
  const seen = new Map<string, string>();
  const found = new Map<string, { first: string; again: string; run: string }>();
  for (const [page, markdown] of pages) {
    for (const part of proseOf(markdown).split(/\n\s*\n/)) {
      const words = part.match(/[\p{L}\d_.-]+/gu) ?? [];
      for (let at = 0; at + maxCommon <= words.length; at++) {
        const run = words.slice(at, at + maxCommon).join(' ');
        const first = seen.get(run.toLowerCase());
        if (first === undefined) seen.set(run.toLowerCase(), page);
        else if (first !== page && !found.has(`${first} ${page}`))
          found.set(`${first} ${page}`, { first, again: page, run });
      }
    }
  }
  return [...found.values()];
};

/** The first paragraph says what the page is for. */
export const hasPurpose = (markdown: string): boolean => /^# .+\n+This page /m.test(markdown);
