import { readFileSync } from 'node:fs';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { bundledPackages, noticesOf } from '../../scripts/build/notices.ts';

test('every bundled package is in the notices with its licence', async () => {
  const { metafile } = await build({
    entryPoints: ['src/main.ts'],
    bundle: true,
    splitting: true,
    write: false,
    metafile: true,
    outdir: 'none',
    platform: 'node',
    format: 'esm',
    logLevel: 'silent',
  });
  const folders = bundledPackages(Object.keys(metafile.inputs));
  const notices = noticesOf(Object.keys(metafile.inputs));
  expect(folders.length).toBeGreaterThan(20);
  for (const folder of folders) {
    const { name, version, license } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')) as Record<
      string,
      string
    >;
    expect(notices).toContain(`${name} ${version} (${license})\n`);
  }
  expect(notices).toContain('Permission is hereby granted');
});
