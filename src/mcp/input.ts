import * as z from 'zod';
import { CallError } from '../errors.ts';
import { limits } from '../limits.ts';
import { isRecord } from '../rows.ts';
import { pruneJson } from '../json.ts';
import { cutText } from '../text.ts';

/** JSON text as its value, with so much of what is too much that the path refuses it. */
const parse = (text: string): unknown => {
  try {
    return JSON.parse(pruneJson(text, { depth: limits.argumentDepth + 1, values: limits.values + 1 })) as unknown;
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

/** A few texts, also as one with commas. More than can be right are not looked at one by one. */
const texts = z.preprocess(
  (value) => {
    const list = typeof value === 'string' ? value.split(',', limits.fields + 1).map((part) => part.trim()) : value;
    return Array.isArray(list) ? (list as unknown[]).slice(0, limits.fields + 1) : list;
  },
  z.array(z.string().max(limits.field)).max(limits.fields),
);
/** A whole number, also as text; `true` is none, though it would count as 1. */
const whole = (min: number, max = Number.MAX_SAFE_INTEGER) =>
  z.preprocess(
    (value) => (typeof value === 'string' && value.trim() !== '' ? Number(value) : value),
    z.number().int().min(min).max(max),
  );
const flag = z.preprocess((value) => {
  const word = typeof value === 'string' ? value.trim().toLowerCase() : value;
  return word === 'true' ? true : word === 'false' ? false : word;
}, z.boolean());
const name = z.string().max(limits.toolName);
const run = { tool: name, arguments: jsonObject.optional(), profile: name.optional() };
const change = z.strictObject({ ...run, wait: whole(0, 45).optional() });

/** What the tools of the compact list take. */
export const inputs = {
  'find-tools': z.strictObject({
    query: z.string().max(limits.query),
    toolset: name.optional(),
    limit: whole(1, 50).default(10),
  }),
  'describe-tools': z.strictObject({ tools: texts.pipe(z.array(z.string()).min(1).max(20)) }),
  read: z.strictObject({
    ...run,
    fields: texts.optional(),
    page: whole(1).optional(),
    pagesize: whole(1).optional(),
    fresh: flag.optional(),
    scope: z.enum(['own', 'all']).optional(),
  }),
  change,
  destroy: change,
  'wait-for-job': z.strictObject({ job: name, profile: name.optional() }),
};

/** Names that are read of a tool's arguments: more than any tool has, so that one that it lacks is among them. */
const maxKeys = 20;

/** Reads a tool's arguments. Throws a CallError that names the problems. */
export const readInput = <N extends keyof typeof inputs>(name: N, args: unknown): z.output<(typeof inputs)[N]> => {
  const given = args ?? {};
  // More names than the tool has are not read one by one.
  const parsed = inputs[name].safeParse(
    isRecord(given) ? Object.fromEntries(Object.entries(given).slice(0, maxKeys)) : given,
  );
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
