import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { effectiveRisk } from '../../src/catalog/effective-risk.ts';
import { raisesOf } from '../../src/catalog/parameter-risks.ts';
import type { Tool } from '../../src/catalog/tool.ts';
import { CallError } from '../../src/errors.ts';
import { AwaitingReply, type Consent, type Reply } from '../../src/consent.ts';
import { openApp, requestOf, requiredOf } from '../guard/counting.ts';
import { argumentsThat } from '../guard/raising.ts';

// Nothing of src/guard is asked what to expect: the risk is the catalog's, what follows from it is written down here.
const toolsets = JSON.parse(readFileSync('data/toolsets.json', 'utf8')) as { name: string; commands: string[] }[];

const riskOf = (name: string, args: Record<string, unknown>): { risk: string; severity: string } => {
  const { command, risk } = loadCatalog().find(name)!;
  return effectiveRisk(command, risk, args).risk;
};

type Action = 'allow' | 'confirm' | 'approve' | 'block';
const isHigh = (severity: string): boolean => severity === 'high' || severity === 'critical';

/** The policies, and what their words mean, written down a second time. */
const policies: Record<string, { section: object; text: (name: string, risk: string, severity: string) => Action }> = {
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
const humans: Record<string, Consent> = {
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
const casesOf = ({ command, risk }: Tool): Record<string, unknown>[] => {
  const cases = [requiredOf(command), ...raisesOf(command, risk).map((raise) => argumentsThat(command, raise))];
  const byRisk = new Map(
    cases.map((args) => {
      const { risk, severity } = riskOf(command.name, args);
      return [`${risk}/${severity}`, args];
    }),
  );
  return [...byRisk.values()];
};

for (const [policy, { section, text: expectedRule }] of Object.entries(policies))
  test(`policy ${policy}: every command leaves exactly when it should, and once`, async () => {
    const wrong: string[] = [];
    let calls = 0;
    for (const tool of loadCatalog().tools) {
      const { command } = tool;
      const { app, sent, times, close } = await openApp({ policy: section });
      for (const args of casesOf(tool)) {
        const { risk, severity } = riskOf(command.name, args);
        const action = expectedRule(command.name, risk, severity);
        for (const [human, consent] of Object.entries(humans)) {
          // What is not asked about does not depend on who answers.
          if (action === 'allow' && risk === 'read' && human !== 'is not there') continue;
          let asked = 0;
          // Who declines often is asked no more for a while: each case has a principal of its own.
          const caller = { principal: `p${calls}`, host: 'test', profile: 'default', isLocal: true };
          sent.length = 0;
          calls++;
          const outcome = await app
            .call(requestOf(command.name, args, { caller, consent: (question) => (asked++, consent(question)) }))
            .then(
              () => 'done',
              (error: unknown) => (error instanceof CallError ? error.kind : (error as Error).name),
            );
          const left = times(command.name);
          const leaves = action === 'allow' || (action === 'confirm' && human === 'accepts');
          const asks = action === 'confirm' ? 1 : 0;
          const ends = leaves
            ? 'done'
            : action === 'block'
              ? 'refused'
              : action === 'confirm' && human === 'never answers'
                ? 'AwaitingReply'
                : 'unconfirmed';
          const polls = command.name === 'queryAsyncJobResult' ? left >= 1 : left === 1;
          // What the cloud does not show gets no approval code.
          const isRight = outcome === ends || (ends === 'unconfirmed' && outcome === 'not-found');
          if (!isRight || asked !== asks || (leaves ? !polls : left !== 0))
            wrong.push(
              `${command.name} ${JSON.stringify(args)} (${risk}/${severity} → ${action}), human ${human}: ${outcome}, left ${left} times, asked ${asked} times`,
            );
        }
      }
      await close();
    }
    expect(wrong).toEqual([]);
    expect(calls).toBeGreaterThan(loadCatalog().tools.length);
  }, 300_000);
