import { CallError } from '../errors.ts';
import type { Question } from '../consent.ts';
import { placeholderOf, type PlanSeed } from '../placeholders.ts';
import { toLabel, toQuoted } from '../text.ts';
import type { ForeseenCall } from '../types.ts';
import { describeCall, maxQuestion, phraseOf } from './question.ts';

/** Characters of a plan that a dialog shows; more are read at a terminal. */
const maxDialogCharacters = 20_000;

/** What a plan does, in one line for each step, with what cannot be undone marked. */
export const describeSteps = (steps: readonly ForeseenCall[], seed: PlanSeed): string[] => {
  const lines = steps.map((call, index) => {
    const { risk } = call.tool;
    const { lines: about } = describeCall(call, call.targets, call.place);
    const grade = [`${risk.risk}/${risk.severity}`, ...(risk.reversible ? [] : ['cannot be undone'])].join(', ');
    return `${index + 1}. ${about.join('; ')} (${grade})`;
  });
  return lines.map((line) =>
    steps.reduce((text, _step, index) => text.replaceAll(placeholderOf(seed, index + 1), `of step ${index + 1}`), line),
  );
};

/** The one question about a plan: all of its steps, who asks, and the phrase to type where a step is critical. */
export const askAboutPlan = (
  steps: readonly ForeseenCall[],
  { seed, host, digest }: { seed: PlanSeed; host: string; digest: string },
): Question => {
  const critical = steps.filter(({ tool }) => tool.risk.severity === 'critical');
  const [only, ...others] = critical;
  const phrase =
    only === undefined
      ? undefined
      : others.length
        ? `${critical.length} critical steps ${digest.slice(0, 6)}`
        : phraseOf(only, only.targets);
  const lost = steps.flatMap(({ tool }, index) => (tool.risk.reversible ? [] : [index + 1]));
  const { principal, host: from, profile } = steps[0]!.request.caller;
  const message = [
    `A plan of ${steps.length} ${steps.length === 1 ? 'step' : 'steps'}, in this order:`,
    ...describeSteps(steps, seed),
    `Asked by ${toQuoted(principal, 60)} through ${toQuoted(from, 60)}, profile ${toQuoted(profile, 60)}, on ${toLabel(host, 100)}.`,
    lost.length
      ? `Cannot be undone: ${lost.map((number) => `step ${number}`).join(', ')}.`
      : 'All of it can be undone.',
    phrase === undefined ? 'Do all of it?' : `Type "${phrase}" to do all of it.`,
  ].join('\n');
  if (message.length > maxQuestion)
    throw new CallError(
      'invalid',
      `What the plan would do fills ${message.length} characters; at most ${maxQuestion} are shown to a person. Nothing was sent.`,
      'Make several plans with fewer steps.',
    );
  return { message, phrase, isLong: message.length > maxDialogCharacters, digest };
};
