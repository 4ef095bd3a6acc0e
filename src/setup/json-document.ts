import { evaluate, parse, type MemberNode, type ObjectNode, type ValueNode } from '@humanwhocodes/momoa';
import { DocumentError, lineEndOf, type DocumentFormat, type EntryPlace } from './documents.ts';

const parseText = (text: string): ValueNode => {
  try {
    return parse(text.trim() === '' ? '{}' : text, { mode: 'jsonc', ranges: true, allowTrailingCommas: true }).body;
  } catch (error) {
    const { message, line, column } = error as Error & { line?: number; column?: number };
    throw new DocumentError(message.replace(/ \(\d+:\d+\)$/, ''), line, column);
  }
};

const nameOf = ({ name }: MemberNode): string => (name.type === 'String' ? name.value : name.name);

const memberOf = (object: ObjectNode, key: string): MemberNode | undefined =>
  object.members.find((member) => nameOf(member) === key);

const asObject = (node: ValueNode, what: string): ObjectNode => {
  if (node.type === 'Object') return node;
  const { line, column } = node.loc.start;
  throw new DocumentError(`${what} is not an object`, line, column);
};

/** What stands on a line before a place in it, as far as it is blank. */
const indentAt = (text: string, at: number): string =>
  /^[ \t]*/.exec(text.slice(text.lastIndexOf('\n', at - 1) + 1, at))![0];

/** Where a line ends that holds nothing more than blanks, a comma and a comment from here on; undefined where more stands there. */
const restOfLine = (text: string, from: number): number | undefined => {
  const end = /\r?\n|$/.exec(text.slice(from))!.index + from;
  const rest = text.slice(from, end).replace(',', '').trim();
  const isComment = rest.startsWith('//') || (rest.startsWith('/*') && rest.indexOf('*/') === rest.length - 2);
  return rest === '' || isComment ? end : undefined;
};

const splice = (text: string, start: number, end: number, by: string): string =>
  text.slice(0, start) + by + text.slice(end);

/** How deep one level is indented: as the first line that is. */
const unitOf = (text: string): string => /\n([ \t]+)\S/.exec(text)?.[1] ?? '  ';

const insertMember = (text: string, object: ObjectNode, key: string, value: unknown): string => {
  const [start, end] = object.range!;
  const unit = unitOf(text);
  const eol = lineEndOf(text);
  const last = object.members.at(-1);
  const isOneLine = last !== undefined && !text.slice(start, end).includes('\n');
  if (isOneLine) {
    const [, at] = last.range!;
    return splice(text, at, at, `, ${JSON.stringify(key)}: ${JSON.stringify(value)}`);
  }
  const outer = indentAt(text, start);
  const inner = last ? indentAt(text, last.range![0]) : outer + unit;
  const written = JSON.stringify(value, null, unit).replaceAll('\n', eol + inner);
  const member = `${eol}${inner}${JSON.stringify(key)}: ${written}`;
  if (!last) {
    // A comment in an empty object stays before what is put there.
    const within = text.slice(start + 1, end - 1).trimEnd();
    return splice(text, start + 1 + within.length, end - 1, `${member}${eol}${outer}`);
  }
  const [, at] = last.range!;
  const hasComma = /^\s*(?:\/\*[^]*?\*\/\s*|\/\/[^\n]*\n\s*)*,/.test(text.slice(at, end));
  const line = restOfLine(text, at) ?? at;
  if (hasComma) return splice(text, line, line, `${member},`);
  return splice(splice(text, line, line, member), at, at, ',');
};

const removeMember = (text: string, object: ObjectNode, member: MemberNode): string => {
  const [start, end] = member.range!;
  const index = object.members.indexOf(member);
  const next = object.members[index + 1];
  const previous = object.members[index - 1];
  // The comma behind it goes with it, or else the one before it.
  if (next) {
    const lineStart = text.lastIndexOf('\n', start - 1) + 1;
    const ownLine = text.slice(lineStart, start).trim() === '';
    const comma = text.indexOf(',', end) + 1;
    const lineEnd = /^[ \t]*\r?\n/.exec(text.slice(comma))?.[0].length;
    return ownLine && lineEnd !== undefined
      ? splice(text, lineStart, comma + lineEnd, '')
      : splice(text, start, next.range![0], '');
  }
  const hasComma = /^\s*,/.exec(text.slice(end))?.[0].length ?? 0;
  const from = text.slice(0, start).trimEnd().length;
  if (!previous) return splice(text, from, text.slice(0, object.range![1] - 1).length, '');
  const cut = splice(text, from, end + hasComma, '');
  if (hasComma) return cut;
  const at = text.indexOf(',', previous.range![1]);
  return splice(cut, at, at + 1, '');
};

/** JSON as hosts write and read it: with comments and trailing commas where they are. */
export const jsonDocument: DocumentFormat = {
  parse: (text) => evaluate(parseText(text)),
  set: (text, { under, name }: EntryPlace, entry) => {
    const whole = text.trim() === '' ? `{}${lineEndOf(text)}` : text;
    let object = asObject(parseText(whole), 'the document');
    const keys = [...under, name];
    for (const [at, key] of keys.entries()) {
      const member = memberOf(object, key);
      const rest = keys.slice(at + 1);
      if (!member) {
        const nested = rest.reduceRight<unknown>((value, inner) => ({ [inner]: value }), entry);
        return insertMember(whole, object, key, nested);
      }
      if (!rest.length) {
        const [start, end] = member.value.range!;
        const indent = indentAt(whole, member.range![0]);
        const isOneLine = !whole.slice(...object.range!).includes('\n');
        const written = isOneLine ? JSON.stringify(entry) : JSON.stringify(entry, null, unitOf(whole));
        return splice(whole, start, end, written.replaceAll('\n', lineEndOf(whole) + indent));
      }
      object = asObject(member.value, key);
    }
    return whole;
  },
  remove: (text, { under, name }, parents) => {
    const path: [ObjectNode, MemberNode][] = [];
    let node = parseText(text);
    for (const key of [...under, name]) {
      const member = node.type === 'Object' ? memberOf(node, key) : undefined;
      if (!member) return text;
      path.push([node as ObjectNode, member]);
      node = member.value;
    }
    let [object, member] = path.pop()!;
    while (parents && path.length && object.members.length === 1) [object, member] = path.pop()!;
    return removeMember(text, object, member);
  },
};
