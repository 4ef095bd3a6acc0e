/** Bundles src/main.ts into dist/: one entry and the chunks that are loaded when they are used. */
import { build } from 'esbuild';
import { chmodSync, rmSync } from 'node:fs';

rmSync('dist', { recursive: true, force: true });
await build({
  entryPoints: ['src/main.ts'],
  outdir: 'dist',
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  minify: true,
  legalComments: 'linked',
  chunkNames: 'chunk-[name]-[hash]',
  logLevel: 'warning',
  // Bundled CommonJS (undici, ajv, pino) asks for Node's own modules through require.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
});
chmodSync('dist/main.js', 0o755);
