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

/** The first paragraph says what the page is for. */
export const hasPurpose = (markdown: string): boolean => /^# .+\n+This page /m.test(markdown);
