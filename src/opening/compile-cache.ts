import module from 'node:module';
import { cacheFolderOf } from '../config/places.ts';
import type { Environment } from '../config/values.ts';

/** What Node 22.1 and newer have. */
interface Caching {
  enableCompileCache?: (folder: string) => unknown;
}

/**
 * The next start takes over what this one compiles, where Node can do that. In a folder of the user's own: who may
 * write there may have code run. Where it cannot be written, Node goes on without it.
 */
export const keepCompiled = (env: Environment): void =>
  void (module as Caching).enableCompileCache?.(cacheFolderOf(env));
