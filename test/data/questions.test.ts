import { expect, test } from 'vitest';
import { loadQuestions } from '../../scripts/search-quality/measure.ts';
import { loadCatalog } from '../../src/catalog/catalog.ts';

const questions = loadQuestions();
const names = new Set(loadCatalog().tools.map(({ command }) => command.name));

test('every question is asked once, and a command answers each of its wishes', () => {
  const words = ({ question }: { question: string }): string => question.toLowerCase().match(/\w+/g)!.join(' ');
  const asked = questions.map(words);
  expect(asked.filter((question, at) => asked.indexOf(question) !== at)).toEqual([]);
  const wrong = questions.filter(
    ({ commands, kind }) =>
      (kind === 'composite') !== commands.length > 1 ||
      !commands.every((wish) => wish.length > 0 && wish.every((command) => names.has(command))),
  );
  expect(wrong).toEqual([]);
});
