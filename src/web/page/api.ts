import * as z from 'zod';
import type { App } from '../../app/app.ts';
import type { Approver } from '../../guard/approver.ts';
import { requireTool } from '../../catalog/lookup.ts';
import { toDescription, toMatch } from '../../mcp/describe.ts';
import { callOf } from '../../search/leads.ts';
import { createSearch } from '../../search/search.ts';
import type { DoorRequest } from '../../types.ts';
import { createQuestions, readQuestion, toCallInput, type CallInput, type Looker } from '../../views/questions.ts';
import { show } from '../../views/show.ts';
import type { RequestContext } from '../request-context.ts';
import type { PageSession } from './sessions.ts';

/** What the page's questions are answered from. */
export interface ApiOptions {
  app: App;
  /** The counted and timed `call` of the HTTP door. */
  call: App['call'];
  health: () => Promise<Response>;
  /** Tells everyone who looks at the page that an approval was given or refused. */
  onReply: () => void;
}

/** Who asks: a session, with what is known of its request. */
export interface PageCaller {
  session: PageSession;
  context: RequestContext;
  signal: AbortSignal;
  /** Where the page is, where passkeys can be used there. */
  site: Approver['site'];
}

const text = z.string();
const findInput = z.strictObject({
  query: text.max(1000),
  toolset: text.optional(),
  limit: z.number().int().min(1).max(1000).default(30),
  profile: text.optional(),
});
const toolInput = z.strictObject({ tool: text.max(256), profile: text.optional() });
const profileInput = z.strictObject({ profile: text.optional() });
const bytes = text.regex(/^[\w-]{1,4096}$/);
const proofInput = z.strictObject({ id: bytes, clientData: bytes, authenticatorData: bytes, signature: bytes });
const passkeyAskInput = z.union([
  z.strictObject({ change: z.enum(['add', 'any']) }),
  z.strictObject({ code: text.max(40) }),
]);
const passkeyInput = z.union([
  z.strictObject({
    added: z.strictObject({
      id: bytes,
      clientData: bytes,
      authenticatorData: bytes,
      publicKey: bytes,
      algorithm: z.number().int(),
    }),
    proof: proofInput.optional(),
  }),
  z.strictObject({ removed: bytes, proof: proofInput.optional() }),
]);
const replyInput = z.strictObject({
  code: text.max(40),
  proof: proofInput.optional(),
  approve: z.boolean(),
  phrase: text.max(500).optional(),
  reason: text.max(300).default(''),
});
const planInput = z.strictObject({
  action: z.enum(['list', 'show', 'diff', 'apply', 'discard']),
  id: text.max(40).default(''),
  profile: text.optional(),
});
/** Pages of the audit log that are looked through while others wait; older entries are for the command line. */
const maxAuditPages = 50;
const auditInput = z.strictObject({
  verify: z.boolean().default(false),
  page: z.number().int().min(1).max(maxAuditPages).default(1),
});
const receiptInput = z.strictObject({ id: text.max(40) });

/** Who a session is to the rest of the server. Its user started this process where a link of its terminal signed them in. */
export const requesterOf = ({ principal, method }: Pick<PageSession, 'principal' | 'method'>) => ({
  principal,
  host: 'page',
  ...(method === 'link' ? { isLocal: true } : {}),
});

