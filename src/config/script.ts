import * as z from 'zod';
import { seconds, wholeNumber } from './values.ts';

/** The settings of scripts: what one may take of this machine and of the cloud. */
export const scriptSettings = {
  scriptTime: seconds(1, 3600).default(300).describe('Time that a script may take, with the jobs it waits for (s)'),
  scriptCompute: seconds(1, 300).default(5).describe('Time that a script may compute, beside its calls (s)'),
  scriptMemory: wholeNumber(8, 1024).default(64).describe('Memory of a script (MiB)'),
  scriptCalls: wholeNumber(1, 10_000).default(500).describe('Calls that a script may make'),
  scriptParallel: wholeNumber(1, 32).default(4).describe('Calls of a script that run at once; the others wait'),
  scripts: wholeNumber(1, 64).default(4).describe('Scripts that run at once; more are refused'),
  scriptFolder: z
    .string()
    .default('')
    .describe('Folder of stored scripts (NAME.js), which are run by their names; empty: there are none'),
};

/** The settings of scripts, as they were read. */
export type ScriptSettings = z.output<z.ZodObject<typeof scriptSettings>>;
