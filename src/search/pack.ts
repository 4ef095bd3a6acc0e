import type { Numbers, SearchIndex } from './search-index.ts';

const numeric = [
  'weights',
  'phrases',
  'sizes',
  'words',
  'textSizes',
  'texts',
  'deedSizes',
  'deeds',
  'actionOf',
  'objectOf',
  'cueSizes',
  'counts',
] as const satisfies readonly (keyof SearchIndex)[];

/** What stands at the beginning of the file: all that is text, and how many numbers of each kind follow, 16 bits each. */
interface Header extends Omit<SearchIndex, (typeof numeric)[number]> {
  lengths: number[];
}

/** Bytes of the length of the header, which is JSON; numbers begin at an even place. */
const prefix = 4;

/** An index as a file: fast to read, since its numbers need no reading. Throws where one does not fit into 16 bits. */
export const packIndex = (index: SearchIndex): Uint8Array => {
  const lists = numeric.map((name) => Array.from(index[name]));
  if (lists.some((list) => list.some((number) => number < 0 || number > 0xffff || !Number.isInteger(number))))
    throw new Error('the search index has a number that does not fit into 16 bits');
  const text = Object.entries(index).filter(([name]) => !(numeric as readonly string[]).includes(name));
  const header = JSON.stringify({ ...Object.fromEntries(text), lengths: lists.map(({ length }) => length) });
  const bytes = Buffer.from(Buffer.byteLength(header) % 2 ? `${header} ` : header);
  const length = Buffer.alloc(prefix);
  length.writeUInt32LE(bytes.length);
  const numbers = Buffer.alloc(2 * lists.flat().length);
  lists.flat().forEach((number, at) => numbers.writeUInt16LE(number, 2 * at));
  return Buffer.concat([length, bytes, numbers]);
};

/** The index in a file. */
export const unpackIndex = (file: Uint8Array): SearchIndex => {
  const buffer = Buffer.from(file);
  const end = prefix + buffer.readUInt32LE();
  const { lengths, ...text } = JSON.parse(buffer.toString('utf8', prefix, end)) as Header;
  // Copied: a view must begin at an even place. Machines that run Node.js today have the low byte first.
  const all = new Uint16Array(Uint8Array.from(buffer.subarray(end)).buffer);
  let at = 0;
  const numbers = numeric.map((name, list) => [name, all.subarray(at, (at += lengths[list]!))] as const);
  // What packIndex wrote: a list for each name.
  return { ...text, ...(Object.fromEntries(numbers) as unknown as Record<(typeof numeric)[number], Numbers>) };
};
