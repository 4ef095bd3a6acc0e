/** Bundles src/main.ts into dist/: one entry and the chunks that are loaded when they are used. `--quick` compresses less. */
import { build, type Plugin } from 'esbuild';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { loadSavedDependencies } from '../src/cache/saved-dependencies.ts';
import { parserFile, smallValidator, unreachedParts } from './build/leave-out.ts';
import { mergeChunks } from './build/merge-chunks.ts';
import { fromColumns, toColumns } from './build/columns.ts';
import { noticesOf } from './build/notices.ts';
import { compress, prepared } from './build/prepared.ts';
import { preparedSearch, writeSearch } from './build/search.ts';
import { prepareOpening } from './build/opening.ts';
import { sbomOf } from './build/sbom.ts';
import { configurationSchema } from './build/configuration-schema.ts';

/**
 * In place of the module that reads data/, one that reads what lies in dist/data/: the large files are compressed better
 * there than a package is, and take a millisecond more to read, the largest of them.
 */
const packedData: Plugin = {
  name: 'packed-data',
  setup: ({ onLoad }) => {
    onLoad({ filter: /[\\/]src[\\/]data\.ts$/ }, () => ({
      contents: `import { readFileSync } from 'node:fs';
import { brotliDecompressSync } from 'node:zlib';
const cache = new Map();
const compressed = new Set(${JSON.stringify(compressed)});
const columns = new Set(${JSON.stringify(inColumns)});
const fromColumns = ${fromColumns.toString()};
const read = (name) => readFileSync(new URL('./data/' + name, import.meta.url));
const load = (name) => JSON.parse((compressed.has(name) ? brotliDecompressSync(read(name + '.br')) : read(name)).toString());
export const loadData = (name) => {
  if (!cache.has(name)) cache.set(name, columns.has(name) ? fromColumns(load(name)) : load(name));
  return cache.get(name);
};`,
      loader: 'js',
    }));
  },
};
/** Of data/: what the program reads, and of that what is worth compressing. */
const notRead = new Set([
  // Reasons and promises, for documents and tests.
  'promises.json',
  'risk-review.json',
  'event-sources.json',
  // The index is made of them, and the words of one meaning are prepared beside it.
  'synonyms.json',
  'phrasings.json',
  'training-phrasings.json',
  'foreign-questions.json',
  'search-weights.json',
  'lead-phrasings.json',
]);
const data = readdirSync('data')
  .filter((name) => name.endsWith('.json') && !notRead.has(name))
  .map((name) => ({ name, text: JSON.stringify(JSON.parse(readFileSync(join('data', name), 'utf8'))) }));
/** Characters. Smaller files come out the same in the package, which is compressed, too. */
const worthCompressing = 3072;
const inColumns: string[] = [];
const compressed = data.filter(({ text }) => text.length > worthCompressing).map(({ name }) => name);
for (const file of data) {
  const text = compressed.includes(file.name) ? toColumns(file.text) : undefined;
  if (text === undefined || compress(Buffer.from(text)).length >= compress(Buffer.from(file.text)).length) continue;
  file.text = text;
  inColumns.push(file.name);
}

/** The sandbox of scripts runs in a thread of its own, which is a program of its own; QuickJS lies beside it, compressed. */
const worker = 'script-worker.js';
const quickjs = 'quickjs.wasm.br';
const bundledWorker: Plugin = {
  name: 'bundled-worker',
  setup: ({ onLoad }) => {
    onLoad({ filter: /[\\/]script[\\/]worker-file\.ts$/ }, () => ({
      contents: `import { readFileSync } from 'node:fs';
import { brotliDecompressSync } from 'node:zlib';
export const loadWorkerFile = () => ({
  url: new URL('./${worker}', import.meta.url),
  wasm: new Uint8Array(brotliDecompressSync(readFileSync(new URL('./${quickjs}', import.meta.url)))).buffer,
});`,
      loader: 'js',
    }));
  },
};
// What a change makes stale is found among all responses.
const dependencies = 'cache-dependencies.json';
// Hosts start every server that they know: what they ask first is answered before anything else is loaded.
const opening = 'opening.json';

const httpParser = 'http-parser.wasm.br';
const parser = parserFile(httpParser);

// Bundled CommonJS (undici) asks for Node's own modules through require.
const banner =
  "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);";

