// Control characters (but not line feed and tab), soft hyphen, grapheme joiner, zero-width and bidirectional marks, line
// and paragraph separators, fillers and the empty Braille cell, inherent vowels and musical marks that show as nothing,
// variation selectors, interlinear and shorthand marks, byte order mark and the tag block: what can hide text or turn it round
// (https://www.unicode.org/reports/tr36/; Default_Ignorable_Code_Point in Unicode's DerivedCoreProperties.txt).
const unsafe =
  // oxlint-disable-next-line no-control-regex, no-misleading-character-class
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]/gu;

// Most texts, in most languages: ranges without any of these, which one look finds.
const isPlain =
  /^[ -~\u00a0-\u00ac\u00ae-\u034e\u0350-\u061b\u061d-\u115e\u2010-\u2027\u2030-\u205f\u2070-\u27ff\u3000-\u3163\u3165-\ud7ff]*$/;

/** Text from a cloud without the characters that hide or reorder it. */
export const stripUnsafe = (text: string): string =>
  isPlain.test(text) ? text : text.toWellFormed().replace(unsafe, '');

/** The beginning of a text, without half a character at its end. */
export const startOf = (text: string, maxLength: number): string =>
  text.slice(0, maxLength).replace(/[\ud800-\udbff]$/, '');

/** Text of others on one line: nothing that hides or reorders it, no line breaks. */
export const toLine = (text: string): string => stripUnsafe(text).replace(/\s+/g, ' ').trim();

/** Marks that are piled up on a letter paint over what stands around it; writing needs a few. */
const withoutPiles = (text: string): string => text.replace(/(\p{M}{4})\p{M}+/gu, '$1');

// Most labels: none of what is taken out of others' words.
const isHarmless = /^[\w .,;()+*=@#%&/-]*$/;

/**
 * Others' words for a message, a hint, a question or a terminal: one line, no double quotes, nothing that a host which renders
 * Markdown makes a link, an image or an element of.
 */
const toPlain = (text: string): string => {
  const line = toLine(text);
  return isHarmless.test(line) ? line : withoutMarkup(withoutPiles(line));
};

const withoutMarkup = (line: string): string =>
  line
    .replaceAll('"', "'")
    .replaceAll('](', '] (')
    .replaceAll('://', '[:]//')
    .replace(/<(?=[a-z!/?])/gi, '< ');

/** At least so much of the plain text, as it is in the whole: of a long text the beginning is read where that is enough. */
const toPlainStart = (text: string, length: number): string => {
  if (text.length > 4 * length) {
    const line = toPlain(startOf(text, 3 * length));
    // Its last characters may be the beginning of what is taken out.
    if (line.length >= length + 3) return line;
  }
  return toPlain(text);
};

/** A name from a cloud or a client as a label on one line: no line breaks, double quotes or links, at most `maxLength` characters. */
export const toLabel = (text: string, maxLength = 60): string => {
  // A character takes two places at most: one more than fits is in it.
  const maxRead = 2 * (maxLength + 1);
  const line = toPlainStart(text, maxRead);
  if (line.length <= maxLength) return line;
  // Whole characters, so that a name that is shown cut can be typed.
  const characters = [...line.slice(0, maxRead)];
  return characters.length > maxLength ? `${characters.slice(0, maxLength - 1).join('')}…` : line;
};

/** Others' words in quotes of their own, which they cannot close; whole unless `maxLength` says otherwise. */
export const toQuoted = (text: string, maxLength = Infinity): string =>
  `‹${toLabel(text, maxLength).replace(/[‹›]/g, "'")}›`;

/** A name in its quotes, without the commas that part the facts about a resource. */
export const toQuotedName = (name: string, maxLength = 60): string => toQuoted(name.replaceAll(',', ';'), maxLength);

/** JSON that a terminal can show: what hides or reorders text is written as an escape, so the value stays what it is. */
export const escapeUnsafe = (json: string): string =>
  isPlain.test(json)
    ? json
    : json.replace(unsafe, (character) =>
        Array.from(
          { length: character.length },
          (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`,
        ).join(''),
      );

/** Whether a text is an id: a whole uuid. */
export const isId = (text: string): boolean => /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(text);

/** Characters of an id by which a person tells one from another: its first group. */
const shortLength = 8;

/** The beginning of an id, which stands for it where no other begins so. */
export const shortenId = (id: string): string => id.slice(0, shortLength);

/** Whether a text may be the beginning of an id. */
export const isShortId = (text: string): boolean => /^[0-9a-f]{8}$/i.test(text);

/** A text as a regular expression that fits exactly it. */
export const escapeRegExp = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** The lines of a text one after another, without the blanks around them; nothing else is changed. */
export const joinLines = (text: string): string =>
  text.includes('\n') || text.includes('\r')
    ? text
        .split(/[\r\n]+/)
        .map((line) => line.trim())
        .filter(Boolean)
        .join(' ')
    : text;

/** A text cut to so many characters, with a note of how many there were. */
export const cutText = (text: string, maxLength: number): string =>
  text.length <= maxLength ? text : `${startOf(text, maxLength)}… (${text.length} characters)`;
