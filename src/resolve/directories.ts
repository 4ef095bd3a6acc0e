import type { Catalog } from '../catalog/catalog.ts';
import type { Tool } from '../catalog/tool.ts';
import type { ListRows, Params, PermittedCall } from '../types.ts';
import type { Row } from '../rows.ts';
import { createDirectory, type Directory } from './directory.ts';

/** A cloud whose list commands can be read, from the cache where that is allowed. */
export interface ListedCloud {
  catalog: Catalog;
  list(tool: Tool, params: Params, isCached: boolean): Promise<readonly Row[]>;
  /** Lists what is believed for a minute. */
  recent: ListRows;
}

/** Where a call looks things up: as they are now and, for plain reads, first in the cache. Most calls look nothing up. */
export interface Directories {
  now: () => Directory;
  cached?: (() => Directory) | undefined;
  /** Which things have a tag at all: believed for a minute, whatever the call is. */
  recent: () => Directory;
}

/** Made with its first use. */
const lazily = <T>(make: () => T): (() => T) => {
  let made: T | undefined;
  return () => (made ??= make());
};

/**
 * Looks things up as the caller may see them; `within` keeps a look-up to what its role sees. What is changed, judged by a
 * rule or shown to a human is looked at as it is now: the cache serves plain reads only.
 */
export const openDirectories = (
  { catalog, list, recent }: ListedCloud,
  { tool, decision, request }: PermittedCall,
  within: (list: ListRows) => ListRows,
): Directories => {
  const open = (isCached: boolean) =>
    lazily(() =>
      createDirectory(
        catalog,
        within((command, params) => list(command, params, isCached)),
      ),
    );
  const isPlain = tool.risk.risk === 'read' && decision?.action === 'allow' && request.view.fresh !== true;
  return {
    now: open(false),
    recent: lazily(() => createDirectory(catalog, within(recent))),
    ...(isPlain ? { cached: open(true) } : {}),
  };
};
