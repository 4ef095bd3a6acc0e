import * as z from 'zod';
import { flag } from './values.ts';

/** The settings of the whole server: which cloud and principal, what is listed and allowed. */
export const generalSettings = {
  profile: z.string().default('default').describe('Profile of calls that do not name one'),
  tools: z.string().default('compact').describe('Tools to list: compact, all, or toolsets such as compute,network'),
  readOnly: flag.default(false).describe('Allow only reads; overrides the policy'),
  simulator: flag.default(false).describe('Use the embedded CloudStack simulator instead of a cloud'),
  discover: flag.default(true).describe('Read which commands the account may call (listApis)'),
  principal: z
    .string()
    .default('local')
    .describe('Principal of calls on stdio and at the terminal, as named in `principals`'),
};
