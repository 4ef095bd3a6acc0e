import { build } from 'esbuild';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { preparedSearch, writeSearch } from '../build/search.ts';

/** Milliseconds, and of these processor time, which other threads may use at the same time. */
interface Took {
  wall: number;
  cpu: number;
}

/**
 * What a new process takes from the first call of the function that opens the index until the index can answer, and for the
 * first question after it.
 */
export interface ColdTimes {
  load: Took;
  first: Took;
}

/** Bundles the search as the build does, and runs it in new processes, one after the other. */
export const measureCold = async (runs: number): Promise<ColdTimes[]> => {
  const folder = mkdtempSync(join(tmpdir(), 'search-'));
  try {
    const dist = join(folder, 'dist');
    mkdirSync(dist);
    symlinkSync(resolve('data'), join(folder, 'data'));
    writeSearch(dist);
    const outfile = join(dist, 'probe.mjs');
    await build({
      entryPoints: ['scripts/search-quality/probe.ts'],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      minify: true,
      banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
      logLevel: 'warning',
      plugins: preparedSearch,
    });
    return Array.from(
      { length: runs },
      () => JSON.parse(execFileSync(process.execPath, [outfile], { encoding: 'utf8' })) as ColdTimes,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
};
