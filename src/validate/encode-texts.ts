import { once } from '../catalog/once.ts';
import type { Command } from '../catalog/types.ts';
import { loadData } from '../data.ts';
import { spellTimeZone } from './time-zone.ts';

/** Whether a text is base64, in one or several lines; words with spaces between them are none. */
export const isBase64 = (text: string): boolean => {
  const plain = text
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .join('');
  return plain.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(plain);
};

/** CloudStack decodes a value with % in it once more before it looks at it. */
const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

/** Texts of one format of data/formats.json as CloudStack takes them; undefined where they are so already. */
const encodings: Readonly<Record<string, { encode: (text: string) => string | undefined; note: string }>> = {
  base64: {
    encode: (text) =>
      isBase64(text) || (text.includes('%') && isBase64(decoded(text)))
        ? undefined
        : Buffer.from(text).toString('base64'),
    note: 'was plain text and was sent as base64.',
  },
  'base64-image': {
    encode: (text) => {
      if (/^\s*</.test(text)) return Buffer.from(text).toString('base64');
      return /^\s*data:image\/[\w.+-]+(?:;[\w=-]+)*;base64,(?<data>[^]*)$/.exec(text)?.groups?.['data'];
    },
    note: 'was sent as base64 alone.',
  },
  pem: {
    encode: (text) => (text.includes('\n') || !text.includes('\\n') ? undefined : text.replace(/(?:\\r)?\\n/g, '\n')),
    note: 'held \\n for line breaks and was sent with line breaks.',
  },
  'time-zone': { encode: spellTimeZone, note: 'was sent as CloudStack knows that time zone.' },
};

/** The parameters of a command that have such a format. */
const encodedIn = once((command: Command) => {
  const names = loadData<Record<string, string[]>>('formats.json');
  return command.params.flatMap(({ name, type }) =>
    Object.entries(encodings).flatMap(([format, encoding]) =>
      type === 'string' && names[format]?.includes(name) ? [{ name, ...encoding }] : [],
    ),
  );
});

/**
 * Writes texts as CloudStack takes them where people write them otherwise (formats of data/formats.json), in place.
 * Returns a sentence for each text that was changed.
 */
export const encodeTexts = (command: Command, values: Record<string, unknown>): string[] =>
  encodedIn(command).flatMap(({ name, encode, note }) => {
    const value = values[name];
    const encoded = typeof value === 'string' ? encode(value) : undefined;
    if (encoded === undefined) return [];
    values[name] = encoded;
    return [`${name} ${note}`];
  });
