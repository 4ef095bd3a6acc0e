import { CallError } from '../errors.ts';
import type { Catalog } from './catalog.ts';
import { toLabel } from '../text.ts';
import { loadToolsets, otherToolset, type Tool } from './tool.ts';

/** The tool of a name in any spelling. Throws a CallError with the nearest name; `search` says how to look for others. */
export const requireTool = (catalog: Catalog, name: string, search = 'Search with find-tools.'): Tool => {
  const tool = catalog.find(name);
  if (tool) return tool;
  const near = catalog.nearest(name);
  throw new CallError(
    'invalid',
    `There is no tool "${toLabel(name)}" here.`,
    near
      ? `Did you mean ${near.name}? (${near.summary}) ${search}`
      : `${search} The cloud, its release or your role may not have the command.`,
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
  const wrong = names.filter((name) => !known.includes(name)).map((name) => `"${toLabel(name)}"`);
  if (wrong.length)
    throw new CallError(kind, `There is no toolset ${wrong.join(', ')}.`, `There are: ${known.join(', ')}${also}.`);
};
