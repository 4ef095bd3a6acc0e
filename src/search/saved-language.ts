import { loadData } from '../data.ts';
import { prepareSynonyms, type Synonyms } from './synonyms.ts';

/** The words of one meaning, in stems. The build puts in place of this file one that reads what it has prepared. */
export const loadSavedLanguage = (): Synonyms => prepareSynonyms(loadData<Synonyms>('synonyms.json'));
