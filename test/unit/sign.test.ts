import fc from 'fast-check';
import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Command, Parameter } from '../../src/catalog/types.ts';
import { createKeyCredential } from '../../src/cloudstack/credential.ts';
import { expiresAt, sign, toQuery } from '../../src/cloudstack/sign.ts';
import { encodeParams } from '../../src/request/encode.ts';
import type { ParamValue } from '../../src/types.ts';

// An implementation of its own, written from cloudstack-behaviour.md §1.2 and from nothing in src/.

const utf8 = new TextEncoder();
const unreserved = new Set(utf8.encode('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_*'));

const percentEncode = (text: string): string => {
  let out = '';
  for (const byte of utf8.encode(text))
    out += unreserved.has(byte) ? String.fromCharCode(byte) : `%${byte.toString(16).padStart(2, '0')}`;
  return out;
};

const byBytes = (a: string, b: string): number => {
  const [left, right] = [utf8.encode(a), utf8.encode(b)];
  for (let at = 0; at < Math.min(left.length, right.length); at++)
    if (left[at] !== right[at]) return left[at]! - right[at]!;
  return left.length - right.length;
};

const wellFormed = (text: string): string => new TextDecoder().decode(utf8.encode(text));

const stringToSign = (params: readonly (readonly [string, string])[]): string =>
  params
    .filter(([name]) => name !== 'signature')
    .sort(([a], [b]) => byBytes(a, b))
    .map(([name, value]) => `${wellFormed(name)}=${percentEncode(value)}`)
    .join('&')
    .toLowerCase();

const signIndependently = (params: Record<string, string>, secret: string): string =>
  createHmac('sha1', secret)
    .update(stringToSign(Object.entries(params)), 'utf8')
    .digest('base64');

// What signatures get wrong: every code unit alone, whole characters, the reserved ones, emoji.
const nasty = fc.constantFrom(
  ...`~!*'()+&=% /:,[]@"\\#?;<>|^\`{}$`,
  '\u0000',
  '\n',
  '\r',
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

test('the published example is signed as published', () => {
  const params = {
    'tags[0].value': 'web*1~(blue)+é',
    signatureVersion: '3',
    command: 'createTags',
    response: 'json',
    resourcetype: 'UserVm',
    resourceids: '7f8c2c1e-0d5a-4f6e-9a51-2b1f4b6f0c11',
    expires: '2030-01-31T12:34:56+0000',
    apiKey: 'EXAMPLEkey-0001',
    'tags[0].key': 'app tier',
  };
  expect(stringToSign(Object.entries(params))).toBe(
    'apikey=examplekey-0001&command=createtags&expires=2030-01-31t12%3a34%3a56%2b0000' +
      '&resourceids=7f8c2c1e-0d5a-4f6e-9a51-2b1f4b6f0c11&resourcetype=uservm&response=json&signatureversion=3' +
      '&tags[0].key=app%20tier&tags[0].value=web*1%7e%28blue%29%2b%c3%a9',
  );
  expect(sign(params, 's3cr3t-KEY_example')).toBe('aus0Aa7aSxtKWyb3UvVrR5CMBG4=');
});

test('names are sorted by their bytes, not by code units or without regard to case', () => {
  const params = { b: '1', B: '2', 'a[10].x': '3', 'a[2].x': '4', '\u{10000}': '5', '\uffff': '6' };
  expect(sign(params, 'k')).toBe(signIndependently(params, 'k'));
  expect(
    stringToSign(Object.entries(params))
      .split('&')
      .map((part) => part.split('=')[1]),
  ).toEqual(['2', '3', '4', '1', '6', '5']);
});

test('a signature is sent encoded: + / and = of its Base64 arrive as they are', () => {
  expect(toQuery({ signature: 'a+b/c==' })).toBe('signature=a%2Bb%2Fc%3D%3D');
});

test('a request is valid for some minutes, said in the form that CloudStack reads', async () => {
  const before = Date.now();
  const { query } = await createKeyCredential({ apiKey: 'k', secretKey: 's' }).prove({ command: 'listZones' }, never);
  const expires = new URLSearchParams(query).get('expires')!;
  expect(expires).toMatch(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\+0000$/);
  const minutes = (Date.parse(expires.replace('+0000', 'Z')) - before) / 60_000;
  expect(minutes).toBeGreaterThan(1);
  expect(minutes).toBeLessThanOrEqual(15);
  expect(expiresAt(Date.parse('2030-01-31T12:34:56.789Z'), 1000)).toBe('2030-01-31T12:34:57+0000');
});
