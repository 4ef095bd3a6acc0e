import { build, type Metafile, type Plugin } from 'esbuild';
import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** Files that are loaded at the same moment: the name of the one that they become, and the sources with which they begin. */
export interface Moment {
  name: string;
  sources: readonly string[];
  /** Of a command that is used without it: what this shares with them stays a file of its own, so that it does not load the rest. */
  apartFrom?: readonly string[];
  /** Only what these load, too. */
  sharedWith?: readonly string[];
}

/** The outputs that importing some of them loads. */
const closureOf = (outputs: Metafile['outputs'], from: readonly string[]): ReadonlySet<string> => {
  const found = new Set(from);
  for (const path of found)
    for (const { path: imported, kind } of outputs[path]?.imports ?? [])
      if (kind === 'import-statement' && imported in outputs) found.add(imported);
  return found;
};

/**
 * Merges the chunks that are loaded at the same moment: esbuild makes one of every few modules that two commands share, and
 * to load seventy files takes longer than to compile what is in them. Whoever imports one of these by its own name still can.
 */
export const mergeChunks = async (
  { outputs }: Metafile,
  { folder, entry, moments }: { folder: string; entry: string; moments: readonly Moment[] },
): Promise<void> => {
  const outputOf = (source: string): string => {
    const found = Object.keys(outputs).find((path) => outputs[path]!.entryPoint === source);
    if (found === undefined) throw new Error(`${source} is loaded by no import of its own any more`);
    return found;
  };
  const alone = closureOf(outputs, [outputOf(entry)]);
  const taken = new Map<string, { moment: string; prefix: string }>();
  for (const { name, sources, apartFrom = [], sharedWith } of moments) {
    const lines: string[] = [];
    const shared = closureOf(outputs, apartFrom.map(outputOf));
    const wanted = sharedWith && closureOf(outputs, sharedWith.map(outputOf));
    for (const path of closureOf(outputs, sources.map(outputOf))) {
      if (alone.has(path) || taken.has(path) || shared.has(path) || wanted?.has(path) === false) continue;
      const prefix = `chunk${taken.size}_`;
      taken.set(path, { moment: name, prefix });
      const names = outputs[path]!.exports.map((each) => `${each} as ${prefix}${each}`);
      lines.push(`import './${basename(path)}';`, `export { ${names.join(', ')} } from './${basename(path)}';`);
    }
    writeFileSync(join(folder, `${name}.js`), lines.join('\n'));
  }
  const others: Plugin = {
    name: 'others',
    setup: ({ onResolve }) => {
      onResolve({ filter: /^\.\// }, ({ path, kind }) =>
        kind === 'entry-point' || (kind === 'import-statement' && taken.has(`${folder}/${basename(path)}`))
          ? undefined
          : { path, external: true },
      );
    },
  };
  await build({
    entryPoints: moments.map(({ name }) => join(folder, `${name}.js`)),
    outdir: folder,
    allowOverwrite: true,
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    minify: true,
    legalComments: 'none',
    chunkNames: 'chunk-[name]-[hash]',
    logLevel: 'warning',
    plugins: [others],
  });
  for (const [path, { moment, prefix }] of taken) {
    const names = outputs[path]!.exports.map((each) => `${prefix}${each} as ${each}`);
    writeFileSync(path, `export { ${names.join(', ')} } from './${moment}.js';\n`);
  }
};
