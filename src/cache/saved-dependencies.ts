import { computeDependencies } from './compute-dependencies.ts';

/** The dependencies of cached answers. The build puts in place of this file one that reads what it has computed. */
export const loadSavedDependencies = (): Readonly<Record<string, readonly string[]>> => computeDependencies();
