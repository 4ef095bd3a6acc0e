import type { Intent } from './intent.ts';
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
] as const satisfies readonly (keyof SearchIndex)[];

const weighing = ['rows', 'ofAction', 'ofObject', 'ofCommand', 'trained'] as const satisfies readonly (keyof Intent)[];

/**
 * What stands at the beginning of the file: all that is text, how many numbers of each kind follow, 16 bits each, and how many
 * of those that were learned, 8 bits each.
 */
interface Header extends Omit<SearchIndex, (typeof numeric)[number] | 'intent'> {
  lengths: number[];
  intent: Omit<Intent, (typeof weighing)[number]>;
  bytes: number[];
}

/** Bytes of the length of the header, which is JSON; numbers begin at an even place. */
const prefix = 4;

/** An index as a file: fast to read, since its numbers need no reading. Throws where one does not fit into 16 bits. */
export const packIndex = (index: SearchIndex): Uint8Array => {
  const lists = numeric.map((name) => Array.from(index[name]));
  if (lists.some((list) => list.some((number) => number < 0 || number > 0xffff || !Number.isInteger(number))))
    throw new Error('the search index has a number that does not fit into 16 bits');
  const text = Object.entries(index).filter(([name]) => !(numeric as readonly string[]).includes(name));
  const bytes = weighing.map((name) => index.intent[name]);
  const intent = Object.entries(index.intent).filter(([name]) => !(weighing as readonly string[]).includes(name));
  const header = JSON.stringify({
    ...Object.fromEntries(text),
    intent: Object.fromEntries(intent),
    lengths: lists.map(({ length }) => length),
    bytes: bytes.map(({ length }) => length),
  });
  const head = Buffer.from(Buffer.byteLength(header) % 2 ? `${header} ` : header);
  const length = Buffer.alloc(prefix);
  length.writeUInt32LE(head.length);
  const numbers = Buffer.alloc(2 * lists.flat().length);
  lists.flat().forEach((number, at) => numbers.writeUInt16LE(number, 2 * at));
  return Buffer.concat([
    length,
    head,
    numbers,
    ...bytes.map((list) => Buffer.from(list.buffer, list.byteOffset, list.length)),
  ]);
};

/** The index in a file. */
export const unpackIndex = (file: Uint8Array): SearchIndex => {
  const buffer = Buffer.from(file);
  const end = prefix + buffer.readUInt32LE();
  const { lengths, bytes, intent, ...text } = JSON.parse(buffer.toString('utf8', prefix, end)) as Header;
  // Copied: a view must begin at an even place. Machines that run Node.js today have the low byte first.
  const body = new Uint8Array(buffer.subarray(end));
  const count = lengths.reduce((sum, length) => sum + length, 0);
  const all = new Uint16Array(body.buffer, 0, count);
  let at = 0;
  const numbers = numeric.map((name, list) => [name, all.subarray(at, (at += lengths[list]!))] as const);
  let place = 2 * count;
  const lists = weighing.map(
    (name, list) => [name, new Int8Array(body.buffer, place, bytes[list]), (place += bytes[list]!)] as const,
  );
  // What packIndex wrote: a list for each name.
  return {
    ...text,
    ...(Object.fromEntries(numbers) as unknown as Record<(typeof numeric)[number], Numbers>),
    intent: { ...intent, ...(Object.fromEntries(lists) as unknown as Record<(typeof weighing)[number], Int8Array>) },
  };
};
