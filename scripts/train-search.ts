/**
 * npm run train-search: learns from what people say (data/phrasings.json, data/training-phrasings.json, data/lead-phrasings.json, the commands' names and
 * summaries) which words mean which command, from data/foreign-questions.json which mean none, and writes
 * data/search-weights.json. It takes less than a minute, and always comes to
 * the same. The questions by which the search is measured are not read. `-- --rounds N` shows every example N times only: for a
 * try, quicker and worse.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { loadForeignQuestions } from '../src/search/foreign.ts';
import { openIndex } from '../src/search/open-index.ts';
import { readQuery } from '../src/search/rank.ts';
import { loadLessons, prepareSavedIndex } from '../src/search/saved-index.ts';
import { digestOf, type SavedIntent } from '../src/search/saved-intent.ts';
import { misspell } from './train-search/misspell.ts';
import { trainForeign } from './train-search/foreign.ts';
import { train, type Options } from './train-search/train.ts';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '10' } } });
const rounds = Number(values.rounds);

/** Found by trial over the looked-at half of test/sweep/questions. */
const options: Options = {
  size: 40,
  rounds,
  rate: 0.1,
  step: 1,
  rounded: Math.floor(rounds / 2),
  least: 2,
  seed: 5,
};

/** Of what people say one in so many is learned with a typing error, too. */
const everyOther = 5;

const index = openIndex(prepareSavedIndex());
const lessons = loadLessons();
const numbers = new Map(index.commands.map((name, number) => [name, number]));
const examples = lessons.map(({ text, command, times }) => ({
  query: readQuery(index, text),
  command: numbers.get(command)!,
  times,
}));
const { actionOf, objectOf, actions, objects, commands } = index;
const taught = examples.map(({ query: { features }, command, times }) => ({ features, command, times }));
const trained = train(
  { examples: taught, actionOf, objectOf, actions: actions.length, objects: objects.length },
  options,
);
const texts = lessons.filter(({ times }) => times === 1).map(({ text }) => text);
const foreign = trainForeign(
  [
    // A typing error does not make a wish foreign.
    ...[...texts, ...texts.filter((_, at) => at % everyOther === 0).map(misspell)].map((text) => ({
      query: readQuery(index, text),
      isForeign: false,
    })),
    ...loadForeignQuestions().map((text) => ({ query: readQuery(index, text), isForeign: true })),
  ],
  trained.names,
);
const { rows: foreignRows, ...foreignness } = foreign;
const toText = (rows: Int8Array): string => Buffer.from(rows.buffer, rows.byteOffset, rows.length).toString('base64');
const saved: SavedIntent = {
  digest: digestOf(lessons),
  size: options.size,
  scale: trained.scale,
  names: trained.names,
  actions,
  objects,
  commands,
  rows: toText(trained.rows),
  ofAction: toText(trained.ofAction),
  ofObject: toText(trained.ofObject),
  ofCommand: toText(trained.ofCommand),
  foreignRows: toText(foreignRows),
  foreign: foreignness,
};
const lines = Object.entries(saved).map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`);
writeFileSync('data/search-weights.json', `{\n${lines.join(',\n')}\n}\n`);
