import { call } from '../call/call.ts';
import type { Composition } from '../call/composition.ts';
import { recorded } from '../call/run.ts';
import { CallError } from '../errors.ts';
import { limits } from '../limits.ts';
import { toLabel } from '../text.ts';
import type { CallRequest, Outcome } from '../types.ts';
import { look, type ReadRows } from './look.ts';
import { findPlan, loadPlans } from './plans.ts';
import { symptomsIn, toVerdict } from './verdict.ts';

/** The port that a question speaks of: `port 443`, `:8080`, `443/tcp`, `ssh`. */
const portIn = (question: string): number | undefined => {
  const [, number] = /(?:\bport\s*|:|^|\s)(\d{1,5})(?:\/(?:tcp|udp))?(?![\d.])/i.exec(question) ?? [];
  if (number !== undefined && Number(number) > 0 && Number(number) < 65_536) return Number(number);
  const named = /\b(ssh|https?|rdp|mysql|postgres|dns)\b/i.exec(question)?.[1]?.toLowerCase();
  return named === undefined ? undefined : ports[named];
};

const ports: Readonly<Record<string, number>> = {
  ssh: 22,
  http: 80,
  https: 443,
  rdp: 3389,
  mysql: 3306,
  postgres: 5432,
  dns: 53,
};

const textOf = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : '';

/**
 * Says why a thing is as it should not be: reads what an experienced operator would look at, each by a call of its own through
 * the whole path, and names the causes. Changes nothing. Throws a CallError where the thing cannot be seen.
 */
export const diagnose = (composition: Composition, request: CallRequest): Promise<Outcome> =>
  recorded(composition, request, async (run) => {
    const { kind, id, question } = request.args;
    const plan = findPlan(textOf(kind));
    if (!plan)
      throw new CallError(
        'invalid',
        `There is no diagnosis for "${toLabel(textOf(kind))}"; kind is one of ${loadPlans()
          .map((one) => one.kind)
          .join(', ')}.`,
        'Nothing was sent.',
      );
    if (textOf(id) === '') throw new CallError('invalid', `id is missing: which ${plan.title}?`, 'Nothing was sent.');
    run.record({ command: plan.reads[0]!.command, risk: 'read' });
    const text = textOf(question).slice(0, limits.query);
    const deadline = Date.now() + run.deadline.left();
    const readRows: ReadRows = async (command, params) => {
      const view = { whole: true, fresh: true };
      const { asked: _asked, progress: _progress, ...rest } = request;
      const one: CallRequest = { ...rest, tool: command, args: params, riskTool: 'read', view, wait: 0, deadline };
      return (await call(composition, one)).rows();
    };
    const symptoms = symptomsIn(plan, text);
    const asked = {
      id: textOf(id),
      port: portIn(text),
      protocol: /\b(?:udp|dns)\b/i.test(text) ? 'udp' : 'tcp',
      question: text,
    };
    return toVerdict(plan, symptoms, await look(plan, asked, symptoms, readRows));
  });
