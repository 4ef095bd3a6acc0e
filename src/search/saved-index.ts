import { loadCatalog } from '../catalog/catalog.ts';
import { loadData } from '../data.ts';
import { indexedLeads, phrasingsOfLeads } from './leads.ts';
import { loadPhrasings, loadTrainingPhrasings, phrasingsOf } from './phrasings.ts';
import { prepareIndex } from './prepare.ts';
import { fitIntent, type Lesson, type SavedIntent } from './saved-intent.ts';
import type { SearchIndex } from './search-index.ts';

/** The index of every known command, and of what leads elsewhere, without what was learned. */
export const prepareSavedIndex = (): SearchIndex =>
  prepareIndex([...loadCatalog().tools, ...indexedLeads()], { ...loadPhrasings(), ...phrasingsOfLeads() });

/** The name and the summary of a command count as so many phrasings do. */
const generalCount = 2;
const listingCount = 0.5;

/** Who names things and nothing else wants to see them: "vpn gateways", "zone". What else is said with the name of a list alone. */
const listingsOf = (name: string): string[] => {
  const [action, ...things] = name.split('-');
  const named = things.join(' ');
  return action === 'list' && named.endsWith('s')
    ? [named, named.replace(/s$/, ''), `all ${named}`, `which ${named}`, `how many ${named}`]
    : [];
};

/** What the search learns from. */
export const loadLessons = (): Lesson[] => {
  const sets = [{ ...loadPhrasings(), ...phrasingsOfLeads() }, loadTrainingPhrasings()];
  return [...loadCatalog().tools, ...indexedLeads()].flatMap(({ command: { name: command }, name, summary }) => [
    ...sets.flatMap((phrasings) => phrasingsOf(phrasings, command)).map(({ text }) => ({ text, command, times: 1 })),
    ...[name, summary].map((text) => ({ text, command, times: generalCount })),
    ...listingsOf(name).map((text) => ({ text, command, times: listingCount })),
  ]);
};

/** The index with what was learned. The build puts in place of this file one that reads what it has prepared. */
export const loadSavedIndex = (): SearchIndex => {
  const index = prepareSavedIndex();
  return { ...index, intent: fitIntent(loadData<SavedIntent>('search-weights.json'), index) };
};
