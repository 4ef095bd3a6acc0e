import { Ajv, type ErrorObject } from 'ajv';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { toInputSchema } from '../../src/catalog/schema.ts';
import type { Command } from '../../src/catalog/types.ts';
import { findMismatches } from '../../src/validate/shapes.ts';

// The judge is a JSON Schema validator; closed sets are checked apart, by what was meant.
const ajv = new Ajv({ allErrors: true, coerceTypes: 'array', strict: false, strictNumbers: true }).removeKeyword(
  'enum',
);

const problems: Readonly<Record<string, string>> = {
  required: 'missing',
  additionalProperties: 'unknown',
  type: 'type',
  minimum: 'minimum',
  maxLength: 'maxLength',
};

const placeOf = ({ instancePath }: ErrorObject): string =>
  instancePath
    .slice(1)
    .split('/')
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
    .join('.');

const describeError = (error: ErrorObject): string => {
  const { missingProperty, additionalProperty } = error.params as Record<string, string | undefined>;
  return `${problems[error.keyword] ?? error.keyword} ${placeOf(error)} ${missingProperty ?? additionalProperty ?? ''}`;
};

const scalar = fc.oneof(
  fc.constantFrom('', ' ', 'x', '5', '5.5', '-1', '0x10', 'true', 'false', '💾'.repeat(200), 'y'.repeat(5000)),
  fc.constantFrom(0, 1, -1, 5, 5.5, 1e21, Infinity),
  fc.constantFrom(true, false, null),
);
const key = fc.constantFrom('key', 'value', 'name', 'a/b', 'x~y', '__proto__', 'constructor');
const entries = (value: fc.Arbitrary<unknown>) =>
  fc.array(fc.tuple(key, value), { maxLength: 3 }).map((pairs) => Object.fromEntries(pairs));
const inner = fc.oneof(scalar, entries(scalar));
const anything = fc.oneof(scalar, entries(inner), fc.array(inner, { maxLength: 3 }));

/** Arguments of a command: some of its parameters and some that it has not, with any values. */
const argumentsOf = ({ params }: Command): fc.Arbitrary<Record<string, unknown>> => {
  const names = params.map(({ name }) => name);
  const name = fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...names, ...names, 'nmaequux') }, key);
  const rows = params.flatMap(({ name: of, map }) => (map?.keys ? [fc.constant([of, map.keys] as const)] : []));
  const ofRows = rows.length
    ? [
        fc
          .oneof(...rows)
          .chain(([of, keys]) =>
            fc
              .array(fc.dictionary(fc.oneof(key, fc.constantFrom(...keys)), scalar, { maxKeys: 3 }), { maxLength: 3 })
              .map((list) => [of, list] as [string, unknown]),
          ),
      ]
    : [];
  const one = fc.oneof(fc.tuple(name, anything), ...ofRows);
  return fc.array(one, { maxLength: 6 }).map((pairs) => Object.fromEntries(pairs));
};

test('arguments are checked, and converted, as the JSON Schema that hosts see says', () => {
  for (const { command } of loadCatalog().tools) {
    const check = ajv.compile(toInputSchema(command));
    fc.assert(
      fc.property(argumentsOf(command), (args) => {
        const [given, judged] = [structuredClone(args), structuredClone(args)];
        const found = findMismatches(command, given, Infinity).map(
          ({ at, problem, key: of }) => `${problem} ${at.replace(/\[(\d+)\]/g, '.$1')} ${of ?? ''}`,
        );
        const expected = check(judged) ? [] : (check.errors ?? []).map(describeError);
        expect(found, command.name).toEqual(expected);
        if (!expected.length) expect(given, command.name).toEqual(judged);
      }),
      { numRuns: 60 },
    );
  }
});
