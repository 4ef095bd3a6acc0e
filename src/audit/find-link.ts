import { readLine, type Link } from './chain.ts';
import { linesBackwards, listFiles } from './files.ts';

const findLastIn = (file: string): Link | undefined => {
  try {
    for (const bytes of linesBackwards(file)) {
      const line = readLine(bytes);
      if (line?.sound) return { seq: line.seq, hash: line.hash };
    }
  } catch {
    // What is in its place cannot be read, and has no entries.
  }
  return undefined;
};

/** The last sound entry of a log, rotated files included; undefined when there is none. */
export const findLastLink = (path: string): Link | undefined => {
  for (const file of listFiles(path).reverse()) {
    const link = findLastIn(file);
    if (link) return link;
  }
  return undefined;
};

/** Whether an entry is in a log as this link says, looked for from the log's end. */
export const hasLink = (path: string, { seq, hash }: Link): boolean => {
  for (const file of listFiles(path).reverse())
    for (const bytes of linesBackwards(file)) {
      const line = readLine(bytes);
      if (line && line.seq <= seq) return line.sound && line.seq === seq && line.hash === hash;
    }
  return seq === 0;
};
