import { buildSync } from 'esbuild';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/** The program of the sandbox's thread, and QuickJS as WebAssembly. */
export interface WorkerFile {
  url: URL;
  wasm: ArrayBuffer;
}

/** The build puts in place of this file one that names what it has bundled; here it is bundled when it is first used. */
export const loadWorkerFile = (): WorkerFile => {
  const file = new URL(`../../node_modules/.cache/script-worker-${process.pid}.mjs`, import.meta.url);
  buildSync({
    entryPoints: [fileURLToPath(new URL('worker.ts', import.meta.url))],
    outfile: fileURLToPath(file),
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
  });
  const wasm = createRequire(import.meta.url).resolve('@jitl/quickjs-wasmfile-release-sync/wasm');
  return { url: file, wasm: new Uint8Array(readFileSync(wasm)).buffer };
};
