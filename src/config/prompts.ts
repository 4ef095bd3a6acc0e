import * as z from 'zod';

const argument = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]{0,39}$/),
  description: z.string().max(200),
  required: z.boolean().optional(),
  /** The kind of resource that it names, such as `host`: completed with names from the cloud. */
  of: z.string().optional(),
  /** What stands in the text where it is not given. */
  otherwise: z.string().max(200).optional(),
});

/**
 * The section `prompts`: the operator's own, by name, beside those of data/prompts.json; one of the same name takes its place.
 * `{argument}` in the text stands for what is given.
 */
export const promptsSection = z.record(
  z.string().regex(/^[a-z][a-z0-9-]{0,62}$/),
  z.strictObject({
    title: z.string().max(100).optional(),
    description: z.string().min(1).max(1000),
    arguments: z.array(argument).max(20).default([]),
    text: z.string().min(1).max(20_000),
  }),
);

/** The operator's own prompts by name. */
export type PromptsSection = z.output<typeof promptsSection>;
