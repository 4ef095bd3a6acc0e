import * as z from 'zod';
import type { App } from '../../app/app.ts';
import { requireTool } from '../../catalog/lookup.ts';
import { CallError } from '../../errors.ts';
import { toDescription, toMatch } from '../../mcp/describe.ts';
import { createSearch } from '../../search/search.ts';
import type { DoorRequest, Outcome } from '../../types.ts';
import type { RequestContext } from '../request-context.ts';
import { listedKinds, relatedTo } from './kinds.ts';
import type { PageSession } from './sessions.ts';

/** What the page's questions are answered from. */
export interface ApiOptions {
  app: App;
  /** The counted and timed `call` of the HTTP door. */
  call: App['call'];
  health: () => Promise<Response>;
}

/** Who asks: a session, with what is known of its request. */
export interface PageCaller {
  session: PageSession;
  context: RequestContext;
  signal: AbortSignal;
}

const text = z.string();
const callInput = z.strictObject({
  tool: text,
  args: z.record(text, z.unknown()).default({}),
  profile: text.optional(),
  fields: z.array(text).optional(),
  page: z.number().int().min(1).optional(),
  pagesize: z.number().int().min(1).max(500).optional(),
  scope: z.enum(['own', 'all']).optional(),
  where: text.optional(),
  sort: text.optional(),
  group: text.optional(),
  /** Milliseconds to wait for a job. */
  wait: z.number().int().min(0).max(60_000).default(0),
  dryRun: z.boolean().default(false),
});
const findInput = z.strictObject({
  query: text.max(1000),
  toolset: text.optional(),
  limit: z.number().int().min(1).max(1000).default(30),
  profile: text.optional(),
});
const toolInput = z.strictObject({ tool: text.max(256), profile: text.optional() });
const profileInput = z.strictObject({ profile: text.optional() });
const replyInput = z.strictObject({
  code: text.max(40),
  approve: z.boolean(),
  phrase: text.max(500).optional(),
  reason: text.max(300).default(''),
});
const relatedInput = z.strictObject({ kind: text.max(100), profile: text.optional() });
const auditInput = z.strictObject({ verify: z.boolean().default(false) });

const read = <Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> => {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new CallError(
    'invalid',
    `The page asked for something wrong: ${z.prettifyError(parsed.error)}`,
    'Load it again.',
  );
};

/** Rows of one answer that a browser is given. */
const maxRows = 500;

/** An answer as the page shows it: values as they came, and in words. */
const show = (outcome: Outcome): Record<string, unknown> => {
  const { items: _items, item: _item, ...rest } = outcome.structured;
  const { text: answer, columns, show: inWords } = outcome;
  const rows = outcome.rows().slice(0, maxRows);
  const cells = inWords && rows.map((row) => columns.map((column) => inWords(row, column)));
  return { ...rest, text: answer, columns, rows, cells, entries: outcome.entries?.() };
};

/** Who a session is to the rest of the server. Its user started this process where a link of its terminal signed them in. */
export const requesterOf = ({ principal, method }: Pick<PageSession, 'principal' | 'method'>) => ({
  principal,
  host: 'page',
  ...(method === 'link' ? { isLocal: true } : {}),
});

/** The questions that the page asks, each by its name. They throw CallErrors, and let nothing through that `call` does not. */
export const createApi = ({ app, call, health }: ApiOptions) => {
  const approverOf = ({ session }: PageCaller) => ({
    ...requesterOf(session),
    mayBeProgram: session.method === 'token',
  });
  const toRequest = ({ session, context, signal }: PageCaller, input: z.output<typeof callInput>): DoorRequest => {
    const { tool, args, profile, wait, fields, page, pagesize, scope, where, sort, group } = input;
    return {
      tool,
      args,
      view: { fields, page, pagesize, scope, where, sort, group, whole: true },
      wait,
      caller: { ...requesterOf(session), profile },
      origin: context,
      // Confirmations are given under Approvals, like for every other door.
      consent: () => Promise.resolve(undefined),
      signal,
    };
  };
  const catalogFor = async ({ session }: PageCaller, profile: string | undefined) =>
    app.catalog(await app.profileOf({ ...requesterOf(session), profile }));

  return {
    whoami: async (caller: PageCaller, body: unknown) => {
      const { profile } = read(profileInput, body);
      const input = callInput.parse({ tool: 'whoami', profile });
      return show(await app.whoami(toRequest(caller, input)));
    },
    call: async (caller: PageCaller, body: unknown) => {
      const input = read(callInput, body);
      const request = toRequest(caller, input);
      return input.dryRun ? { preview: await app.preview(request) } : show(await call(request));
    },
    find: async (caller: PageCaller, body: unknown) => {
      const { query, toolset, limit, profile } = read(findInput, body);
      const found = createSearch(await catalogFor(caller, profile))(query, { toolset, limit });
      return {
        matches: found.matches.map(({ tool }) => ({ ...toMatch(tool), toolset: tool.toolset })),
        total: found.total,
      };
    },
    describe: async (caller: PageCaller, body: unknown) => {
      const { tool, profile } = read(toolInput, body);
      return toDescription(requireTool(await catalogFor(caller, profile), tool));
    },
    kinds: async (caller: PageCaller, body: unknown) => {
      const { profile } = read(profileInput, body);
      const catalog = await catalogFor(caller, profile);
      return {
        kinds: listedKinds(catalog),
      };
    },
    related: async (caller: PageCaller, body: unknown) => {
      const { kind, profile } = read(relatedInput, body);
      return relatedTo(await catalogFor(caller, profile), kind);
    },
    approvals: async (caller: PageCaller) => ({
      waiting: (await app.waitingFor(approverOf(caller))).map(({ digest: _digest, ...seen }) => seen),
    }),
    reply: async (caller: PageCaller, body: unknown) => {
      const { code, approve, phrase, reason } = read(replyInput, body);
      const reply = approve
        ? ({ action: 'accept', confirm: true, phrase } as const)
        : ({ action: 'decline', reason } as const);
      await app.replyTo(approverOf(caller), { code, reply });
      return { done: true };
    },
    health: async () => (await (await health()).json()) as Record<string, unknown>,
    audit: async (caller: PageCaller, body: unknown) =>
      app.readAudit(requesterOf(caller.session), read(auditInput, body)),
  };
};
