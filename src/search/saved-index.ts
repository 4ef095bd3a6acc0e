import { loadCatalog } from '../catalog/catalog.ts';
import type { Tool } from '../catalog/tool.ts';
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

/** Deeds that a command which updates something does by a parameter. */
const deedsBy: readonly [deed: string, params: readonly string[]][] = [
  ['rename', ['name']],
  ['enable', ['allocationstate', 'state', 'enabled']],
  ['disable', ['allocationstate', 'state', 'enabled']],
];

/** "disable pod": what is said of a command that updates things, where no other command does just that. */
const settingsOf = ({ name, command: { params } }: Tool, names: ReadonlySet<string>): string[] => {
  const [action, ...things] = name.split('-');
  const takes = (wanted: readonly string[]): boolean => params.some(({ name }) => wanted.includes(name));
  return action === 'update'
    ? deedsBy.flatMap(([deed, wanted]) =>
        takes(wanted) && !names.has([deed, ...things].join('-')) ? [`${deed} ${things.join(' ')}`] : [],
      )
    : [];
};

/** What the search learns from. */
export const loadLessons = (): Lesson[] => {
  const sets = [{ ...loadPhrasings(), ...phrasingsOfLeads() }, loadTrainingPhrasings()];
  const { tools } = loadCatalog();
  const names = new Set(tools.map(({ name }) => name));
  const settings = tools.flatMap((tool) =>
    settingsOf(tool, names).map((text) => ({ text, command: tool.command.name, times: generalCount })),
  );
  const phrases = [...tools, ...indexedLeads()].flatMap(({ command: { name: command }, name, summary }) => [
    ...sets.flatMap((phrasings) => phrasingsOf(phrasings, command)).map(({ text }) => ({ text, command, times: 1 })),
    ...[name, summary].map((text) => ({ text, command, times: generalCount })),
    ...listingsOf(name).map((text) => ({ text, command, times: listingCount })),
  ]);
  return [...phrases, ...settings];
};

/** The index with what was learned. The build puts in place of this file one that reads what it has prepared. */
export const loadSavedIndex = (): SearchIndex => {
  const index = prepareSavedIndex();
  return { ...index, intent: fitIntent(loadData<SavedIntent>('search-weights.json'), index) };
};
