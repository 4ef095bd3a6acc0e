/** A process that opens the search and asks it once; prints the milliseconds of processor time of both. */
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { knownIndex } from '../../src/search/known-index.ts';
import { createSearch } from '../../src/search/search.ts';

const timed = (work: () => unknown): number => {
  const start = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
};

const search = createSearch(loadCatalog());
const load = timed(knownIndex);
const first = timed(() => search('how do I restart a machine', { limit: 10 }));
process.stdout.write(JSON.stringify({ load, first }));
