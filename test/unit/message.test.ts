import { isJSONRPCRequest } from '@modelcontextprotocol/server';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { problemWith, readMessage } from '../../src/mcp/message.ts';

// The SDK drops what it cannot read, and the host waits for ever. Which that is, the SDK itself says here.

const odd = fc.oneof(
  fc.constantFrom<unknown>(null, '', 'x', 0, -1, 1.5, 2 ** 53 - 1, 2 ** 53, -(2 ** 53), true, [], {}, { taskId: 'x' }),
  fc.jsonValue({ maxDepth: 2 }),
);
const or = (usual: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof({ arbitrary: usual, weight: 4 }, { arbitrary: odd, weight: 1 });
const some = { requiredKeys: [] };

const meta = fc.record({ progressToken: or(fc.nat()), 'io.modelcontextprotocol/related-task': odd, x: odd }, some);
const params = fc.record({ name: or(fc.constant('find-tools')), _meta: or(meta), x: odd }, some);
const usual = {
  jsonrpc: or(fc.constant('2.0')),
  id: or(fc.nat()),
  method: or(fc.constantFrom('ping', 'tools/call', 'no/such')),
  params: or(params),
};
const message = fc.oneof(fc.record(usual), fc.record({ ...usual, result: odd, error: odd, x: odd }, some));

test('what has an id and is no response is read by the SDK, or has an answer that says what is wrong', () => {
  let [passed, refused] = [0, 0];
  fc.assert(
    fc.property(message, (given) => {
      const isRequest = 'id' in given && ('method' in given || !('result' in given || 'error' in given));
      fc.pre(isRequest);
      const read = readMessage(JSON.stringify(given));
      if (!('value' in read)) return;
      const wrong = problemWith(read.value);
      expect(isJSONRPCRequest(read.value), JSON.stringify(read.value)).toBe(wrong === undefined);
      if (wrong) refused++;
      else passed++;
    }),
    { numRuns: 3000 },
  );
  expect([passed, refused].every((count) => count > 100)).toBe(true);
});
