import fc from 'fast-check';
import { expect, test } from 'vitest';
import { excessOf } from '../../src/excess.ts';
import { parseNested, pruneJson } from '../../src/json.ts';
import { limits } from '../../src/limits.ts';
import { readMessage } from '../../src/mcp/message.ts';

test.each([
  ['{"a":[1,2,{"b":"x\\"]}"}]}', { depth: 9 }, '{"a":[1,2,{"b":"x\\"]}"}]}'],
  ['[[[1]],2]', { depth: 2 }, '[[null],2]'],
  ['{"a":"\\\\","b":[[]]}', { depth: 1 }, '{"a":"\\\\","b":null}'],
  ['[1,2,3,4,{"a":[5,6]},7]', { depth: 9, values: 4 }, '[1,2,3]'],
  ['{"a":[1,2,3],"b":4}', { depth: 9, values: 4 }, '{"a":[1,2]}'],
])('%s within %o is %s', (text, bounds, expected) => {
  expect(pruneJson(text, bounds)).toBe(expected);
});

const depthOf = (value: unknown): number =>
  typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;

test('any JSON within its bounds stays as it is; beyond them it is JSON still, and within them', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), (text) => {
      const value = JSON.parse(text) as unknown;
      const pruned = pruneJson(text, { depth: 3 });
      expect(depthOf(JSON.parse(pruned))).toBe(Math.min(3, depthOf(value)));
      if (depthOf(value) <= 3) expect(pruned).toBe(text);
      JSON.parse(pruneJson(text, { depth: 3, values: 5 }));
    }),
  );
});

test('text that is more than arguments may be stands for nothing', () => {
  expect(parseNested('{"a":[1]}')).toEqual({ a: [1] });
  expect(parseNested('['.repeat(40) + ']'.repeat(40))).toBeUndefined();
  expect(parseNested(JSON.stringify(Array.from({ length: limits.values + 1 }, () => 1)))).toBeUndefined();
});

const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
const many = JSON.stringify(Array.from({ length: limits.messageValues + 1 }, () => 1));
const call = (params: string): string => `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":${params}}`;

test.each([
  ['deep', nested(200)],
  ['long', many],
])('what is too %s in the arguments of a call is refused further on, for what is left of it', (_how, value) => {
  for (const args of [`{"x":${value}}`, `{"tool":"listZones","arguments":{"x":${value}}}`]) {
    const message = readMessage(call(`{"name":"read","arguments":${args}}`));
    const { params } = (message as { value: { params: { arguments: unknown } } }).value;
    expect(excessOf(params.arguments)).toBeDefined();
  }
});

test.each([
  ['deep', nested(200)],
  ['long', many],
])('what is too %s anywhere else is refused at once, with the id of the request', (_how, value) => {
  for (const text of [
    call(`{"name":"read","arguments":{"tool":"listZones"},"_meta":{"x":${value}}}`),
    `{"jsonrpc":"2.0","id":7,"method":"initialize","params":{"x":${value}}}`,
  ])
    expect(readMessage(text)).toMatchObject({ id: 7, excess: expect.stringContaining('The message nests') as string });
  expect(readMessage(value)).toMatchObject({ id: null });
});
