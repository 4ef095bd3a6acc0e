import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Environment } from './values.ts';

/** The user's home folder. */
export const homeOf = (env: Environment, platform = process.platform): string =>
  (platform === 'win32' ? env['USERPROFILE'] : env['HOME']) || homedir();

/** The configuration file that `init` writes, in the folder where people's programs have theirs. */
export const ownConfigPath = (env: Environment, platform = process.platform): string => {
  const home = homeOf(env, platform);
  const folder = platform === 'win32' ? env['APPDATA'] || join(home, 'AppData', 'Roaming') : env['XDG_CONFIG_HOME'];
  return join(folder || join(home, '.config'), 'cloudstack-mcp', 'config.yaml');
};

/** The configuration file that is named; where nothing names a cloud, the one of `init`, if it is there. */
export const configPathOf = (flags: Readonly<Record<string, unknown>>, env: Environment): string | undefined => {
  const named = (flags['config'] ?? env['CLOUDSTACK_MCP_CONFIG']) as string | undefined;
  if (named) return named;
  const namesCloud =
    flags['simulator'] ??
    flags['credentials'] ??
    (env['CLOUDSTACK_MCP_SIMULATOR'] || env['CLOUDSTACK_MCP_CREDENTIALS'] || env['CLOUDSTACK_API_URL']);
  if (namesCloud) return undefined;
  const own = ownConfigPath(env);
  return existsSync(own) ? own : undefined;
};

/** Where people's programs keep what outlives them. */
export const stateFolderOf = (env: Environment): string =>
  join(env['XDG_STATE_HOME'] ?? join(homeOf(env), '.local', 'state'), 'cloudstack-mcp');

/** Where people's programs keep what they can make anew. */
export const cacheFolderOf = (env: Environment, platform = process.platform): string => {
  const home = homeOf(env, platform);
  const folder = platform === 'win32' ? env['LOCALAPPDATA'] || join(home, 'AppData', 'Local') : env['XDG_CACHE_HOME'];
  return join(folder || join(home, '.cache'), 'cloudstack-mcp');
};
