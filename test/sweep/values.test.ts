import { expect, test } from 'vitest';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { findValues, showValue, spellValue, type ValueSet } from '../../src/catalog/values.ts';
import { toolForRisk } from '../../src/guard/permit.ts';
import { countTypos } from '../../src/spelling.ts';
import { openApp, requiredOf } from '../guard/counting.ts';
import { openRaw } from '../guard/raw.ts';

/** A value with a letter too many, which no set has. */
const misspell = ({ values }: ValueSet): string => `${values.at(-1)}x`;

const closed = loadCatalog().tools.flatMap((tool) =>
  tool.command.params.flatMap((parameter) =>
    ['', ...(parameter.map?.keys ?? [])].flatMap((field) => {
      const set = findValues(tool.command.name, parameter.name, field);
      return set && !set.open ? [{ tool, parameter, field, set }] : [];
    }),
  ),
);

/** One word with one typing error in each of the ways that a hand makes. */
const typosOf = (word: string): string[] => {
  const at = word.length >> 1;
  const swapped = `${word.slice(0, at - 1)}${word[at] ?? ''}${word[at - 1] ?? ''}${word.slice(at + 1)}`;
  return [swapped, word.slice(0, at) + word.slice(at + 1), `${word.slice(0, at)}x${word.slice(at)}`];
};

/** The places where a value set is used, one for each set. */
const perSet = [...new Map(closed.map((place) => [place.set, place])).values()];

/** The words of a set, each with the value that it means. */
const wordsOf = ({ values, names }: ValueSet) =>
  values.flatMap((value) =>
    [String(value), names?.[value] ?? []].flat().flatMap((word) => (/^\d*$/.test(word) ? [] : [{ word, value }])),
  );

test('every value in any letter case is taken; misspelt in any of three ways, the nearest is suggested and nothing is sent', async () => {
  const { app, sent, close } = await openApp({}, {});
  const raw = await openRaw(app, { elicits: false });
  const wrong: string[] = [];
  let tried = 0;
  for (const { tool, parameter, field, set } of perSet) {
    const words = wordsOf(set);
    for (const { word, value } of words) {
      for (const cased of [word.toUpperCase(), word.toLowerCase()])
        if (spellValue(set, cased) === undefined) wrong.push(`${tool.name} ${parameter.name}: ${cased} is not taken`);
      for (const typo of typosOf(word)) {
        if (spellValue(set, typo) !== undefined || !typo.trim()) continue;
        tried++;
        sent.length = 0;
        const given = field ? [{ [field]: typo }] : parameter.type === 'list' ? [typo] : typo;
        const { result } = await raw.call(toolForRisk(tool.risk.risk), {
          tool: tool.name,
          arguments: requiredOf(tool.command, { [parameter.name]: given }),
        });
        const { message } = (result?.structuredContent?.['error'] ?? { message: '' }) as { message: string };
        // A typing error may lead as near to another value.
        const meant = words.filter((other) => countTypos(typo.toLowerCase(), other.word.toLowerCase()) <= 1);
        const hints = [{ value }, ...meant].some((one) =>
          message.includes(`did you mean ${showValue(set, one.value)}?`),
        );
        if (!hints || sent.length)
          wrong.push(`${tool.name} ${parameter.name}=${typo} (${word}): ${message.slice(0, 160)}`);
      }
    }
  }
  await raw.close();
  await close();
  expect(wrong).toEqual([]);
  process.stdout.write(
    `${tried} misspelt values of ${perSet.length} sets: 0 sent, each with the value that was meant\n`,
  );
});

test('D3: a misspelt value of a closed set is refused with the right one, and nothing is sent', async () => {
  const { app, sent, close } = await openApp({}, {});
  const raw = await openRaw(app, { elicits: false });
  const wrong: string[] = [];
  for (const { tool, parameter, field, set } of closed) {
    const { name, command, risk } = tool;
    const value = misspell(set);
    const given = field ? [{ [field]: value }] : parameter.type === 'list' ? [value] : value;
    sent.length = 0;
    const { result } = await raw.call(toolForRisk(risk.risk), {
      tool: name,
      arguments: requiredOf(command, { [parameter.name]: given }),
    });
    const error = result?.structuredContent?.['error'] as { kind: string; message: string } | undefined;
    const isNamed =
      error?.kind === 'invalid' && error.message.includes('must be') && error.message.includes(parameter.name);
    const hints = error?.message.includes(`did you mean ${showValue(set, set.values.at(-1)!)}?`);
    if (!isNamed || !hints || sent.length)
      wrong.push(
        `${name} ${parameter.name}=${value}: ${sent.length} sent, ${result?.content?.[0]?.text.slice(0, 200)}`,
      );
  }
  await raw.close();
  await close();
  expect(wrong).toEqual([]);
  expect(closed.length).toBeGreaterThan(0);
  process.stdout.write(`${closed.length} enumerated parameters, each with a misspelt value: 0 sent\n`);
});