rmSync('dist', { recursive: true, force: true });
const { metafile } = await build({
  metafile: true,
  entryPoints: ['src/main.ts'],
  outdir: 'dist',
  bundle: true,
  splitting: true,
  platform: 'node',
  // Of a package that has both forms the modules are taken: what is not used of them is left out.
  mainFields: ['module', 'main'],
  format: 'esm',
  target: 'node20',
  minify: true,
  legalComments: 'linked',
  chunkNames: 'chunk-[name]-[hash]',
  logLevel: 'warning',
  plugins: [
    unreachedParts,
    smallValidator,
    parser.plugin,
    packedData,
    bundledWorker,
    ...preparedSearch,
    prepared(/[\\/]cache[\\/]saved-dependencies\.ts$/, 'loadSavedDependencies', dependencies),
    prepared(/[\\/]opening[\\/]prepared\.ts$/, 'loadPrepared', opening),
  ],
  banner: { js: banner },
});
for (const path of Object.keys(metafile.outputs)) {
  const text = readFileSync(path, 'utf8');
  // The banner is in every chunk, and takes a moment in each.
  if (path.endsWith('.js') && !/\brequire\b/.test(text.replace(banner, '')))
    writeFileSync(path, text.replace(banner, ''));
}
const simulator = ['src/cli/simulator-command.ts', 'src/simulator/index.ts', 'src/simulator/server.ts'];
// What every start of the server loads, and what its first call does.
await mergeChunks(metafile, {
  folder: 'dist',
  entry: 'src/main.ts',
  moments: [
    { name: 'common', sources: ['src/cli/serve-plain.ts'], sharedWith: simulator },
    { name: 'serve', sources: ['src/cli/serve-plain.ts'] },
    {
      name: 'first-call',
      sources: [
        'src/app/compose.ts',
        'src/call/call.ts',
        'src/call/answer.ts',
        'src/cache/cache.ts',
        'src/cloudstack/pool.ts',
      ],
      apartFrom: ['src/cli/program.ts', ...simulator],
    },
    { name: 'start', sources: ['src/cli/program.ts'] },
    { name: 'settings', sources: ['src/config/settings.ts', 'src/cli/serve-command.ts'], apartFrom: simulator },
  ],
});
const sandbox = await build({
  metafile: true,
  entryPoints: ['src/script/worker.ts'],
  outfile: `dist/${worker}`,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  minify: true,
  legalComments: 'none',
  logLevel: 'warning',
});
writeFileSync(`dist/${httpParser}`, compress(parser.read()));
const wasm = createRequire(import.meta.url).resolve('@jitl/quickjs-wasmfile-release-sync/wasm');
writeFileSync(`dist/${quickjs}`, compress(readFileSync(wasm)));
chmodSync('dist/main.js', 0o755);
// The web page: one script, one sheet of style, and what frames them.
const { metafile: page } = await build({
  metafile: true,
  entryPoints: ['src/page/page.tsx', 'src/page/page.css'],
  outdir: 'dist/page',
  bundle: true,
  platform: 'browser',
  format: 'esm',
  target: ['chrome111', 'firefox115', 'safari16.4'],
  minify: true,
  legalComments: 'none',
  logLevel: 'warning',
  tsconfig: 'src/page/tsconfig.json',
});
for (const name of ['index.html', 'icon.svg']) copyFileSync(`src/page/${name}`, `dist/page/${name}`);
for (const name of ['page.js', 'page.css']) {
  writeFileSync(`dist/page/${name}.br`, compress(readFileSync(`dist/page/${name}`)));
  rmSync(`dist/page/${name}`);
}
mkdirSync('dist/data');
for (const { name, text } of data)
  if (compressed.includes(name)) writeFileSync(`dist/data/${name}.br`, compress(Buffer.from(text)));
  else writeFileSync(`dist/data/${name}`, text);
writeSearch('dist');
writeFileSync(`dist/${dependencies}`, JSON.stringify(loadSavedDependencies()));
writeFileSync(`dist/${opening}`, JSON.stringify(await prepareOpening()));
const inputs = Object.keys({ ...metafile.inputs, ...sandbox.metafile.inputs, ...page.inputs });
writeFileSync('dist/THIRD-PARTY-NOTICES.txt', noticesOf(inputs));
writeFileSync('dist/sbom.cdx.json', sbomOf(inputs));
writeFileSync('dist/configuration.schema.json', JSON.stringify(configurationSchema()));

/**
 * Bundled, a CommonJS package that is imported when it is used has no named exports, while it has them in node_modules:
 * what works in every test fails in the build. Its default export is the same in both.
 */
const isCommonJs = ({ kind, path }: { kind: string; path: string }): boolean =>
  kind === 'dynamic-import' &&
  path.includes('node_modules/') &&
  Object.values(metafile.outputs).some(
    ({ entryPoint, exports }) => entryPoint === path && exports.length === 1 && exports[0] === 'default',
  );
for (const [file, { imports }] of Object.entries(metafile.inputs)) {
  const wrong = imports.filter(isCommonJs).map(({ original = '' }) => original);
  const text = wrong.length && !file.includes('node_modules/') ? readFileSync(file, 'utf8') : '';
  for (const name of wrong)
    if (text.includes(`import('${name}')`) && !text.includes(`(await import('${name}')).default`))
      throw new Error(`${file}: write (await import('${name}')).default; its named exports are gone in the bundle.`);
}
