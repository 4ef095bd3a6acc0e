import { openIndex, type OpenIndex } from './open-index.ts';
import { loadSavedIndex } from './saved-index.ts';

let known: OpenIndex | undefined;

/** The index of all known commands, opened when it is first asked for. */
export const knownIndex = (): OpenIndex => (known ??= openIndex(loadSavedIndex()));
