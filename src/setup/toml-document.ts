import { parse, stringify, TomlError } from 'smol-toml';
import { DocumentError, entryIn, lineEndOf, type DocumentFormat, type EntryPlace } from './documents.ts';

const header = /^[ \t]*\[/;

const keyPattern = (key: string): string => {
  const escaped = key.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return `(?:${escaped}|"${escaped}"|'${escaped}')`;
};

/** Matches the headers of a table and of those below it. */
const ownHeader = ({ under, name }: EntryPlace): RegExp =>
  new RegExp(`^[ \\t]*\\[[ \\t]*${[...under, name].map(keyPattern).join('[ \\t]*\\.[ \\t]*')}[ \\t]*[.\\]]`);

const parseText = (text: string): unknown => {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [message = ''] = error.message.split('\n', 1);
    throw new DocumentError(message.replace(/^Invalid TOML document: /, ''), error.line, error.column);
  }
};

/** The lines of a table: from its first header to the next one that is not below it. */
const findTable = (lines: readonly string[], place: EntryPlace): { start: number; end: number } | undefined => {
  const own = ownHeader(place);
  const start = lines.findIndex((line) => own.test(line));
  if (start < 0) return undefined;
  let end = start + 1;
  while (end < lines.length && !(header.test(lines[end]!) && !own.test(lines[end]!))) end++;
  // Comments and blank lines above the next header are that one's.
  if (end < lines.length) while (end > start + 1 && /^\s*(?:#.*)?$/.test(lines[end - 1]!)) end--;
  return { start, end };
};

const linesOf = (text: string): string[] => text.split(/(?<=\n)/);

/** TOML, of which whole tables are put at the end or taken out. */
export const tomlDocument: DocumentFormat = {
  parse: parseText,
  set: (text, place, entry) => {
    const eol = lineEndOf(text);
    const { under, name } = place;
    const nested = [...under, name].reduceRight<Record<string, unknown>>((value, key) => ({ [key]: value }), entry);
    const block = stringify(nested).trim().replaceAll('\n', eol) + eol;
    const lines = linesOf(text);
    const found = findTable(lines, place);
    if (found) return [...lines.slice(0, found.start), block, ...lines.slice(found.end)].join('');
    if (entryIn(parseText(text), place) !== undefined)
      throw new DocumentError(`${name} is written in a form that is not changed here: not as a table of its own`);
    if (text === '') return block;
    const gap = text.endsWith('\n') ? eol : eol + eol;
    return text + gap + block;
  },
  remove: (text, place) => {
    const lines = linesOf(text);
    const found = findTable(lines, place);
    if (!found) return text;
    const before = lines.slice(0, found.start);
    const after = lines.slice(found.end);
    // The blank line that set them apart.
    if (before.at(-1)?.trim() === '') before.pop();
    return [...before, ...after].join('');
  },
};
