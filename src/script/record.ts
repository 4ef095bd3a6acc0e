import type { Row } from '../rows.ts';
import { toLabel } from '../text.ts';

/** A call of a script, as the script's own record has it. */
export interface MadeCall {
  /** Line of the script, from 1. */
  line: number | undefined;
  command: string;
  isRead: boolean;
  /** `running`: what became of it is not known. */
  state: 'running' | 'done' | 'failed';
  /** What a change answered with. */
  id?: string | undefined;
  name?: string | undefined;
}

/** A change in one line, such as `line 3 createVPC id 1f… (web)`. */
export const describeMade = ({ line, command, state, id, name }: MadeCall): string =>
  [
    line === undefined ? [] : `line ${line}`,
    command,
    id === undefined ? [] : `id ${toLabel(id)}`,
    name === undefined ? [] : `(${toLabel(name)})`,
    state === 'running' ? 'outcome unknown' : [],
  ]
    .flat()
    .join(' ');

/** What of a record counts once a script is over: changes that were made, or may have been. */
export const changesOf = (calls: readonly MadeCall[]): readonly MadeCall[] =>
  calls.filter(({ isRead, state }) => !isRead && state !== 'failed');

/** The same as data. */
export const toChange = ({ line, command, state, id, name }: MadeCall): Row => ({
  ...(line === undefined ? {} : { line }),
  command,
  ...(id === undefined ? {} : { id }),
  ...(name === undefined ? {} : { name }),
  ...(state === 'running' ? { outcome: 'unknown' } : {}),
});
