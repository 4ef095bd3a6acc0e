import * as z from 'zod';

const whole = z.coerce.number().int().min(0);

/** The settings of one call: how long it waits, and how much it may ask for and answer. */
export const callSettings = {
  wait: whole.max(45).default(45).describe('Seconds to wait for a job before it is handed out as pending'),
  questionTimeout: whole.min(1).default(300).describe('Seconds that a question to a human stays open'),
  budget: whole.min(500).default(8000).describe('Tokens that one answer may take'),
  pageSizeLimit: whole.min(1).default(500).describe("Largest pagesize, the cloud's default.page.size"),
};

/** The settings of one call, as they were read. */
export type CallSettings = z.output<z.ZodObject<typeof callSettings>>;
