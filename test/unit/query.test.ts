import { expect, test } from 'vitest';
import { readQuery } from '../../src/ask/query.ts';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { fieldsOfResponse } from '../../src/catalog/response-fields.ts';
import { isSecretName, secretFieldsOf } from '../../src/secrets/names.ts';

/** Of each type a value, and one that no field of it can have. */
const values: Readonly<Record<string, readonly [right: string, wrong: string]>> = {
  boolean: ['true', 'perhaps'],
  date: ['"2026-01-31T10:00:00+0000"', 'soon'],
  ...Object.fromEntries(['long', 'integer', 'float', 'double'].map((type) => [type, ['7', 'many']])),
};

test('every field of every list takes values of its type only, in every comparison', () => {
  let tried = 0;
  const wrong: string[] = [];
  for (const { command } of loadCatalog().tools) {
    if (command.result !== 'list') continue;
    for (const { name, type } of fieldsOfResponse(command.response)?.values() ?? []) {
      const [right, misspelt] = values[type] ?? [];
      if (right === undefined || isSecretName(name) || secretFieldsOf(command.name).has(name)) continue;
      const problemsOf = (where: string): string[] => readQuery(command, { where }, () => ({ name })).problems;
      for (const [by, open, close] of [
        ['=', '', ''],
        ['!=', '', ''],
        ['in', '(', ')'],
      ] as const) {
        tried++;
        const [taken, refused] = [right, `"${misspelt}"`].map((value) => `${name} ${by} ${open}${value}${close}`) as [
          string,
          string,
        ];
        if (problemsOf(taken).length) wrong.push(`${command.name}: ${taken} is refused`);
        if (!problemsOf(refused).length) wrong.push(`${command.name}: ${refused} is taken`);
      }
    }
  }
  expect(wrong).toEqual([]);
  expect(tried).toBeGreaterThan(1000);
});
