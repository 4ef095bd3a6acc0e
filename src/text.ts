// Control characters (but not line feed and tab), soft hyphen, zero-width and bidirectional marks, line and paragraph
// separators, variation selectors, interlinear marks, byte order mark and the tag block: what can hide text or
// turn it round (https://www.unicode.org/reports/tr36/).
const unsafe =
  // eslint-disable-next-line no-control-regex, no-misleading-character-class
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e0fff}]/gu;

// Most texts: nothing to look for.
const isPlainAscii = /^[ -~]*$/;

/** Text from a cloud without the characters that hide or reorder it. */
export const stripUnsafe = (text: string): string =>
  isPlainAscii.test(text) ? text : text.toWellFormed().replace(unsafe, '');

/** The beginning of a text, without half a character at its end. */
export const startOf = (text: string, longest: number): string =>
  text.slice(0, longest).replace(/[\ud800-\udbff]$/, '');

/** A name from a cloud as a label on one line: no line breaks, no double quotes, at most `longest` characters. */
export const toLabel = (text: string, longest = 60): string => {
  const line = stripUnsafe(text).replace(/\s+/g, ' ').replaceAll('"', "'").trim();
  if (line.length <= longest) return line;
  // Whole characters, so that a name that is shown cut can be typed.
  const characters = [...line];
  return characters.length > longest ? `${characters.slice(0, longest - 1).join('')}…` : line;
};

/** Whether a text is an id: a whole uuid. */
export const isId = (text: string): boolean => /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(text);

/** A text as a regular expression that fits exactly it. */
export const escapeRegExp = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
