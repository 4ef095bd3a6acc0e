import type { Plugin } from 'esbuild';
import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';

/** A part of a package that no path of ours reaches, and what stands in its place. */
interface LeftOut {
  /** The file without its extension, and who asks for it; `package` alone for a whole package. */
  file: RegExp;
  importer: RegExp;
  contents?: string;
  reason: string;
}

const nothing = 'module.exports = {};';

/** Each still has to be asked for: a release that does not stops the build, and the line leaves. */
const leftOut: readonly LeftOut[] = [
  {
    file: /^node:child_process$/,
    importer: /[\\/]commander[\\/]/,
    reason:
      'subcommands as programs of their own: we have none, and it is loaded at every start, for which a host waits',
  },
  {
    file: /[\\/]web[\\/]fetch[\\/]body\.js$/,
    importer: /[\\/]undici[\\/]lib[\\/]dispatcher[\\/]client-h[12]\.js$/,
    reason: 'bodies that are forms: ours are text',
  },
  {
    file: /^jose$/,
    importer: /[\\/]@modelcontextprotocol[\\/]client[\\/]/,
    contents: 'export {};',
    reason: 'clients that sign in: ours talk to a server of their own process',
  },
  {
    file: /[\\/]cluster$/,
    importer: /[\\/]ioredis[\\/]built[\\/](?:index|Redis)\.js$/,
    contents: 'exports.default = class {};',
    reason: 'clusters of Redis: the address of the store is that of one server',
  },
  {
    file: /[\\/]SentinelConnector$/,
    importer: /[\\/]ioredis[\\/]built[\\/]/,
    contents: 'exports.default = class {};',
    reason: 'sentinels of Redis, likewise',
  },
  {
    file: /[\\/]TLSProfiles$/,
    importer: /[\\/]ioredis[\\/]built[\\/]/,
    contents: 'exports.default = {};',
    reason: 'certificates of a hosted Redis that is named by a profile',
  },
  {
    file: /[\\/]summary$/,
    importer: /[\\/]prom-client[\\/]index\.js$/,
    reason: 'metrics with quantiles: ours have buckets',
  },
  {
    file: /[\\/]transport$/,
    importer: /[\\/]pino[\\/](?:pino|lib[\\/]tools)\.js$/,
    reason: 'logs that threads write: ours are written by a function',
  },
  {
    file: /^sonic-boom$/,
    importer: /[\\/]pino[\\/]lib[\\/]tools\.js$/,
    contents: 'module.exports = class {};',
    reason: 'logs that go to files, likewise',
  },
];

/** Leaves out what is not reached of the packages. */
export const unreachedParts: Plugin = {
  name: 'unreached-parts',
  setup: ({ onResolve, onLoad, onEnd }) => {
    const met = new Set<LeftOut>();
    for (const part of leftOut)
      onResolve({ filter: part.file }, ({ importer }) => {
        if (!part.importer.test(importer)) return undefined;
        met.add(part);
        return { path: String(leftOut.indexOf(part)), namespace: 'left-out' };
      });
    onLoad({ filter: /.*/, namespace: 'left-out' }, ({ path }) => ({
      contents: leftOut[Number(path)]!.contents ?? nothing,
      loader: 'js',
    }));
    onEnd(() => {
      const missed = leftOut.filter((part) => !met.has(part));
      if (missed.length)
        throw new Error(`no package asks any more for: ${missed.map(({ reason }) => reason).join('; ')}`);
    });
  },
};

/**
 * Of the two validators of JSON Schema that the SDK brings, the one for workers: it is a fifth of the other, and judges only
 * what forms and our own client return. Client and server share it.
 */
export const smallValidator: Plugin = {
  name: 'small-validator',
  setup: ({ onResolve, onLoad }) => {
    const dist = resolve('node_modules/@modelcontextprotocol/server/dist');
    const small = readdirSync(dist).find((file) => /^cfWorkerProvider-.*\.mjs$/.test(file));
    if (small === undefined) throw new Error('the SDK has no validator for workers any more');
    onResolve({ filter: /^\.\/ajvProvider-.*\.mjs$/ }, () => ({ path: 'validator', namespace: 'small-validator' }));
    onLoad({ filter: /.*/, namespace: 'small-validator' }, () => ({
      contents: `export { t as n } from './${small}';`,
      resolveDir: dist,
    }));
  },
};

/**
 * undici's HTTP parser comes twice, with SIMD and without; every processor that Node 20 runs on has it (SSE4.1, NEON). It is written
 * as text there; as bytes in a file of its own it takes half as much of the package, and no start reads it as JavaScript.
 */
export const parserFile = (file: string): { plugin: Plugin; read: () => Uint8Array } => {
  const parser = resolve('node_modules/undici/lib/llhttp/llhttp_simd-wasm.js');
  const asked = /require\('\.\.\/llhttp\/llhttp(?:_simd)?-wasm\.js'\)/g;
  return {
    plugin: {
      name: 'parser-file',
      setup: ({ onLoad }) => {
        onLoad({ filter: /[\\/]undici[\\/]lib[\\/]dispatcher[\\/]client-h1\.js$/ }, ({ path }) => {
          const text = readFileSync(path, 'utf8');
          const contents = text.replace(asked, "require('../llhttp/llhttp_simd-wasm.js').default");
          if (contents === text) throw new Error('undici asks for its parser in another way');
          return { contents, loader: 'js' };
        });
        onLoad({ filter: /[\\/]llhttp_simd-wasm\.js$/ }, () => ({
          contents: `import { readFileSync } from 'node:fs';
import { brotliDecompressSync } from 'node:zlib';
export default brotliDecompressSync(readFileSync(new URL('./${file}', import.meta.url)));`,
          loader: 'js',
        }));
      },
    },
    // A package of CommonJS: what it exports are the bytes.
    read: () => createRequire(import.meta.url)(parser) as Uint8Array,
  };
};
