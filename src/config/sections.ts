import * as z from 'zod';
import type { Auth } from './auth.ts';
import type { PolicySection, Principals, Risks, Roles } from './policy.ts';
import type { PromptsSection } from './prompts.ts';
import { keysOf, wrong } from './wrong.ts';
import { seePage } from '../documents.ts';

/** Sections of the configuration file beside the settings and the profiles. */
export interface FileSections {
  policy?: PolicySection | undefined;
  roles?: Roles | undefined;
  risks?: Risks | undefined;
  principals?: Principals | undefined;
  auth?: Auth | undefined;
  /** The operator's own prompts. */
  prompts?: PromptsSection | undefined;
}

/** The sections about who may do what; their schemas are loaded only where a file has them. Throws a configuration error. */
export const readSections = async (
  sections: Readonly<Record<string, unknown>>,
): Promise<Omit<FileSections, 'prompts'>> => {
  if (Object.values(sections).every((section) => section === undefined)) return {};
  const { policySection, principalsSection, risksSection, rolesSection } = await import('./policy.ts');
  const { authSection } = await import('./auth.ts');
  const schema = z.object({
    policy: policySection.optional(),
    roles: rolesSection.optional(),
    risks: risksSection.optional(),
    principals: principalsSection.optional(),
    auth: authSection.optional(),
  });
  const parsed = schema.safeParse(sections);
  if (!parsed.success) throw wrong(z.prettifyError(parsed.error), seePage('policy'), { keys: keysOf(parsed.error) });
  return parsed.data;
};

/** The prompts of the file; undefined without any. Throws a configuration error. */
export const readPrompts = async (given: unknown): Promise<Pick<FileSections, 'prompts'>> => {
  if (given === undefined) return {};
  const { promptsSection } = await import('./prompts.ts');
  const parsed = promptsSection.safeParse(given);
  if (!parsed.success)
    throw wrong(`prompts: ${z.prettifyError(parsed.error)}`, seePage('configuration'), {
      keys: ['prompts', ...keysOf(parsed.error)],
    });
  return { prompts: parsed.data };
};
