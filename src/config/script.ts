import * as z from 'zod';
import { seconds, wholeNumber } from './values.ts';

/** The settings of scripts: what one may take of this machine and of the cloud. */
export const scriptSettings = {
  scriptTime: seconds(1, 3600).default(300).describe('Maximum run time of a script, with its jobs (s)'),
  scriptCompute: seconds(1, 300).default(5).describe('Maximum compute time of a script, without its calls (s)'),
  scriptMemory: wholeNumber(8, 1024).default(64).describe('Maximum memory of a script (MiB)'),
  scriptCalls: wholeNumber(1, 10_000).default(500).describe('Maximum number of calls of a script'),
  scriptParallel: wholeNumber(1, 32)
    .default(4)
    .describe('Maximum number of concurrent calls of a script; the others wait'),
  scripts: wholeNumber(1, 64).default(4).describe('Maximum number of concurrent scripts; more are refused'),
  scriptFolder: z
    .string()
    .default('')
    .describe('Folder of stored scripts (NAME.js) that are run by name; by default there is none'),
};

/** The settings of scripts, as they were read. */
export type ScriptSettings = z.output<z.ZodObject<typeof scriptSettings>>;
