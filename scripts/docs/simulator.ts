import { loadData } from '../../src/data.ts';
import { NOT_SIMULATED } from '../../src/simulator/engine/not-simulated.ts';
import { code, toTable } from './markdown.ts';

/** What the simulator keeps of CloudStack's behavior. */
export const promiseTable = (): string =>
  toTable(
    ['promise', 'what it says'],
    loadData<{ id: string; text: string }[]>('promises.json').map(({ id, text }) => [code(id), text]),
  );

/** The commands that it refuses. */
export const notSimulatedList = (): string => [...NOT_SIMULATED].sort().map(code).join(', ');
