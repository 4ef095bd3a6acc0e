import { loadData } from '../data.ts';
import { factors } from './factors.ts';
import { lengthOf } from './features.ts';
import { knownRows, type TrainedIndex } from './intent.ts';
import type { SearchQuery } from './rank.ts';

/** What people ask that no command, tool or prompt answers: the search learns from it what to leave unanswered. */
export const loadForeignQuestions = (): readonly string[] => loadData('foreign-questions.json');

/** How likely a query asks for nothing that a cloud has: the logarithm of the odds; low where nothing was learned. */
export const foreignness = (index: TrainedIndex, { features, words, guessed }: SearchQuery): number => {
  const { scale, bias, unknown, ofGuessed } = index.intent.foreign;
  const rows = knownRows(index, features);
  const length = lengthOf(rows);
  let sum = 0;
  for (const [row, counts] of rows) sum += counts * index.intent.foreignRows[row]!;
  const strange = words.filter(({ candidates }) => !candidates.length).length;
  return bias + (scale * sum) / length + (unknown * strange + ofGuessed * guessed) / (words.length || 1);
};

/** Whether a query is so foreign, and its best match so weak, that the match is none. */
export const isForeign = (index: TrainedIndex, query: SearchQuery, score: number): boolean =>
  score < factors.foreignBelow && foreignness(index, query) > factors.foreignOdds + factors.foreignFit * score;
