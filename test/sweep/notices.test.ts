import { readFileSync } from 'node:fs';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { bundledPackages, noticesOf } from '../../scripts/build/notices.ts';
import { sbomOf } from '../../scripts/build/sbom.ts';

test('every bundled package is in the notices and in the bill of materials with its licence', async () => {
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
  const { components } = JSON.parse(sbomOf(Object.keys(metafile.inputs))) as {
    components: { name: string; version: string; licenses: { license?: { id: string }; expression?: string }[] }[];
  };
  const listed = components.map(
    ({ name, version, licenses }) => `${name} ${version} (${licenses[0]!.expression ?? licenses[0]!.license!.id})`,
  );
  expect(folders.length).toBeGreaterThan(20);
  for (const folder of folders) {
    const { name, version, license } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')) as Record<
      string,
      string
    >;
    expect(notices).toContain(`${name} ${version} (${license})\n`);
    expect(listed).toContain(`${name} ${version} (${license})`);
  }
  expect(notices).toContain('Permission is hereby granted');
});
