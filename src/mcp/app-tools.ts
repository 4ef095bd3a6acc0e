import * as z from 'zod';
import type { App } from '../app/app.ts';
import { requireTool } from '../catalog/lookup.ts';
import { CallError } from '../errors.ts';
import { limits } from '../limits.ts';
import { toLabel } from '../text.ts';
import type { DoorRequest } from '../types.ts';
import { createQuestions, readQuestion, type CallInput, type Looker } from '../views/questions.ts';
import { toDescription } from './describe.ts';
import type { DoorContext } from './door-context.ts';
import { fitView, type AppAnswer } from './fit-view.ts';

const name = z.string().max(limits.toolName);
/** What `network-map` takes. */
export const mapInput = z.strictObject({ network: name.optional(), vpc: name.optional(), profile: name.optional() });
const viewInput = z.strictObject({
  question: z.string().max(100),
  body: z.record(z.string(), z.unknown()).default({}),
});
const describeInput = z.strictObject({ tool: name, profile: name.optional() });

/** Answers a tool that is there for its view; undefined for any other tool. `requestOf`: a call as this host makes it. */
export const callAppTool = (
  { app, call, door }: { app: App; call: App['call']; door: DoorContext },
  requestOf: (input: Pick<CallInput, 'tool' | 'args' | 'profile'>) => DoorRequest,
  tool: string,
  args: unknown,
): Promise<AppAnswer> | undefined => {
  const looker: Looker = {
    toRequest: (input) => {
      const { fields, page, pagesize, scope, where, sort, group, dryRun } = input;
      const view = { fields, page, pagesize, scope, where, sort, group, whole: true };
      // A view makes changes by the tools that the model has, which hosts ask about.
      return { ...requestOf(input), view, wait: 0, ...(dryRun ? {} : { riskTool: 'read' }) };
    },
    catalog: async (profile) => app.catalog(await app.profileOf({ ...door.requester, profile })),
  };
  const questions = createQuestions({ app, call });
  const ofView = async (given: unknown): Promise<AppAnswer> => {
    const { question, body } = readQuestion(viewInput, given);
    if (question === 'describe') {
      const asked = readQuestion(describeInput, body);
      const structured = toDescription(requireTool(await looker.catalog(asked.profile), asked.tool));
      return { text: '', structured };
    }
    if (question === 'overview' || question === 'network-map') return questions[question](looker, body);
    if (question !== 'call' && question !== 'kinds' && question !== 'related')
      throw new CallError('invalid', `No view asks "${toLabel(question)}".`, 'Nothing was sent.');
    return { text: '', structured: await questions[question](looker, body) };
  };
  const ask = {
    'cloud-overview': (given: unknown) => questions.overview(looker, given),
    'network-map': (given: unknown) => questions['network-map'](looker, given),
    view: ofView,
  };
  if (!Object.hasOwn(ask, tool)) return undefined;
  // A model can name them all: none of them gives more than a tool of the list.
  return ask[tool as keyof typeof ask](args ?? {}).then((answer) => fitView(answer, app.config.budget));
};
