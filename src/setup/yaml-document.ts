import {
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  stringify,
  type Pair,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { DocumentError, lineEndOf, type DocumentFormat, type Entry, type EntryPlace } from './documents.ts';

const parseText = (text: string) => {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter });
  const [error] = document.errors;
  if (!error) return document;
  const { line, col } = lineCounter.linePos(error.pos[0]);
  const [message = ''] = error.message.split('\n', 1);
  throw new DocumentError(message.replace(/ at line \d+, column \d+:?$/, ''), line, col);
};

type Range = readonly [start: number, valueEnd: number, nodeEnd: number];
interface Ranged {
  range?: Range | null | undefined;
}

const lineStart = (text: string, at: number): number => text.lastIndexOf('\n', at - 1) + 1;

/** Where the line ends on which the last word before a place stands; its comment belongs to it. */
const lineEnd = (text: string, at: number): number => {
  const last = text.slice(0, at).trimEnd().length;
  const end = text.indexOf('\n', last);
  return end < 0 ? text.length : end + 1;
};

const startOf = ({ key }: Pair): number => (key as Ranged).range![0];
const endOf = ({ key, value }: Pair): number => {
  const range = (value as Ranged | null)?.range;
  return range ? range[1] : (key as Ranged).range![1];
};

const pairOf = (map: YAMLMap, name: string): Pair | undefined =>
  map.items.find(({ key }) => isScalar(key) && key.value === name);

const indented = (text: string, indent: string, eol: string): string =>
  text
    .trimEnd()
    .replace(/^(?=.)/gm, indent)
    .replaceAll('\n', eol) + eol;

/** A text that ends with its line. */
const closed = (text: string, eol: string): string => (text === '' || text.endsWith('\n') ? text : text + eol);

const insert = (text: string, at: number, block: string): string => text.slice(0, at) + block + text.slice(at);

const writeEntry = ({ name, isList }: Pick<EntryPlace, 'name' | 'isList'>, entry: Entry): string =>
  stringify(isList ? [entry] : { [name]: entry }, { lineWidth: 0 });

const isEmptyNode = (node: unknown): boolean =>
  node === null || (isScalar(node) && node.value === null) || ((isMap(node) || isSeq(node)) && !node.items.length);

const ranged = (node: unknown): Range | undefined => (node as Ranged | null)?.range ?? undefined;

/** Puts items at the end of a block of them, indented as they are. */
const appendTo = (text: string, container: YAMLMap | YAMLSeq, place: EntryPlace, entry: Entry): string => {
  if (container.flow)
    throw new DocumentError(`${place.under.join('.')} is written in braces, which are not changed here`);
  const eol = lineEndOf(text);
  const [first] = container.items;
  const start = isMap(container) ? startOf(first as Pair) : ranged(first)![0];
  const indent = /^[ \t]*/.exec(text.slice(lineStart(text, start)))![0];
  const whole = closed(text, eol);
  const at = lineEnd(whole, ranged(container)![1]);
  return insert(whole, at, indented(writeEntry(place, entry), indent, eol));
};

const itemOf = (list: YAMLSeq, name: string): Ranged | undefined =>
  list.items.find((item) => isMap(item) && item.get('name') === name) as Ranged | undefined;

/** Where an entry stands: from the start of its line to the end of its last one. */
const spanOf = (text: string, container: unknown, { name, isList }: EntryPlace): [number, number] | undefined => {
  if (isList) {
    const item = isSeq(container) && !container.flow ? itemOf(container, name)?.range : undefined;
    return item ? [lineStart(text, item[0]), lineEnd(text, item[1])] : undefined;
  }
  const pair = isMap(container) && !container.flow ? pairOf(container, name) : undefined;
  return pair ? [lineStart(text, startOf(pair)), lineEnd(text, endOf(pair))] : undefined;
};

/** YAML in blocks, as people write it. */
export const yamlDocument: DocumentFormat = {
  parse: (text) => parseText(text).toJS() as unknown,
  set: (text, place, entry) => {
    const { under } = place;
    const eol = lineEndOf(text);
    const document = parseText(text);
    const root: unknown = document.contents;
    if (root !== null && !isMap(root)) throw new DocumentError('the document is not a map');
    const container: unknown = under.length ? document.getIn(under, true) : root;
    const span = spanOf(text, container, place);
    if (span) {
      const indent = /^[ \t]*/.exec(text.slice(span[0]))![0];
      return text.slice(0, span[0]) + indented(writeEntry(place, entry), indent, eol) + text.slice(span[1]);
    }
    if ((isMap(container) || isSeq(container)) && container.items.length) {
      if (isSeq(container) !== Boolean(place.isList))
        throw new DocumentError(`${under.join('.')} is not a ${place.isList ? 'list' : 'map'}`);
      return appendTo(text, container, place, entry);
    }
    if (container !== undefined && container !== null && !isEmptyNode(container))
      throw new DocumentError(`${under.join('.')} is not a ${place.isList ? 'list' : 'map'}`);
    const block = indented(writeEntry(place, entry), '  '.repeat(under.length), eol);
    if (root === null || !under.length) return closed(text, eol) + keysOf(under, eol) + block;
    const [key = ''] = under;
    const pair = pairOf(root, key);
    if (under.length > 1 && pair) throw new DocumentError(`${key} is not changed here`);
    if (!pair) return closed(text, eol) + keysOf(under, eol) + block;
    // A key without a value, or with empty braces.
    const keyEnd = (pair.key as Ranged).range![1];
    const colon = text.indexOf(':', keyEnd) + 1;
    // A value that is not written has a place behind the blanks.
    const isWritten = isMap(pair.value) || isSeq(pair.value) || (isScalar(pair.value) && pair.value.source !== '');
    const valueEnd = isWritten ? Math.max(colon, endOf(pair)) : colon;
    const whole = closed(text.slice(0, colon) + text.slice(valueEnd), eol);
    return insert(whole, lineEnd(whole, colon), block);
  },
  remove: (text, place, parents) => {
    const { under } = place;
    const document = parseText(text);
    const root: unknown = document.contents;
    const container: unknown = under.length ? document.getIn(under, true) : root;
    const span = spanOf(text, container, place);
    if (!span) return text;
    const left = (container as YAMLMap | YAMLSeq).items.length - 1;
    const cut = (from: number, to: number): string => text.slice(0, from) + text.slice(to);
    const [key] = under;
    const pair = key !== undefined && isMap(root) ? pairOf(root, key) : undefined;
    if (left || !pair) return cut(...span);
    if (parents) return cut(lineStart(text, startOf(pair)), span[1]);
    const colon = text.indexOf(':', (pair.key as Ranged).range![1]) + 1;
    return `${text.slice(0, colon)} ${place.isList ? '[]' : '{}'}${text.slice(colon, span[0])}${text.slice(span[1])}`;
  },
};

const keysOf = (under: readonly string[], eol: string): string =>
  under.map((key, depth) => `${'  '.repeat(depth)}${key}:${eol}`).join('');
