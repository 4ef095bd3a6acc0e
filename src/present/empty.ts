import { loadData } from '../data.ts';

/** One line of data/empty-lists.json: what to try where a list that was narrowed by one of the parameters shows nothing. */
interface EmptyHint {
  commands?: readonly string[];
  parameters: readonly string[];
  hint: string;
}

/** The way on from an empty list; undefined where nothing narrowed it. */
export const explainEmpty = (command: string, args: Readonly<Record<string, unknown>>): string | undefined =>
  loadData<EmptyHint[]>('empty-lists.json').find(
    ({ commands, parameters }) =>
      (!commands || commands.includes(command)) && parameters.some((name) => args[name] !== undefined),
  )?.hint;
