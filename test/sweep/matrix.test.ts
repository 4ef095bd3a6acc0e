import { expect, test } from 'vitest';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import type { Consent } from '../../src/consent.ts';
import { CallError } from '../../src/errors.ts';
import { openApp, requestOf } from '../guard/counting.ts';
import { casesOf, humans, policies, riskOf, type Action } from './matrix-table.ts';

for (const [policy, { section, text: expectedRule }] of Object.entries(policies))
  test(`policy ${policy}: every command leaves exactly when it should, and once`, async () => {
    const wrong: string[] = [];
    let calls = 0;
    let opened = await openApp({ policy: section });
    for (const tool of loadCatalog().tools) {
      const { command } = tool;
      const { app, sent, times, close } = opened;
      let isUnconfirmed = false;
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
          isUnconfirmed ||= outcome === 'unconfirmed';
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
      if (!isUnconfirmed) continue;
      // What waits for an approval is kept and looked through, so that hundreds of them take longer.
      await close();
      opened = await openApp({ policy: section });
    }
    await opened.close();
    expect(wrong).toEqual([]);
    expect(calls).toBeGreaterThan(loadCatalog().tools.length);
  });

// A script asks no one: it ends at the question, whoever is there to answer it.
test.each(Object.entries(policies))(
  'policy %s: of every risk, a script sends what a call sends that no one is asked about, and nothing else',
  async (_policy, { section, text: expectedRule }) => {
    const classes = new Map<string, { name: string; args: Record<string, unknown>; action: Action }>();
    for (const tool of loadCatalog().tools)
      for (const args of casesOf(tool)) {
        const { name } = tool.command;
        const { risk, severity } = riskOf(name, args);
        const action = expectedRule(name, risk, severity);
        // A list is read whole, in several requests.
        if (tool.command.result !== 'list' && name !== 'queryAsyncJobResult')
          classes.set(`${risk}/${severity} ${action}`, { name, args, action });
      }
    const wrong: string[] = [];
    const { app, sent, times, close } = await openApp({ policy: section });
    for (const [what, { name, args, action }] of classes) {
      let asked = 0;
      sent.length = 0;
      const code = `return await cloudstack.${name}(${JSON.stringify(args)})`;
      const caller = { principal: what, host: 'test', profile: 'default', isLocal: true };
      // Who accepts: were anyone asked, it would be counted and the call would leave. So it is all the same who is there.
      const consent: Consent = (question) => (asked++, humans['accepts']!(question));
      const outcome = await app.runScript(requestOf('run-script', { code }, { caller, consent })).then(
        () => 'done',
        (error: unknown) => (error instanceof CallError ? error.kind : String(error)),
      );
      const ends = action === 'allow' ? 'done' : action === 'block' ? 'refused' : 'unconfirmed';
      const isRight = outcome === ends || (ends === 'unconfirmed' && outcome === 'not-found');
      if (!isRight || asked || times(name) !== (action === 'allow' ? 1 : 0))
        wrong.push(`${name} (${what}): ${outcome}, left ${times(name)} times, asked ${asked} times`);
    }
    await close();
    expect(classes.size).toBeGreaterThan(5);
    expect(wrong).toEqual([]);
  },
);
