import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { createSearch } from '../../src/search/search.ts';
import { toMatch } from '../../src/mcp/describe.ts';
import type { Tool } from '../../src/catalog/tool.ts';

/** One line of test/sweep/questions/; its README.md says what the fields mean. */
export interface Question {
  question: string;
  /** One list for each wish; any command of a list grants it. */
  commands: string[][];
  kind: 'plain' | 'composite' | 'typo';
}

/** Whoever makes the search better looks at one half of the questions only; the other says whether it holds for what nobody looked at. */
export const isLookedAt = ({ question }: Question): boolean =>
  createHash('sha256').update(question).digest()[0]! % 2 === 0;

/** What find-tools answered to a question. */
export interface Finding extends Question {
  /** The toolset of the first command that is wanted. */
  toolset: string;
  /** For each wish, the place of its best match, from 1; undefined where no match grants it. */
  ranks: (number | undefined)[];
  /** The command that came first; undefined where nothing was found. */
  top: string | undefined;
  /** The wishes come before anything else: one wish first, two in the first two places. */
  isFirst: boolean;
  isInFive: boolean;
  /** In five, and the matches name every required parameter. */
  isComplete: boolean;
  /** Milliseconds of this search. */
  took: number;
}

const folder = 'test/sweep/questions';

/** Every question of the development set. */
export const loadQuestions = (): Question[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .flatMap((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Question[]);

/** One line of test/sweep/questions/further/: also what leads elsewhere than to a command, and what nothing answers. */
export type FurtherQuestion =
  | { question: string; kind: 'plain' | 'composite'; commands: string[][] }
  | { question: string; kind: 'lead'; lead: string }
  | { question: string; kind: 'foreign' };

/** Questions that were asked after the search was made better, and looked at since. */
export const loadFurtherQuestions = (): FurtherQuestion[] =>
  JSON.parse(readFileSync(join(folder, 'further/questions.json'), 'utf8')) as FurtherQuestion[];

/** By kind, the percentage that is answered right: the wishes first, the lead, nothing at all. */
export const measureFurther = (questions: readonly FurtherQuestion[]): Record<FurtherQuestion['kind'], number> => {
  const search = createSearch(loadCatalog());
  const isRight = (asked: FurtherQuestion): boolean => {
    const { matches, lead } = search(asked.question, { limit });
    if (asked.kind === 'foreign') return !matches.length && !lead;
    if (asked.kind === 'lead') return lead?.lead.name === asked.lead;
    const firsts = matches.slice(0, asked.commands.length).map(({ tool }) => tool.command.name);
    return !lead && asked.commands.every((wish) => wish.some((command) => firsts.includes(command)));
  };
  const share = (kind: FurtherQuestion['kind']): number => {
    const all = questions.filter((asked) => asked.kind === kind);
    return (100 * all.filter(isRight).length) / all.length;
  };
  return { plain: share('plain'), composite: share('composite'), lead: share('lead'), foreign: share('foreign') };
};

const namesRequired = (tool: Tool): boolean => {
  const match = JSON.stringify(toMatch(tool));
  return tool.command.params.every(({ name, required }) => !required || match.includes(`"${name}"`));
};

/** As many matches as find-tools gives by default. */
const limit = 10;

/** Asks the catalog's search every question. The first search builds the index and is not timed. */
export const measureSearch = (questions: readonly Question[]): Finding[] => {
  const catalog = loadCatalog();
  const search = createSearch(catalog);
  search('build the index', { limit });
  return questions.map((question) => {
    const start = performance.now();
    const { matches, lead } = search(question.question, { limit });
    const took = performance.now() - start;
    const wishes = question.commands.map((commands) => {
      const at = matches.findIndex(({ tool }) => commands.includes(tool.command.name));
      return { rank: at < 0 ? undefined : at + (lead ? 2 : 1), match: matches[at]?.tool };
    });
    const isWithin = (places: number): boolean => wishes.every(({ rank }) => rank !== undefined && rank <= places);
    const isInFive = isWithin(5);
    return {
      ...question,
      toolset: catalog.find(question.commands[0]![0]!)!.toolset,
      ranks: wishes.map(({ rank }) => rank),
      top: lead?.lead.name ?? matches[0]?.tool.command.name,
      isFirst: isWithin(wishes.length),
      isInFive,
      isComplete: isInFive && wishes.every(({ match }) => match && namesRequired(match)),
      took,
    };
  });
};

/** How many of some questions, as a percentage. */
export interface Quality {
  questions: number;
  first: number;
  inFive: number;
  complete: number;
}

/** The quality of some findings; of none it is not a number. */
export const qualityOf = (findings: readonly Finding[]): Quality => {
  const percentage = (is: (finding: Finding) => boolean): number =>
    (100 * findings.filter(is).length) / findings.length;
  return {
    questions: findings.length,
    first: percentage(({ isFirst }) => isFirst),
    inFive: percentage(({ isInFive }) => isInFive),
    complete: percentage(({ isComplete }) => isComplete),
  };
};

/** So many questions of one wish make a command an everyday one. */
const everyday = 10;

/** Findings by kind of question; those that ask for one everyday command stand apart too. */
export const groupsOf = (
  findings: readonly Finding[],
): Record<'looked at' | 'not looked at' | Question['kind'] | 'everyday', Finding[]> => {
  const plain = findings.filter(({ kind }) => kind === 'plain');
  const asked = new Map<string, number>();
  for (const command of plain.flatMap(({ commands }) => commands.flat()))
    asked.set(command, (asked.get(command) ?? 0) + 1);
  return {
    'looked at': findings.filter(isLookedAt),
    'not looked at': findings.filter((finding) => !isLookedAt(finding)),
    plain,
    everyday: plain.filter(({ commands }) => commands[0]!.some((command) => asked.get(command)! >= everyday)),
    composite: findings.filter(({ kind }) => kind === 'composite'),
    typo: findings.filter(({ kind }) => kind === 'typo'),
  };
};
