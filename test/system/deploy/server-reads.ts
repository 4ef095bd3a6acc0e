import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { loadConfig } from '../../../src/config/config.ts';
import { createRules } from '../../../src/app/guard.ts';
import type { Manifest } from './chart.ts';

const secret = /^(\/run\/secrets\/|\/etc\/cloudstack-mcp-ca\/)/;

/**
 * Has the server's own readers take the variables and the configuration file of a rendering, roles and policy included, with a stand-in for each file
 * of a Secret. Gives what it says against them.
 */
export const loads = async (
  env: Readonly<Record<string, string>>,
  manifests: readonly Manifest[],
): Promise<string[]> => {
  const folder = mkdtempSync(join(tmpdir(), 'cloudstack-mcp-config-'));
  try {
    const stand = (path: string): string => {
      const file = join(folder, path.replaceAll('/', '_'));
      writeFileSync(file, path.includes('redis') ? 'rediss://:password@store:6379/0' : 'secret');
      return file;
    };
    const variables = Object.fromEntries(
      Object.entries(env).map(([name, value]) => [
        name,
        secret.test(value) ? stand(value) : value.replace(/\$\(\w+\)/g, '10.0.0.1'),
      ]),
    );
    const written = manifests.find(({ data }) => data?.['config.yaml'] !== undefined)?.data?.['config.yaml'];
    const file = (written === undefined ? {} : parse(written)) as { profiles?: Record<string, Record<string, string>> };
    for (const profile of Object.values(file.profiles ?? {}))
      for (const key of ['secretKeyFile', 'passwordFile'])
        if (profile[key] !== undefined) profile[key] = stand(profile[key]);
    const path = join(folder, 'config.yaml');
    writeFileSync(path, stringify(file));
    createRules(await loadConfig({}, { ...variables, CLOUDSTACK_MCP_CONFIG: path }));
    return [];
  } catch (error) {
    return [`the server does not take its configuration: ${error instanceof Error ? error.message : String(error)}`];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
