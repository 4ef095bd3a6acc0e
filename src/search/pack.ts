import type { Intent } from './intent.ts';
import type { Numbers, SearchIndex } from './search-index.ts';

const numeric = [
  'weights',
  'uses',
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

const signed = [
  'ofAction',
  'ofObject',
  'ofCommand',
  'trained',
  'foreignRows',
] as const satisfies readonly (keyof Intent)[];

/**
 * What stands at the beginning of the index: all that is text, how many numbers of each kind follow, 16 bits each, and how many
 * of those that were learned stand in the other file, 8 bits each, before the rows.
 */
interface Header extends Omit<SearchIndex, (typeof numeric)[number] | 'intent'> {
  lengths: number[];
  intent: Omit<Intent, (typeof signed)[number] | 'rows'>;
  bytes: number[];
}

/** Bytes of the length of the header, which is JSON; numbers begin at an even place. */
const prefix = 4;

/** An index as two files, since what was learned hardly becomes smaller when it is compressed, and that takes its time to undo. */
export interface PackedIndex {
  index: Uint8Array;
  weights: Uint8Array;
}

const toBytes = (list: Uint8Array | Int8Array): Buffer => Buffer.from(list.buffer, list.byteOffset, list.length);

/** An index as files: fast to read, since its numbers need no reading. Throws where one does not fit into 16 bits. */
export const packIndex = (index: SearchIndex): PackedIndex => {
  const lists = numeric.map((name) => Array.from(index[name]));
  if (lists.some((list) => list.some((number) => number < 0 || number > 0xffff || !Number.isInteger(number))))
    throw new Error('the search index has a number that does not fit into 16 bits');
  const text = Object.entries(index).filter(([name]) => !(numeric as readonly string[]).includes(name));
  const bytes = signed.map((name) => index.intent[name]);
  const intent = Object.entries(index.intent).filter(([name]) => !['rows', ...signed].includes(name));
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
  return {
    index: Buffer.concat([length, head, numbers]),
    weights: Buffer.concat([...bytes, index.intent.rows].map(toBytes)),
  };
};

/** The index in two files; its numbers are views of them, which must not change any more. */
export const unpackIndex = ({ index, weights }: PackedIndex): SearchIndex => {
  // A view must begin at an even place. Machines that run Node.js today have the low byte first.
  const { buffer, byteOffset, length } = index.byteOffset % 2 ? new Uint8Array(index) : index;
  const head = Buffer.from(buffer, byteOffset, length);
  const end = prefix + head.readUInt32LE();
  const { lengths, bytes, intent, ...text } = JSON.parse(head.toString('utf8', prefix, end)) as Header;
  let at = byteOffset + end;
  const numbers = numeric.map((name, list) => {
    const view = new Uint16Array(buffer, at, lengths[list]);
    at += view.byteLength;
    return [name, view] as const;
  });
  let place = weights.byteOffset;
  const lists = signed.map((name, list) => {
    const view = new Int8Array(weights.buffer, place, bytes[list]);
    place += view.byteLength;
    return [name, view] as const;
  });
  const rows = weights.subarray(place - weights.byteOffset);
  // What packIndex wrote: a list for each name.
  return {
    ...text,
    ...(Object.fromEntries(numbers) as unknown as Record<(typeof numeric)[number], Numbers>),
    intent: {
      ...intent,
      ...(Object.fromEntries(lists) as unknown as Record<(typeof signed)[number], Int8Array>),
      rows,
    },
  };
};
