/** Swaps the two letters in the middle of the longest word of a text. */
export const misspell = (text: string): string => {
  const [longest = ''] = (text.match(/[a-z]+/gi) ?? []).sort((a, b) => b.length - a.length);
  const middle = Math.floor(longest.length / 2);
  const [one = '', other = ''] = longest.slice(middle - 1, middle + 1);
  return text.replace(longest, longest.slice(0, middle - 1) + other + one + longest.slice(middle + 1));
};
