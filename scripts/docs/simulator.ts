import { loadData } from '../../src/data.ts';
import { notSimulatedCommands } from '../../src/simulator/engine/not-simulated.ts';
import { linkToSection } from './behaviour.ts';
import { code, toTable } from './markdown.ts';

/** How the simulator behaves as CloudStack does, each with the section that describes CloudStack; `-` cites none. */
export const promiseTable = (): string =>
  toTable(
    ['promise', 'behaviour', 'section'],
    loadData<{ id: string; text: string; cites: string }[]>('promises.json').map(({ id, text, cites }) => [
      code(id),
      text,
      cites === '-' ? '' : linkToSection(cites),
    ]),
  );

/** The commands that the simulator refuses. */
export const notSimulatedList = (): string => [...notSimulatedCommands].sort().map(code).join(', ');
