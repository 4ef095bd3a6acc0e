import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Command, Parameter } from '../../src/catalog/types.ts';
import { createKeyCredential } from '../../src/cloudstack/credential.ts';
import { sign } from '../../src/cloudstack/sign.ts';
import { encodeParams } from '../../src/request/encode.ts';
import type { ParamValue } from '../../src/types.ts';
import { signIndependently, wellFormed } from '../support/independent-signature.ts';

// What signatures get wrong: every code unit alone, whole characters, the reserved ones, emoji.
const nasty = fc.constantFrom(
  ...`~!*'()+&=% /:,[]@"\\#?;<>|^\`{}$`,
  '\u0000',
  '\n',
  '\r',
  '\ufeff',
  '\t',
  '\u007f',
  'é',
  '🙂',
  '👩‍👩‍👧',
);
const codeUnits = fc
  .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 20 })
  .map((units) => String.fromCharCode(...units));
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.oneof(nasty, fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 })) }),
  codeUnits,
);
const name = text.filter((key) => key.length > 0);
const entries = fc.dictionary(name, text, { maxKeys: 4 });

const parameter = (facts: Partial<Parameter>): Parameter => ({ name: 'value', type: 'string', ...facts });

const types: Record<string, [Parameter, fc.Arbitrary<ParamValue>]> = {
  string: [parameter({}), text],
  list: [parameter({ type: 'list', of: 'string' }), fc.array(text, { minLength: 1, maxLength: 4 })],
  'flat map': [parameter({ type: 'map', map: { form: 'flat' } }), entries],
  'map of pairs': [parameter({ type: 'map', map: { form: 'pairs', keys: ['key', 'value'] } }), entries],
  'map of rows': [
    parameter({ type: 'map', map: { form: 'rows', keys: ['a'], free: true } }),
    fc.array(entries, { maxLength: 3 }),
  ],
  uuid: [parameter({ type: 'uuid' }), fc.oneof(fc.uuid(), text)],
  date: [
    parameter({ type: 'date' }),
    fc.oneof(
      fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
      text,
    ),
  ],
  boolean: [parameter({ type: 'boolean' }), fc.oneof(fc.boolean(), text)],
  integer: [parameter({ type: 'integer' }), fc.oneof(fc.maxSafeInteger(), text)],
};

const credentials = fc.record({
  apiKey: fc.base64String({ minLength: 4, maxLength: 86 }),
  secretKey: text.filter((secret) => secret.length > 0),
});
const never = new AbortController().signal;

/** URLSearchParams would drop a byte order mark at the start of a value. */
const decode = (query: string): Record<string, string> =>
  Object.fromEntries(query.split('&').map((pair) => pair.split('=', 2).map(decodeURIComponent) as [string, string]));

test.each(Object.entries(types))(
  '1,000 random values of a %s: signed as an independent implementation signs, and nothing is lost on the way',
  async (_type, [declared, values]) => {
    const command = { name: 'testCommand', params: [declared] } as unknown as Command;
    await fc.assert(
      fc.asyncProperty(values, credentials, async (value, keys) => {
        const given = { command: command.name, response: 'json', ...encodeParams(command, { value }) };
        const { query, headers } = await createKeyCredential(keys).prove(given, never);
        const { expires, signature, ...sent } = decode(query);

        const signed = { ...given, apiKey: keys.apiKey, signatureVersion: '3', expires: expires! };
        expect(signature).toBe(signIndependently(signed, keys.secretKey));
        expect(sign(signed, keys.secretKey)).toBe(signature);

        const { expires: _expires, ...rest } = signed;
        expect(sent).toEqual(
          Object.fromEntries(Object.entries(rest).map(([key, item]) => [wellFormed(key), wellFormed(item)])),
        );
        expect(headers).toEqual({});
      }),
      { numRuns: 1000 },
    );
  },
);
