import { loadData } from '../../data.ts';

/**
 * Commands that drive other makers' machines (or the identity providers outside) in ways of which no later read would
 * show anything: data/not-simulated.json. The simulator says that it does not know them; it does not pretend.
 */
export const notSimulatedCommands: ReadonlySet<string> = new Set(loadData<string[]>('not-simulated.json'));