/** The questions that the page asks, each by its name. They throw CallErrors, and let nothing through that `call` does not. */
export const createApi = ({ app, call, health, onReply }: ApiOptions) => {
  const approverOf = ({ session, site }: PageCaller): Approver => ({
    ...requesterOf(session),
    site,
    mayBeProgram: session.method === 'token',
  });
  const toRequest =
    ({ session, context, signal }: PageCaller) =>
    ({ tool, args, profile, wait, fields, page, pagesize, scope, where, sort, group }: CallInput): DoorRequest => ({
      tool,
      args,
      view: { fields, page, pagesize, scope, where, sort, group, whole: true },
      wait,
      caller: { ...requesterOf(session), profile },
      origin: context,
      // Confirmations are given under Approvals, like for every other door.
      consent: () => Promise.resolve(undefined),
      signal,
    });
  const catalogFor = async ({ session }: PageCaller, profile: string | undefined) =>
    app.catalog(await app.profileOf({ ...requesterOf(session), profile }));
  const lookerOf = (caller: PageCaller): Looker => ({
    toRequest: toRequest(caller),
    catalog: (profile) => catalogFor(caller, profile),
  });
  const questions = createQuestions({ app, call });

  return {
    whoami: async (caller: PageCaller, body: unknown) => {
      const { profile } = readQuestion(profileInput, body);
      return show(await app.whoami(toRequest(caller)(toCallInput({ tool: 'whoami', profile }))));
    },
    call: (caller: PageCaller, body: unknown) => questions.call(lookerOf(caller), body),
    kinds: (caller: PageCaller, body: unknown) => questions.kinds(lookerOf(caller), body),
    related: (caller: PageCaller, body: unknown) => questions.related(lookerOf(caller), body),
    overview: async (caller: PageCaller, body: unknown) =>
      (await questions.overview(lookerOf(caller), body)).structured,
    'network-map': async (caller: PageCaller, body: unknown) =>
      (await questions['network-map'](lookerOf(caller), body)).structured,
    plan: async (caller: PageCaller, body: unknown) => {
      const { action, id, profile } = readQuestion(planInput, body);
      const request = toRequest(caller)(toCallInput({ tool: 'plan', args: { plan: id }, profile }));
      const asked = action === 'list' ? ({ action } as const) : { action, id };
      // What it asks for, and what it answers, is seen under Approvals.
      const { text: answer, structured } = await app.plan(request, asked).finally(onReply);
      return { ...structured, text: answer };
    },
    find: async (caller: PageCaller, body: unknown) => {
      const { query, toolset, limit, profile } = readQuestion(findInput, body);
      const found = createSearch(await catalogFor(caller, profile))(query, { toolset, limit });
      return {
        matches: found.matches.map(({ tool }) => ({ ...toMatch(tool), toolset: tool.toolset })),
        total: found.total,
        ...(found.lead ? { lead: { ...found.lead.lead, how: callOf(found.lead.lead) } } : {}),
      };
    },
    describe: async (caller: PageCaller, body: unknown) => {
      const { tool, profile } = readQuestion(toolInput, body);
      return toDescription(requireTool(await catalogFor(caller, profile), tool));
    },
    approvals: async (caller: PageCaller) => ({
      waiting: (await app.waitingFor(approverOf(caller))).map(({ digest: _digest, ...seen }) => seen),
    }),
    reply: async (caller: PageCaller, body: unknown) => {
      const { code, approve, phrase, reason, proof } = readQuestion(replyInput, body);
      const reply = approve
        ? ({ action: 'accept', confirm: true, phrase, proof } as const)
        : ({ action: 'decline', reason } as const);
      await app.replyTo(approverOf(caller), { code, reply });
      onReply();
      return { done: true };
    },
    passkeys: async ({ session, site }: PageCaller) => ({
      passkeys: (await app.passkeysOf(session.principal)).map(({ id, added, site: at }) => ({
        id,
        added,
        isHere: at === site?.id,
      })),
    }),
    'passkey-ask': async (caller: PageCaller, body: unknown) => {
      const asked = readQuestion(passkeyAskInput, body);
      const approver = approverOf(caller);
      const { principal } = approver;
      const challenge =
        'code' in asked
          ? await app.askPasskey(approver, asked.code)
          : await app.askToChangePasskeys(approver, asked.change === 'add');
      const own = (await app.passkeysOf(principal)).filter(({ site }) => site === caller.site?.id);
      return { challenge, site: caller.site?.id, ids: own.map(({ id }) => id), name: principal };
    },
    'passkey-change': async (caller: PageCaller, body: unknown) => {
      await app.changePasskeys(approverOf(caller), readQuestion(passkeyInput, body));
      return { done: true };
    },
    health: async () => ({
      ...((await (await health()).json()) as Record<string, unknown>),
      receiptKey: await app.receiptKey().catch(() => undefined),
    }),
    audit: async (caller: PageCaller, body: unknown) =>
      app.readAudit(requesterOf(caller.session), readQuestion(auditInput, body)),
    receipt: async (caller: PageCaller, body: unknown) => ({
      receipt: await app.receipt(requesterOf(caller.session), readQuestion(receiptInput, body).id),
    }),
  };
};
