/** Bundles src/main.ts into dist/: one entry and the chunks that are loaded when they are used. */
import { build, type Plugin } from 'esbuild';
import { chmodSync, rmSync } from 'node:fs';

/**
 * commander can run subcommands as programs of their own, and loads node:child_process for it at every start. We have
 * none, and a host waits for the start.
 */
const withoutPrograms: Plugin = {
  name: 'commander-without-programs',
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^node:child_process$/ }, ({ importer }) =>
      /[\\/]commander[\\/]/.test(importer) ? { path: 'none', namespace: 'no-programs' } : undefined,
    );
    onLoad({ filter: /.*/, namespace: 'no-programs' }, () => ({ contents: 'module.exports = {};', loader: 'js' }));
  },
};

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
  plugins: [withoutPrograms],
  // Bundled CommonJS (undici, ajv) asks for Node's own modules through require.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
});
chmodSync('dist/main.js', 0o755);
