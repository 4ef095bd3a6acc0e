import type { Plugin } from 'esbuild';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { packIndex } from '../../src/search/pack.ts';
import { loadSavedIndex } from '../../src/search/saved-index.ts';
import { loadSavedLanguage } from '../../src/search/saved-language.ts';
import { compress, prepared } from './prepared.ts';

// To prepare it takes longer than to search.
const searchIndex = 'search-index.bin.br';
// What was learned stands beside it as it is.
const weights = 'search-weights.bin';
/** Bytes that are decompressed at a time: all of them. */
const atOnce = 2 ** 20;
// So are the stems of words of one meaning.
const language = 'search-language.json';

/** In place of the module that prepares the search index, one that reads the file in which it is packed. */
const preparedIndex: Plugin = {
  name: 'search-index',
  setup: ({ onLoad }) => {
    onLoad({ filter: /[\\/]search[\\/]saved-index\.ts$/ }, ({ path }) => ({
      contents: `import { readFileSync } from 'node:fs';
import { brotliDecompressSync } from 'node:zlib';
import { unpackIndex } from './pack.ts';
const read = (name) => readFileSync(new URL(\`./\${name}\`, import.meta.url));
export const loadSavedIndex = () =>
  unpackIndex({
    index: brotliDecompressSync(read('${searchIndex}'), { chunkSize: ${atOnce} }),
    weights: read('${weights}'),
  });`,
      loader: 'js',
      resolveDir: dirname(path),
    }));
  },
};
/** In place of the modules that prepare what the search reads, those that read it from the folder of the bundle. */
export const preparedSearch: Plugin[] = [
  preparedIndex,
  prepared(/[\\/]search[\\/]saved-language\.ts$/, 'loadSavedLanguage', language),
];

/** Writes what the search reads. */
export const writeSearch = (folder: string): void => {
  const packed = packIndex(loadSavedIndex());
  writeFileSync(join(folder, searchIndex), compress(packed.index));
  writeFileSync(join(folder, weights), packed.weights);
  writeFileSync(join(folder, language), JSON.stringify(loadSavedLanguage()));
};
