import * as z from 'zod';
import { CallError } from '../errors.ts';

/** A model may hand over nested values as JSON text. */
const jsonObject = z.preprocess(
  (value) => {
    if (typeof value !== 'string') return value ?? {};
    try {
      return JSON.parse(value) as unknown;
    } catch {
      return value;
    }
  },
  z.record(z.string(), z.unknown()),
);

const texts = z.preprocess(
  (value) => (typeof value === 'string' ? value.split(',').map((part) => part.trim()) : value),
  z.array(z.string()),
);
const whole = z.coerce.number().int();
const run = { tool: z.string(), arguments: jsonObject.optional(), profile: z.string().optional() };
const change = z.strictObject({ ...run, wait: whole.min(0).max(45).optional() });

/** What the tools of the compact list take. */
export const inputs = {
  'find-tools': z.strictObject({
    query: z.string(),
    toolset: z.string().optional(),
    limit: whole.min(1).max(50).default(10),
  }),
  'describe-tools': z.strictObject({ tools: texts.pipe(z.array(z.string()).min(1).max(20)) }),
  read: z.strictObject({
    ...run,
    fields: texts.optional(),
    page: whole.min(1).optional(),
    pagesize: whole.min(1).optional(),
    fresh: z.boolean().optional(),
  }),
  change,
  destroy: change,
  'wait-for-job': z.strictObject({ job: z.string(), profile: z.string().optional() }),
};

/** Reads a tool's arguments. Throws a CallError that names every problem. */
export const readInput = <N extends keyof typeof inputs>(name: N, args: unknown): z.output<(typeof inputs)[N]> => {
  const parsed = inputs[name].safeParse(args ?? {});
  if (parsed.success) return parsed.data as z.output<(typeof inputs)[N]>;
  const problems = parsed.error.issues.map(({ path, message }) =>
    path.length ? `${path.join('.')}: ${message}` : message,
  );
  throw new CallError(
    'invalid',
    `${name}: ${problems.join('; ')}.`,
    "The command's own parameters go into `arguments`. Nothing was sent.",
  );
};
