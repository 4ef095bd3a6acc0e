import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** The tool of the bundles' format. It brings 55 packages, so it is fetched where a bundle is made. */
const tool = '@anthropic-ai/mcpb@2.1.2';

const run = (command: string, args: readonly string[], cwd = '.'): string => {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8', timeout: 120_000 });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}\n${error?.message ?? `${stdout}${stderr}`}`);
  return stdout;
};

/**
 * Makes the bundle that Claude Desktop and others install by a double click (MCPB) from a packed tarball and
 * manifest.json, which the format's own tool validates first. Returns its path in `folder`. Throws with what the tool said.
 */
export const packBundle = (tarball: string, folder: string): string => {
  const { name, version } = JSON.parse(readFileSync('package.json', 'utf8')) as { name: string; version: string };
  const bundle = resolve(folder, `${name}-${version}.mcpb`);
  const work = mkdtempSync(join(tmpdir(), 'cloudstack-mcp-bundle-'));
  try {
    run('tar', ['-xzf', resolve(tarball), '-C', work]);
    cpSync('manifest.json', join(work, 'package/manifest.json'));
    run('npx', ['-y', tool, 'validate', join(work, 'package/manifest.json')]);
    mkdirSync(folder, { recursive: true });
    run('npx', ['-y', tool, 'pack', join(work, 'package'), bundle]);
    return bundle;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
};
