import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Consent } from '../../src/consent.ts';
import { CallError } from '../../src/errors.ts';
import type { CallRequest } from '../../src/types.ts';
import { openApp, requestOf, yes, type Answers } from '../guard/counting.ts';
import { riskOf } from './matrix-table.ts';

/** A call that is made in several ways. */
export interface Wanted {
  name: string;
  args: Record<string, unknown>;
}

type Server = Awaited<ReturnType<typeof openServer>>;

/** An app with a folder of stored scripts. */
export const openServer = async (
  sections: Record<string, unknown>,
  { answers, env = {} }: { answers?: Answers; env?: Record<string, string> } = {},
) => {
  const folder = mkdtempSync(join(tmpdir(), 'ways-'));
  const opened = await openApp(sections, {
    answers,
    env: { CLOUDSTACK_MCP_SCRIPT_FOLDER: folder, CLOUDSTACK_MCP_AUDIT: join(folder, 'audit.jsonl'), ...env },
  });
  const close = async (): Promise<void> => {
    await opened.close();
    rmSync(folder, { recursive: true, force: true });
  };
  return { ...opened, folder, close };
};

const riskToolOf = ({ name, args }: Wanted): 'change' | 'destroy' =>
  riskOf(name, args).risk === 'destroy' ? 'destroy' : 'change';
// A list that may destroy may hold any change: so no way is refused for its tool.
const listTool = 'destroy';

const scriptOf = (calls: readonly Wanted[]): string =>
  calls.map(({ name, args }) => `await cloudstack.${name}(${JSON.stringify(args)});`).join('\n');

/** One way to make calls, as one principal; what it throws is thrown. */
export type Way = (
  server: Server,
  calls: readonly Wanted[],
  given: { caller: CallRequest['caller']; consent: Consent },
) => Promise<unknown>;

const steps = (calls: readonly Wanted[]) => calls.map(({ name, args }) => ({ tool: name, arguments: args }));

const idOf = ({ structured }: { structured: Record<string, unknown> }): string =>
  (structured['plan'] as { id: string }).id;

/** Applies a plan; one that a person has yet to approve is applied again as it is. */
const plans = new Map<string, string>();
const applied =
  (make: Way): Way =>
  async (server, calls, given) => {
    const key = JSON.stringify([given.caller.principal, calls]);
    const id = plans.get(key) ?? idOf((await make(server, calls, given)) as never);
    plans.set(key, id);
    return server.app.plan(requestOf('plan', { plan: id }, given), { action: 'apply', id });
  };

/** Every way in which a change can be asked for. */
export const ways: Readonly<Record<string, Way>> = {
  call: async ({ app }, calls, given) => {
    for (const { name, args } of calls) await app.call(requestOf(name, args, given));
  },
  'the tool of its risk': async ({ app }, calls, given) => {
    for (const one of calls) await app.call(requestOf(one.name, one.args, { ...given, riskTool: riskToolOf(one) }));
  },
  'list of calls': ({ app }, calls, given) =>
    app.plan(requestOf('plan', { calls: steps(calls) }, given), {
      action: 'run',
      calls: steps(calls),
      riskTool: listTool,
    }),
  plan: applied(({ app }, calls, given) =>
    app.plan(requestOf('plan', { calls: steps(calls) }, given), {
      action: 'make',
      calls: steps(calls),
      riskTool: listTool,
    }),
  ),
  script: ({ app }, calls, given) => app.runScript(requestOf('run-script', { code: scriptOf(calls) }, given)),
  'script as a plan': applied(({ app }, calls, given) =>
    app.runScript(requestOf('run-script', { code: scriptOf(calls), mode: 'plan' }, given)),
  ),
  'stored script': ({ app, folder }, calls, given) => {
    writeFileSync(join(folder, 'own.js'), scriptOf(calls));
    return app.runScript(requestOf('run-script', { name: 'own' }, given));
  },
  'approved script': async ({ app, folder }, calls, given) => {
    writeFileSync(join(folder, 'approved.js'), scriptOf(calls));
    const { principal } = given.caller;
    const asked = { action: 'give', name: 'approved', principals: [principal], times: 10, per: undefined } as const;
    const operator = { principal: 'operator', host: 'cli', profile: 'default', isLocal: true };
    // Where nothing in it can be approved beforehand, there is no approval.
    const approval = await app
      .standing(requestOf('script', {}, { caller: operator, consent: yes }), {
        ...asked,
        until: Date.now() + 3_600_000,
        user: 'someone',
      })
      .catch((error: unknown) => {
        if (!(error instanceof CallError)) throw error;
      });
    try {
      return await app.runScript(requestOf('run-script', { name: 'approved' }, given));
    } finally {
      const id = approval?.rows()[0]?.['id'];
      if (typeof id === 'string')
        await app.standing(requestOf('script', {}, { caller: operator }), { action: 'revoke', id });
    }
  },
};

/** How a way ends: `done`, or the kind of its error. */
export const endOf = (running: Promise<unknown>): Promise<string> =>
  running.then(
    () => 'done',
    (error: unknown) => (error instanceof CallError ? error.kind : (error as Error).name),
  );

/** Approves what waits for a principal, as someone else at the page or a terminal does; how much it was. */
export const approveWaiting = async ({ app }: Pick<Server, 'app'>, principal: string): Promise<number> => {
  const boss = { principal: 'boss', isLocal: true };
  const waiting = (await app.waitingFor(boss)).filter(({ caller }) => caller.principal === principal);
  for (const { code, phrase } of waiting)
    await app.replyTo(boss, { code, reply: { action: 'accept', confirm: true, phrase } });
  return waiting.length;
};
