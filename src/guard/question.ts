import { createHash } from 'node:crypto';
import type { Tool } from '../catalog/tool.ts';
import { maskSecrets } from '../secrets/mask.ts';
import { toLabel } from '../text.ts';
import type { CheckedCall, Target } from '../types.ts';
import type { Question } from '../consent.ts';
import { describeTarget, fingerprint } from './targets.ts';

const canonical = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, canonical(inner)]),
  );
};

/**
 * Binds a yes to one call: the command, its arguments with ids for names, who asks, with which credential, and the state
 * in which its targets were when it was asked.
 */
export const digestOf = ({ tool, params, request }: CheckedCall, targets: readonly Target[]): string =>
  createHash('sha256')
    .update(
      JSON.stringify([
        tool.command.name,
        canonical(params),
        request.caller.principal,
        request.caller.profile,
        fingerprint(targets),
      ]),
    )
    .digest('hex');

const describeArguments = (call: CheckedCall, targets: readonly Target[]): string =>
  Object.entries(maskSecrets(call.params))
    .filter(([, value]) => !targets.some(({ id }) => id === value))
    .map(([name, value]) => `${name}=${toLabel(JSON.stringify(value).replace(/^"|"$/g, ''), 40)}`)
    .join(' ');

/** Why these arguments are asked about: the first sentences of data/parameter-risks.json. */
const because = ({ raises = [] }: Tool): string => {
  const sentences = new Map(raises.map(({ parameter, worst }) => [worst, parameter]));
  const said = [...sentences].slice(0, 2).map(([worst, parameter]) => `${parameter}: ${worst}`);
  return said.length ? ` ${toLabel(said.join(' '), 300)}` : '';
};

/**
 * What the human is asked, in at most ten lines: who, what, where, what hangs on it, whether it can be undone. The only
 * text in double quotes is the phrase to type, for critical commands: the resource's name, else the command's phrase.
 */
export const askAbout = (call: CheckedCall, targets: readonly Target[]): Question => {
  const { tool, request } = call;
  const own = targets.filter(({ isOwn }) => isOwn);
  const [only, ...others] = own.length ? own : targets;
  const name = only?.name === undefined || others.length ? '' : toLabel(only.name);
  const phrase = tool.risk.severity === 'critical' ? name || tool.risk.phrase || tool.command.name : undefined;
  const args = describeArguments(call, targets);
  const more = targets.length > 4 ? [`and ${targets.length - 4} more`] : [];
  const { principal, host, profile } = request.caller;
  const lines = [
    `${tool.command.name}: ${toLabel(tool.summary, 120)}`,
    ...targets.slice(0, 4).map(describeTarget),
    ...more,
    ...(args ? [`With ${toLabel(args, 300)}`] : []),
    `Asked by ${toLabel(principal)} through ${toLabel(host)}, profile ${toLabel(profile)}.`,
    `Affects ${tool.risk.impactScope}; ${tool.risk.reversible ? 'can be undone' : 'cannot be undone'}. ${toLabel(tool.risk.warning, 200)}${because(tool)}`,
    phrase === undefined ? 'Do it?' : `Type "${phrase}" to do it.`,
  ];
  return { message: lines.join('\n'), phrase, digest: digestOf(call, targets) };
};
