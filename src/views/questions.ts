import * as z from 'zod';
import type { App } from '../app/app.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { CallError } from '../errors.ts';
import { limits } from '../limits.ts';
import { isRecord } from '../rows.ts';
import { cutText } from '../text.ts';
import type { DoorRequest } from '../types.ts';
import { listedKinds, relatedTo } from './kinds.ts';
import { readNetworkMap } from './network-map.ts';
import { readOverview } from './overview.ts';
import { show, type ReadView } from './show.ts';

const text = z.string();
const callInput = z.strictObject({
  tool: text,
  args: z.record(text, z.unknown()).default({}),
  profile: text.optional(),
  fields: z.array(text).max(limits.fields).optional(),
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
const profileInput = z.strictObject({ profile: text.optional() });
const relatedInput = z.strictObject({ kind: text.max(100), profile: text.optional() });
const mapInput = z.strictObject({
  network: text.max(500).optional(),
  vpc: text.max(500).optional(),
  profile: text.optional(),
});

/** A call as a view asks for it. */
export type CallInput = z.output<typeof callInput>;

/** Who looks: their calls, and the catalog of their cloud. */
export interface Looker {
  toRequest: (input: CallInput) => DoorRequest;
  catalog: (profile: string | undefined) => Promise<Catalog>;
}

/** Names that are read of a question: more than any has, so that one too many is among them. */
const maxKeys = 30;

/** Reads what a view asks. Throws a CallError. */
export const readQuestion = <Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> => {
  const parsed = schema.safeParse(
    isRecord(value) ? Object.fromEntries(Object.entries(value).slice(0, maxKeys)) : value,
  );
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues
    .slice(0, limits.problems)
    .map(({ path, message }) => cutText(`${path.join('.')}: ${message}`, limits.key));
  throw new CallError('invalid', `The page asked for something wrong: ${problems.join('; ')}`, 'Load it again.');
};

/** A call with these parts, and else as a view asks for one. */
export const toCallInput = (input: z.input<typeof callInput>): CallInput => callInput.parse(input);

/** What the page and the MCP Apps ask, each question by its name: they let nothing through that `call` does not. */
export const createQuestions = ({ app, call }: { app: Pick<App, 'preview'>; call: App['call'] }) => {
  const reader =
    ({ toRequest }: Looker, profile: string | undefined): ReadView =>
    (read) =>
      call({ ...toRequest(toCallInput({ ...read, profile })), riskTool: 'read' });
  return {
    call: async (looker: Looker, body: unknown) => {
      const input = readQuestion(callInput, body);
      const request = looker.toRequest(input);
      return input.dryRun ? { preview: await app.preview(request) } : show(await call(request));
    },
    kinds: async (looker: Looker, body: unknown) => {
      const { profile } = readQuestion(profileInput, body);
      return { kinds: listedKinds(await looker.catalog(profile)) };
    },
    related: async (looker: Looker, body: unknown): Promise<Record<string, unknown>> => {
      const { kind, profile } = readQuestion(relatedInput, body);
      return { ...relatedTo(await looker.catalog(profile), kind) };
    },
    overview: (looker: Looker, body: unknown) => readOverview(reader(looker, readQuestion(profileInput, body).profile)),
    'network-map': (looker: Looker, body: unknown) => {
      const { profile, ...of } = readQuestion(mapInput, body);
      return readNetworkMap(reader(looker, profile), of);
    },
  };
};
