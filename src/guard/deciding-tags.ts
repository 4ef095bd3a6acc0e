import { keysOf } from '../catalog/effective-risk.ts';
import type { CheckedCall } from '../types.ts';
import type { Policy } from './policy.ts';

const same = (a: string, b: string): boolean => a.trim().toLowerCase() === b.trim().toLowerCase();

/** The keys of tags that rules, limits and protection decide by. */
const keysOfPolicy = ({ rules, limits, protect }: Policy): string[] => [
  ...[...rules, ...limits].flatMap(({ match }) => Object.keys(match.tag ?? {})),
  ...(protect ? [protect.key] : []),
];

/** The key by which the policy decides of a tag that a call sets or takes away from something there is; undefined: none. */
export const decidingTagOf = (policy: Policy, { tool: { command, risk }, params }: CheckedCall): string | undefined => {
  const has = (name: string, type: string): boolean =>
    command.params.some((parameter) => parameter.name === name && parameter.type === type);
  if (risk.risk === 'read' || !has('tags', 'map') || !has('resourceids', 'list')) return undefined;
  const given = keysOf(params['tags']);
  // Without any, all of them are meant.
  return keysOfPolicy(policy).find((key) => given.length === 0 || given.some((one) => same(one, key)));
};
