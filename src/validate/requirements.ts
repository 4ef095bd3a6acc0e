import { exampleFor } from '../catalog/example.ts';
import { describeUnmet, neededBy, unmetBy } from '../catalog/requirements.ts';
import type { Command } from '../catalog/types.ts';

/** What was found of parameters that need or exclude each other; `example`: arguments as JSON that the first problem asks for. */
export interface RequirementFindings {
  problems: readonly string[];
  notes: readonly string[];
  example?: string | undefined;
}

/**
 * Looks at what a command asks of its parameters together. What is not met is a problem; a cloud newer than the catalog
 * (`newerRelease`) may have other rules, so there it is a note.
 */
export const checkTogether = (
  command: Command,
  values: Readonly<Record<string, unknown>>,
  newerRelease: string | undefined,
): RequirementFindings => {
  const needed = neededBy(command);
  // What every call needs, the schema says.
  const unmet = unmetBy(command, values).filter(({ missing }) => !missing[0] || !needed.has(missing[0]));
  const problems = unmet.map(describeUnmet);
  if (newerRelease === undefined)
    return { problems, notes: [], example: unmet[0] ? exampleFor(command, unmet[0]) : undefined };
  const notes = problems.map(
    (text) => `According to the catalog, ${text}; it was sent because the cloud is newer (${newerRelease}).`,
  );
  return { problems: [], notes };
};
