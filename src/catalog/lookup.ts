import { CallError } from '../errors.ts';
import { limits } from '../limits.ts';
import { loadCatalog, type Catalog } from './catalog.ts';
import { closestWord, mayBeMeant } from '../spelling.ts';
import { toLabel } from '../text.ts';
import { loadToolsets, otherToolset, type Tool } from './tool.ts';

/** Without what hosts put before the names of a server's tools: `mcp__cloudstack__list-zones`, `cloudstack.listZones`. */
const withoutPrefix = (name: string): string =>
  name.slice(Math.max(name.lastIndexOf('__') + 1, ...[...'.:/'].map((sign) => name.lastIndexOf(sign))) + 1);

/** The tool of a name in any spelling. Throws a CallError with the nearest name, or why a known one is not here. */
export const requireTool = (catalog: Catalog, name: string): Tool => {
  const tool = catalog.find(name) ?? catalog.find(withoutPrefix(name));
  if (tool) return tool;
  const known = loadCatalog().find(name);
  if (known)
    throw new CallError(
      'permission',
      `${known.name} cannot be called here: the cloud offers no ${known.command.name} to this account.`,
      'The role does not include it, the release lacks it, or its plugin is off: [[whoami]] shows the role and the release. [[find-tools]] lists what can be called. Nothing was sent.',
    );
  const near = catalog.nearest(name);
  throw new CallError(
    'invalid',
    `There is no tool "${toLabel(name)}" here.`,
    near
      ? `Did you mean ${near.name}? (${near.summary}) Search with [[find-tools]].`
      : 'Search with [[find-tools]]. The cloud, its release or your role may not have this one.',
  );
};

/** Throws a CallError for a toolset that no command can be in. */
export const checkToolset = (name: string | undefined): void => {
  if (name !== undefined && name !== otherToolset) checkToolsets([name]);
};

/** Throws a CallError of this kind for names that are no toolsets. */
export const checkToolsets = (
  names: readonly string[],
  { kind = 'invalid', also = '' }: { kind?: 'invalid' | 'configuration'; also?: string } = {},
): void => {
  const known = loadToolsets().map(({ name }) => name);
  const wrong = names.filter((name) => !known.includes(name));
  const near = wrong.flatMap((name) => {
    const word = name.slice(0, limits.toolName).toLowerCase();
    const closest = closestWord(word, known);
    return mayBeMeant(word, closest) ? [closest] : [];
  });
  const meant = near.length ? `Did you mean ${near.join(', ')}? ` : '';
  if (wrong.length)
    throw new CallError(
      kind,
      `There is no toolset ${wrong.map((name) => `"${toLabel(name)}"`).join(', ')}.`,
      `${meant}Available: ${known.join(', ')}${also}.`,
    );
};
