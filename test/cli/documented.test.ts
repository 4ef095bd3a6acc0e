import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { commands } from '../../src/cli/commands.ts';
import { documentedPages, knownOptions, linesOf, ownWordsOf, problemOf, wordsOf } from '../support/documented.ts';

// Each is run from the installed package by `npm run package-check`. Here each is only read, by the parser of the program.

/** Options of other programs that documents name. */
const foreign = new Set(['--misses', '--prepare']);

test.each(documentedPages())('%s: every command line of ours is one that the program takes', (page) => {
  const known = knownOptions();
  const problems = linesOf(page).flatMap(({ line, text, isInline }) => {
    const words = ownWordsOf(text) ?? (isInline ? wordsOf(text) : undefined);
    if (!words) return [];
    const isCommand = Object.hasOwn(commands, words[0] ?? '') || !isInline;
    const problem = isCommand
      ? problemOf(words)
      : words.find((word) => word.startsWith('--') && !known.has(word.split('=')[0]!) && !foreign.has(word));
    return problem === undefined ? [] : [`${page}:${line} ${text}: ${problem}`];
  });
  expect(problems).toEqual([]);
});

test('every script of npm that a document names is there', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
  const named = documentedPages().flatMap((page) =>
    [...readFileSync(page, 'utf8').matchAll(/npm run (?:-s |--silent )?([a-z][\w:-]*)/g)].map(([, name]) => name!),
  );
  expect(named.filter((name) => !scripts[name])).toEqual([]);
});

describe('a wrong line is found', () => {
  test.each<[line: string, problem: RegExp]>([
    ['cloudstack-mcp-server call list-zones --feilds name', /no option --feilds/],
    ['npx cloudstack-mcp-server call list-zonez', /no tool list-zonez/],
    ['cloudstack-mcp-server call list-zones nmae=x | head -1', /no parameter nmae/],
    ['cloudstack-mcp-server plan mak x.yaml', /no command mak/],
    ['cloudstack-mcp-server init --role king', /role/],
    ['X=1 cloudstack-mcp-server whoiam', /no command whoiam/],
  ])('%s', (line, problem) => expect(problemOf(ownWordsOf(line)!)).toMatch(problem));
});
