import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { anchorOf } from './markdown.ts';

const page = 'docs/cloudstack-behaviour.md';

/** Anchors of the sections that describe how CloudStack behaves, by number: `1.2` → `12-signature`. */
const sections: ReadonlyMap<string, string> = new Map(
  [...readFileSync(page, 'utf8').matchAll(/^#+ (((\d(?:\.\d)?)\.?) .*)$/gm)].map(([, heading = '', , number = '']) => [
    number,
    anchorOf(heading),
  ]),
);

/** A link from another page of docs/ to a section. Throws for one that is not there. */
export const linkToSection = (number: string): string => {
  const anchor = sections.get(number);
  if (anchor === undefined) throw new Error(`${page} has no section ${number}`);
  return `[§${number}](cloudstack-behaviour.md#${anchor})`;
};

const citing = ['src', 'test', 'scripts'].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name)),
);

/** Sections that a comment cites and that are not there. */
export const missingSections = (): string[] =>
  citing.flatMap((path) =>
    [...readFileSync(path, 'utf8').matchAll(/§(\d(?:\.\d)?)/g)]
      .filter(([, number = '']) => !sections.has(number))
      .map(([cited]) => `${path} cites ${cited}, and ${page} has no such section`),
  );
