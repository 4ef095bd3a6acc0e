import type { Plugin } from 'esbuild';
import { brotliCompressSync, constants } from 'node:zlib';

/** `--quick`: a build to try something with. It costs a quarter of the processor time; its files are larger. */
const quality = process.argv.includes('--quick') ? constants.BROTLI_MIN_QUALITY + 4 : constants.BROTLI_MAX_QUALITY;

/** As small as brotli makes it. */
export const compress = (bytes: Uint8Array): Uint8Array =>
  brotliCompressSync(bytes, {
    params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length, [constants.BROTLI_PARAM_QUALITY]: quality },
  });

/** In place of a module that works something out, one that reads what was worked out here: `name` is its export. */
export const prepared = (module: RegExp, name: string, file: string): Plugin => ({
  name: file,
  setup: ({ onLoad }) => {
    const read = `readFileSync(new URL('./${file}', import.meta.url))`;
    onLoad({ filter: module }, () => ({
      contents: `import { readFileSync } from 'node:fs';${file.endsWith('.br') ? "import { brotliDecompressSync } from 'node:zlib';" : ''}
export const ${name} = () => JSON.parse((${file.endsWith('.br') ? `brotliDecompressSync(${read})` : read}).toString());`,
      loader: 'js',
    }));
  },
});
