import { hash } from 'node:crypto';

/** The end of a chain: the number of its last entry and that entry's hash. */
export interface Link {
  seq: number;
  hash: string;
}

/** What a chain begins with. */
export const start: Link = { seq: 0, hash: '0'.repeat(64) };

/** A line of the log as it says it is; `sound` when its hash fits its bytes. */
export interface ChainedLine extends Link {
  prev: string;
  sound: boolean;
}

/** Makes the next line of a chain (without line feed) of an entry's JSON, and the chain's new end. */
export const chainEntry = (entry: string, after: Link): { line: string; link: Link } => {
  const seq = after.seq + 1;
  const body = `{"seq":${seq},"prev":"${after.hash}",${entry.slice(1)}`;
  const digest = hash('sha256', body);
  return { line: `${body.slice(0, -1)},"hash":"${digest}"}`, link: { seq, hash: digest } };
};

/** The same of several entries, one after another. */
export const chainEntries = (entries: readonly string[], after: Link): { lines: string[]; link: Link } => {
  let link = after;
  const lines = entries.map((entry) => {
    const chained = chainEntry(entry, link);
    ({ link } = chained);
    return chained.line;
  });
  return { lines, link };
};

const opening = /^\{"seq":(\d{1,15}),"prev":"([0-9a-f]{64})",/;
const closing = /^,"hash":"([0-9a-f]{64})"\}$/;
const closingLength = 75;

/** Reads the bytes of a line (without line feed); undefined when no chain can have written them. */
export const readLine = (bytes: Buffer): ChainedLine | undefined => {
  const first = opening.exec(bytes.toString('latin1', 0, 120));
  const last = closing.exec(bytes.toString('latin1', Math.max(0, bytes.length - closingLength)));
  if (!first || !last) return undefined;
  const body = Buffer.concat([bytes.subarray(0, -closingLength), Buffer.from('}')]);
  return { seq: Number(first[1]), prev: first[2]!, hash: last[1]!, sound: hash('sha256', body) === last[1] };
};

/** Whether a line is the one that comes after this end of the chain. */
export const follows = (line: ChainedLine | undefined, link: Link): line is ChainedLine =>
  line !== undefined && line.sound && line.seq === link.seq + 1 && line.prev === link.hash;
