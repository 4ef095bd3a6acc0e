import { statSync } from 'node:fs';
import { follows, readLine, start, type Link } from './chain.ts';
import { linesBackwards, listParts, partPath, readRange } from './files.ts';
import { findLastLink } from './find-link.ts';
import { readHead, type Head } from './head.ts';

/** What a writer finds where it is about to go on. */
export interface Found {
  /** Where the chain ends. */
  link: Link;
  /** Bytes of the current file that are part of it. */
  size: number;
  /** Number that the current file gets when it is rotated. */
  part: number;
  previous?: string | undefined;
  /** Whole entries that the head did not know yet: the process before was killed. */
  accepted: number;
  /** The rest of a line that was not written to its end. */
  torn?: Buffer | undefined;
  /** What no crash can have done. The file must not be gone on with. */
  broken?: string | undefined;
}

/** Whether the file ends, at what its head knows, with the entry that the head knows. */
const isAnchored = (path: string, { count, hash, bytes }: Head): boolean => {
  if (bytes === 0) return true;
  if (readRange(path, bytes - 1, bytes)[0] !== 10) return false;
  const last = linesBackwards(path, bytes).next();
  const line = last.done ? undefined : readLine(last.value);
  return line !== undefined && line.sound && line.seq === count && line.hash === hash;
};

/** Follows what the process before wrote after its last look at the head. */
const followTail = (path: string, head: Head): Pick<Found, 'link' | 'size' | 'accepted' | 'torn' | 'broken'> => {
  let link: Link = { seq: head.count, hash: head.hash };
  const tail = readRange(path, head.bytes);
  let from = 0;
  for (let at = tail.indexOf(10); at >= 0; at = tail.indexOf(10, from)) {
    const line = readLine(tail.subarray(from, at));
    if (!follows(line, link))
      return {
        link,
        size: 0,
        accepted: 0,
        broken: `after entry ${link.seq}, the last in order, comes a line that does not follow it`,
      };
    link = { seq: line.seq, hash: line.hash };
    from = at + 1;
  }
  const torn = from < tail.length ? tail.subarray(from) : undefined;
  return { link, size: head.bytes + from, accepted: link.seq - head.count, torn };
};

/** Looks at a log before it is gone on with. Reads only what the head does not answer for. */
export const examine = (path: string): Found => {
  const parts = listParts(path);
  const last = parts.at(-1);
  const previous = last === undefined ? undefined : partPath('', last).slice(1);
  const head = readHead(path);
  const size = statSync(path, { throwIfNoEntry: false })?.size;
  const next = { part: (last ?? 0) + 1, previous, size: 0, accepted: 0 };
  if (typeof head === 'string') {
    if (head === 'missing' && !size && last === undefined) return { ...next, link: start };
    const link = findLastLink(path) ?? start;
    return { ...next, link, broken: `the head file is ${head}; entries after ${link.seq} may be missing` };
  }
  const known = { link: { seq: head.count, hash: head.hash } };
  const broken = (what: string): Found => ({ ...next, ...known, broken: what });
  const part = Math.max(head.part, next.part);
  if (size === undefined) {
    // Between the renaming of a full file and the first line of the next one.
    if (head.bytes === 0 || parts.includes(head.part)) return { ...next, ...known, part };
    return broken('the file is missing');
  }
  if (size < head.bytes) return broken(`the file has ${size} bytes of the ${head.bytes} that its head knows`);
  if (!isAnchored(path, head)) return broken(`entry ${head.count} is not where its head says`);
  return { ...next, part, ...followTail(path, head) };
};
