/**
 * npm run search-quality: asks find-tools' search the questions of test/sweep/questions and prints how often the right
 * command came first and in five, and how often its match names all required parameters; by the half of
 * the questions that was looked at and the other, by kind, by toolset, with times and sizes. Further questions stand apart: what leads to
 * a tool or a prompt, what nothing answers.
 * --misses adds a line for each wish that did not come first, without the question: what was wanted, its place, what
 * came first. --questions adds a line for every wish, with the question. --cold measures only what new processes
 * take, in time and in processor time: from the first call of the function that opens the index until the index can answer, and for their
 * first question.
 */
import { parseArgs } from 'node:util';
import { loadToolsets } from '../src/catalog/tool.ts';
import { measureCold } from './search-quality/cold.ts';
import {
  groupsOf,
  loadFurtherQuestions,
  loadQuestions,
  measureFurther,
  measureSearch,
  qualityOf,
  type Finding,
} from './search-quality/measure.ts';

const { values: asked } = parseArgs({
  options: { misses: { type: 'boolean' }, questions: { type: 'boolean' }, cold: { type: 'boolean' } },
});

/** New processes that are measured. */
const runs = 15;

if (asked.cold) {
  const times = await measureCold(runs);
  for (const name of ['load', 'first'] as const)
    for (const clock of ['wall', 'cpu'] as const) {
      const sorted = times.map((time) => time[name][clock]).sort((a, b) => a - b);
      const [least, median, most] = [0, (runs - 1) / 2, runs - 1].map((at) => sorted[at]!.toFixed(1));
      const what = clock === 'wall' ? 'time' : 'processor time';
      process.stdout.write(`${name}: ${median} ms of ${what} (median of ${runs}; ${least}–${most})\n`);
    }
  process.exit();
}

const findings = measureSearch(loadQuestions());
const print = (line: string): void => void process.stdout.write(`${line}\n`);

const row = (what: string, ...cells: string[]): string =>
  [what.padEnd(20), ...cells.map((cell) => cell.padStart(10))].join('');

const printQuality = (what: string, chosen: readonly Finding[]): void => {
  const { questions, first, inFive, complete } = qualityOf(chosen);
  if (questions) print(row(what, String(questions), ...[first, inFive, complete].map((share) => share.toFixed(1))));
};

print(row('', 'questions', 'first %', 'in five %', 'required %'));
printQuality('all', findings);
for (const [kind, chosen] of Object.entries(groupsOf(findings))) printQuality(kind, chosen);
const further = loadFurtherQuestions();
for (const [kind, share] of Object.entries(measureFurther(further)))
  print(row(`further: ${kind}`, String(further.filter((one) => one.kind === kind).length), share.toFixed(1)));
print('');
for (const { name } of loadToolsets())
  printQuality(
    name,
    findings.filter(({ toolset }) => toolset === name),
  );

const times = findings.map(({ took }) => took).sort((a, b) => a - b);
const quantile = (share: number): string => times[Math.floor(share * (times.length - 1))]!.toFixed(2);
print(`\na find takes ${quantile(0.5)} ms (median), ${quantile(0.95)} ms (95 %)`);

const printWishes = ({ question, commands, ranks, top, isFirst }: Finding): void => {
  if (isFirst && !asked.questions) return;
  for (const [at, wanted] of commands.entries()) {
    const line = `${wanted.join(' or ')}: ${ranks[at] ?? 'none'}, first ${top ?? 'none'}`;
    print(asked.questions ? `${line} ← ${question}` : line);
  }
};
if (asked.misses || asked.questions) {
  print('');
  findings.forEach(printWishes);
}
