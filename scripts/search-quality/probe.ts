/** A process that opens the search and asks it once; prints the milliseconds that both took, and those of processor time. */
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { knownIndex } from '../../src/search/known-index.ts';
import { createSearch } from '../../src/search/search.ts';

const timed = (work: () => unknown): { wall: number; cpu: number } => {
  const before = process.cpuUsage();
  const start = performance.now();
  work();
  const wall = performance.now() - start;
  const { user, system } = process.cpuUsage(before);
  return { wall, cpu: (user + system) / 1000 };
};

const search = createSearch(loadCatalog());
// The first reading of a clock takes its time.
timed(() => undefined);
const load = timed(knownIndex);
const first = timed(() => search('how do I restart a machine', { limit: 10 }));
process.stdout.write(JSON.stringify({ load, first }));
