import { loadCatalog } from '../../src/catalog/catalog.ts';
import { permit } from '../../src/guard/permit.ts';
import { createPolicy, type Policy } from '../../src/guard/policy.ts';
import { createAccess } from '../../src/guard/roles.ts';
import * as z from 'zod';
import { callSettings } from '../../src/config/call.ts';
import { cloudSettings } from '../../src/config/cloud.ts';
import type { CallRequest, ConfinedCall, NamedCall } from '../../src/types.ts';
import { validate } from '../../src/validate/validate.ts';

export const id = '5f0f2d3c-0000-4000-8000-000000000001';

/** What applies where nobody configured anything. */
export const cloud = z.object(cloudSettings).parse({});
export const limits = z.object(callSettings).parse({});
export const operator = createPolicy(undefined, false);

/** A request as a door would make it, with nobody to ask. */
export const request = (
  tool: string,
  args: Record<string, unknown> = {},
  more: Partial<CallRequest> = {},
): CallRequest => ({
  tool,
  args,
  view: {},
  wait: 0,
  caller: { principal: 'local', host: 'test', profile: 'default', isLocal: true },
  consent: () => Promise.resolve(undefined),
  signal: new AbortController().signal,
  ...more,
});

/** A call as far as the policy lets it go; every name in it is an id already. */
export const resolved = (
  tool: string,
  args: Record<string, unknown> = {},
  more: Partial<CallRequest> = {},
  policy: Policy = operator,
): ConfinedCall => {
  const call: NamedCall = {
    ...permit(
      policy,
      createAccess({}, { profile: 'default' }),
      validate(loadCatalog(), request(tool, args, more), limits),
    ),
    names: [],
  };
  // What resolve/ and guard/ make of a call in which there is nothing to look up.
  return call as ConfinedCall;
};
