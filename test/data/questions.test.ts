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

const plain = questions.filter(({ kind }) => kind === 'plain');
const asksFor = new Map([...names].map((name) => [name, plain.filter(({ commands }) => commands[0]!.includes(name))]));

test('every command has a question of its own', () => {
  const missing = [...names].filter((name) => !asksFor.get(name)!.length);
  expect(missing.map((name) => `${name}: no question; ask one in test/sweep/questions`)).toEqual([]);
});

test('the set is as large as its README.md says', () => {
  const everyday = [...asksFor].filter(([, asked]) => asked.length >= 10);
  expect(questions.length).toBeGreaterThanOrEqual(1500);
  expect(everyday.length).toBeGreaterThanOrEqual(100);
  for (const kind of ['composite', 'typo'])
    expect(questions.filter((question) => question.kind === kind).length).toBeGreaterThanOrEqual(100);
});
