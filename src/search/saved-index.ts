import { loadCatalog } from '../catalog/catalog.ts';
import { indexedLeads, phrasingsOfLeads } from './leads.ts';
import { loadPhrasings } from './phrasings.ts';
import { prepareIndex } from './prepare.ts';
import type { SearchIndex } from './search-index.ts';

/** The index of every known command, and of what leads elsewhere. The build puts in place of this file one that reads what it has prepared. */
export const loadSavedIndex = (): SearchIndex =>
  prepareIndex([...loadCatalog().tools, ...indexedLeads()], { ...loadPhrasings(), ...phrasingsOfLeads() });
