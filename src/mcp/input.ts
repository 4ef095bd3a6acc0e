import * as z from 'zod';
import { spellingKey } from '../catalog/names.ts';
import { CallError } from '../errors.ts';
import { parseExact, pruneJson } from '../json.ts';
import { limits } from '../limits.ts';
import { isNothing, readFlag, readList, readNumber } from '../read-values.ts';
import { isRecord } from '../rows.ts';
import { cutText } from '../text.ts';

/** JSON text as its value, with so much of what is too much that the path refuses it. */
const parse = (text: string): unknown => {
  try {
    return parseExact(pruneJson(text, { depth: limits.argumentDepth + 1, values: limits.values + 1 }));
  } catch {
    return undefined;
  }
};

/** A model may hand over nested values as JSON text. What is in it, the path looks at. */
const jsonObject = z.unknown().transform((given, context): Record<string, unknown> => {
  const value = typeof given === 'string' ? parse(given) : (given ?? {});
  if (isRecord(value)) return value;
  context.addIssue({ code: 'custom', message: 'Invalid input: expected an object' });
  return z.NEVER;
});

/** A few texts. More than can be right are not looked at one by one. */
const texts = z.preprocess(
  (value) => readList(value, limits.fields).filter((text) => !isNothing(text)),
  z.array(z.string().max(limits.field)).max(limits.fields),
);
/** A whole number, also as text. */
const whole = (min: number, max = Number.MAX_SAFE_INTEGER) =>
  z.preprocess(readNumber, z.number().int().min(min).max(max));
const flag = z.preprocess(readFlag, z.boolean());
const scope = z.preprocess(
  (value) => (typeof value === 'string' ? value.trim().toLowerCase() : value),
  z.enum(['own', 'all']),
);
const name = z.string().max(limits.toolName);
const run = { tool: name, arguments: jsonObject.optional(), fields: texts.optional(), profile: name.optional() };
const paging = { page: whole(1).optional(), pagesize: whole(1).optional() };
// Lists that show credentials are changes here, and have pages, too.
const change = z.strictObject({
  ...run,
  tool: name.optional(),
  ...paging,
  wait: whole(0, 45).optional(),
  calls: z
    .preprocess(
      (value) => (typeof value === 'string' ? parse(value) : value),
      z.array(z.strictObject({ tool: name, arguments: jsonObject.optional() })).max(limits.steps),
    )
    .optional(),
  mode: z.enum(['plan', 'run']).optional(),
  plan: name.optional(),
  undo: name.optional(),
});

/** What the tools of the compact list take. */
export const inputs = {
  'find-tools': z.strictObject({
    query: z.string().max(limits.query),
    toolset: name.optional(),
    limit: whole(1, 50).optional(),
  }),
  'describe-tools': z.strictObject({
    tools: texts.pipe(z.array(z.string()).min(1).max(20)),
    parameters: texts.optional(),
    script: flag.optional(),
  }),
  read: z.strictObject({
    ...run,
    ...paging,
    fresh: flag.optional(),
    scope: scope.optional(),
    where: z.string().max(limits.query).optional(),
    sort: texts.optional(),
    group: texts.optional(),
    all: flag.optional(),
    wait: whole(0, 45).optional(),
  }),
  change,
  destroy: change,
  'wait-for-job': z.strictObject({ job: name, profile: name.optional() }),
  diagnose: z.strictObject({
    kind: name,
    id: name,
    question: z.string().max(limits.query).optional(),
    profile: name.optional(),
  }),
  whoami: z.strictObject({ profile: name.optional() }),
  'run-script': z.strictObject({
    code: z.string().max(limits.text).optional(),
    name: name.optional(),
    inputs: jsonObject.optional(),
    mode: z.enum(['plan', 'run', 'dry-run']).optional(),
    profile: name.optional(),
  }),
};

/** Names that are read of a tool's arguments: more than any tool has, so that one that it lacks is among them. */
const maxKeys = 20;

/** Other words for an argument: cloudmonkey's. */
const otherNames: Readonly<Record<string, string>> = { filter: 'fields' };

/** What was given, under the tool's own names; null and empty texts count as not given. */
const toGiven = (own: readonly string[], args: Record<string, unknown>): Record<string, unknown> => {
  const known = new Map(own.map((one) => [spellingKey(one), one]));
  return Object.fromEntries(
    Object.entries(args)
      // More names than the tool has are not read one by one.
      .slice(0, maxKeys)
      .filter(([, value]) => !isNothing(value))
      .map(([given, value]) => {
        const key = spellingKey(given.slice(0, limits.field));
        return [known.get(key) ?? known.get(otherNames[key] ?? '') ?? given, value];
      }),
  );
};

/** Reads a tool's arguments. Throws a CallError that names the problems. */
export const readInput = <N extends keyof typeof inputs>(name: N, args: unknown): z.output<(typeof inputs)[N]> => {
  const given = args ?? {};
  const input = inputs[name];
  const parsed = input.safeParse(isRecord(given) ? toGiven(Object.keys(input.shape), given) : given);
  if (parsed.success) return parsed.data as z.output<(typeof inputs)[N]>;
  const problems = parsed.error.issues
    .slice(0, limits.problems)
    .map(({ path, message }) => cutText(path.length ? `${path.join('.')}: ${message}` : message, limits.key));
  throw new CallError(
    'invalid',
    `${name}: ${problems.join('; ')}.`,
    "The command's own parameters go into `arguments`. Nothing was sent.",
  );
};
