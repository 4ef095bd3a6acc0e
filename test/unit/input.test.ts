import { expect, test } from 'vitest';
import { CallError } from '../../src/errors.ts';
import { readInput } from '../../src/mcp/input.ts';

type Tool = Parameters<typeof readInput>[0];

const many = (count: number): string[] => Array.from({ length: count }, () => 'x');

test.each<[Tool, unknown, unknown]>([
  ['find-tools', { query: 'x', limit: '5' }, { query: 'x', limit: 5 }],
  ['find-tools', { query: 'x', limit: null, toolset: '' }, { query: 'x' }],
  ['describe-tools', { tools: 'a, b', script: 'True' }, { tools: ['a', 'b'], script: true }],
  [
    'read',
    { tool: 'x', arguments: '{"a":1}', filter: 'id,name' },
    { tool: 'x', arguments: { a: 1 }, fields: ['id', 'name'] },
  ],
  ['read', { tool: 'x', page_size: '2', Scope: ' ALL ' }, { tool: 'x', pagesize: 2, scope: 'all' }],
  ['change', { calls: '[{"tool":"x"}]' }, { calls: [{ tool: 'x' }] }],
  ['whoami', undefined, {}],
])('%s takes %j', (tool, args, read) => {
  expect(readInput(tool, args)).toEqual(read);
});

test.each<[Tool, unknown, string]>([
  ['find-tools', {}, 'query: Invalid input: expected string, received undefined'],
  ['find-tools', { query: 'x', limit: 0 }, 'limit: Too small: expected number to be >=1'],
  ['find-tools', { query: 'x', limit: 51 }, 'limit: Too big: expected number to be <=50'],
  ['find-tools', { query: 'x', limit: 1.5 }, 'limit: Invalid input: expected int, received number'],
  ['find-tools', { query: 'x', limit: true }, 'limit: Invalid input: expected number, received boolean'],
  ['find-tools', { query: 'x', limit: '1e400' }, 'limit: Invalid input: expected number, received Infinity'],
  [
    'find-tools',
    { query: 'x', limit: 2e16 },
    'limit: Too big: expected int to be <=9007199254740991; limit: Too big: expected number to be <=50',
  ],
  [
    'find-tools',
    { query: 'x', limit: -2e16 },
    'limit: Too small: expected int to be >=-9007199254740991; limit: Too small: expected number to be >=1',
  ],
  ['find-tools', { query: 'x'.repeat(1001) }, 'query: Too big: expected string to have <=1000 characters'],
  ['find-tools', 'x', 'Invalid input: expected object, received string'],
  ['find-tools', [1], 'Invalid input: expected object, received array'],
  ['describe-tools', { tools: [] }, 'tools: Too small: expected array to have >=1 items'],
  ['describe-tools', { tools: many(21) }, 'tools: Too big: expected array to have <=20 items'],
  ['describe-tools', { tools: many(301) }, 'tools: Too big: expected array to have <=300 items'],
  ['describe-tools', { tools: ['a', 5] }, 'tools.1: Invalid input: expected string, received number'],
  ['describe-tools', { tools: ['a'], script: 'maybe' }, 'script: Invalid input: expected boolean, received string'],
  ['read', { tool: 'x', arguments: 5 }, 'arguments: Invalid input: expected an object'],
  ['read', { tool: 'x', scope: 'none' }, 'scope: Invalid option: expected one of "own"|"all"'],
  ['read', { tool: 'x', zone: 1 }, 'Unrecognized key: "zone"'],
  ['read', { tool: 'x', zone: 1, domain: 2 }, 'Unrecognized keys: "zone", "domain"'],
  ['change', { calls: 5 }, 'calls: Invalid input: expected array, received number'],
  [
    'change',
    { calls: [{ tool: 'x', more: 1 }, 7] },
    'calls.0: Unrecognized key: "more"; calls.1: Invalid input: expected object, received number',
  ],
])('%s refuses %j', (tool, args, problem) => {
  expect(() => readInput(tool, args)).toThrow(
    new CallError(
      'invalid',
      `${tool}: ${problem}.`,
      "The command's own parameters go into `arguments`. Nothing was sent.",
    ),
  );
});
