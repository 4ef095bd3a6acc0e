import type * as z from 'zod';
import { seconds, wholeNumber } from './values.ts';

/** The settings of one call: how long it waits, and how much it may ask for and answer. */
export const callSettings = {
  wait: seconds(0, 45).default(45).describe('Time to wait for a job (s); after it the job is returned as pending'),
  questionTimeout: seconds(1).default(300).describe('Time in which a confirmation must be answered (s)'),
  budget: wholeNumber(500).default(8000).describe('Maximum size of an answer (tokens)'),
  pageSizeLimit: wholeNumber(1).default(500).describe("Maximum page size; the cloud's default.page.size"),
};

/** The settings of one call, as they were read. */
export type CallSettings = z.output<z.ZodObject<typeof callSettings>>;
