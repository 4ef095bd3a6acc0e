import { readFileSync } from 'node:fs';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { effectiveRisk } from '../../src/catalog/effective-risk.ts';
import { raisesOf } from '../../src/catalog/parameter-risks.ts';
import type { Tool } from '../../src/catalog/tool.ts';
import { AwaitingReply, type Consent, type Reply } from '../../src/consent.ts';
import { requiredOf } from '../guard/counting.ts';
import { argumentsThat } from '../guard/raising.ts';

// Nothing of src/guard is asked what to expect: the risk is the catalog's, what follows from it is written down here.
const toolsets = JSON.parse(readFileSync('data/toolsets.json', 'utf8')) as { name: string; commands: string[] }[];

/** The risk of a command with these arguments. */
export const riskOf = (name: string, args: Record<string, unknown>): { risk: string; severity: string } => {
  const { command, risk } = loadCatalog().find(name)!;
  return effectiveRisk(command, risk, args).risk;
};

/** What a policy says of a call. */
export type Action = 'allow' | 'confirm' | 'approve' | 'block';
const isHigh = (severity: string): boolean => severity === 'high' || severity === 'critical';

/** The policies, and what their words mean, written down a second time. */
export const policies: Record<
  string,
  { section: object; text: (name: string, risk: string, severity: string) => Action }
> = {
  'read-only': {
    section: { preset: 'read-only' },
    text: (_name, risk) => (risk === 'read' ? 'allow' : 'block'),
  },
  operator: {
    section: {},
    text: (_name, risk, severity) => {
      if (risk === 'read') return 'allow';
      return risk === 'destroy' || isHigh(severity) ? 'confirm' : 'allow';
    },
  },
  strict: {
    section: { preset: 'strict' },
    text: (_name, risk, severity) => {
      if (risk === 'read') return 'allow';
      return risk === 'destroy' && severity === 'critical' ? 'approve' : 'confirm';
    },
  },
  'own rules': {
    section: {
      preset: 'operator',
      actions: { sensitive: 'confirm', destroy: { critical: 'approve' } },
      rules: [
        { name: 'no zones', match: { command: '*Zone*' }, action: 'block' },
        {
          name: 'detach freely',
          match: { command: ['detach*', 'remove-*'], severity: ['low', 'medium'] },
          action: 'allow',
        },
        {
          name: 'network twice',
          match: { toolset: ['network', 'vpc'], risk: ['change', 'destroy'] },
          action: 'confirm',
        },
        { name: 'deletes', match: { command: 'delete*', severity: 'high' }, action: 'approve' },
      ],
    },
    text: (name, risk, severity) => {
      if (/zone/i.test(name)) return 'block';
      if (/^(detach|remove)/i.test(name) && (severity === 'low' || severity === 'medium')) return 'allow';
      const inNetwork = toolsets.some((set) => ['network', 'vpc'].includes(set.name) && set.commands.includes(name));
      if (inNetwork && (risk === 'change' || risk === 'destroy')) return 'confirm';
      if (name.startsWith('delete') && severity === 'high') return 'approve';
      if (risk === 'read') return 'allow';
      if (risk === 'sensitive') return 'confirm';
      if (risk === 'destroy') return severity === 'critical' ? 'approve' : 'confirm';
      return isHigh(severity) ? 'confirm' : 'allow';
    },
  },
};

let nonce = 0;
const reply = (question: Parameters<Consent>[0], more: Partial<Reply>): Promise<Reply> =>
  Promise.resolve({
    action: 'accept',
    confirm: true,
    phrase: question.phrase,
    digest: question.digest,
    nonce: String(nonce++),
    by: 'elicitation',
    ...more,
  });

/** What the human or the host does with a question. Only the first is a yes. */
export const humans: Record<string, Consent> = {
  accepts: (question) => reply(question, {}),
  declines: (question) => reply(question, { action: 'decline' }),
  cancels: (question) => reply(question, { action: 'cancel' }),
  'is not there': () => Promise.resolve(undefined),
  'types something else': (question) =>
    reply(question, { confirm: undefined, phrase: `${question.phrase ?? ''} please` }),
  'says confirm: false': (question) => reply(question, { confirm: false, phrase: undefined }),
  'never answers': (question) => Promise.reject(new AwaitingReply(question)),
};

/** A command as it stands, and with arguments that make it worse: one case for each risk that it can have. */
export const casesOf = ({ command, risk }: Tool): Record<string, unknown>[] => {
  const cases = [requiredOf(command), ...raisesOf(command, risk).map((raise) => argumentsThat(command, raise))];
  const byRisk = new Map(
    cases.map((args) => {
      const { risk, severity } = riskOf(command.name, args);
      return [`${risk}/${severity}`, args];
    }),
  );
  return [...byRisk.values()];
};
