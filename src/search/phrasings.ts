import { loadData } from '../data.ts';

/** What people say when they mean a command, and a parameter that they then mean to give: `state=Stopped`, `name`. */
export interface Phrasing {
  text: string;
  set?: string | undefined;
}

/** data/phrasings.json: by command, what people say; where they mean a parameter, together with others who mean it. */
export type Phrasings = Readonly<Record<string, readonly (string | { set: string; phrasings: readonly string[] })[]>>;

/** The phrasings of every command. */
export const loadPhrasings = (): Phrasings => loadData<Phrasings>('phrasings.json');

/** What is only learned from, data/training-phrasings.json: indexed, it would weigh more than it finds. */
export const loadTrainingPhrasings = (): Phrasings => loadData<Phrasings>('training-phrasings.json');

/** The phrasings of a command, in the order in which the index numbers them. */
export const phrasingsOf = (phrasings: Phrasings, command: string): readonly Phrasing[] =>
  (phrasings[command] ?? []).flatMap((entry) =>
    typeof entry === 'string' ? [{ text: entry }] : entry.phrasings.map((text) => ({ text, set: entry.set })),
  );
