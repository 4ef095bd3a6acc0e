import { expect, test } from 'vitest';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { findValues, type ValueSet, showValue } from '../../src/catalog/values.ts';
import { toolForRisk } from '../../src/guard/permit.ts';
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

test('a misspelt value of a closed set is refused with the right one, and nothing is sent', async () => {
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
}, 180_000);
