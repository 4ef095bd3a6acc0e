import { join } from 'node:path';
import { homeOf } from '../config/places.ts';
import type { Environment } from '../config/values.ts';

/** The machine of a user, as far as the places of files depend on it. */
export interface System {
  platform: NodeJS.Platform;
  /** The user's home folder. */
  home: string;
  env: Environment;
}

/** This machine. */
export const systemOf = (env: Environment): System => ({ platform: process.platform, home: homeOf(env), env });

/** Where programs of people keep their files: XDG, Apple's and Microsoft's guides. */
const appFolder = ({ platform, home, env }: System): string => {
  if (platform === 'win32') return env['APPDATA'] || join(home, 'AppData', 'Roaming');
  return platform === 'darwin' ? join(home, 'Library', 'Application Support') : xdgFolder({ platform, home, env });
};

const xdgFolder = ({ home, env }: System): string => env['XDG_CONFIG_HOME'] || join(home, '.config');

/**
 * A path as data/ writes it: `~` is the home folder, `{apps}` where programs keep their files, `{xdg}` the folder .config,
 * `{NAME:default}` what a variable says.
 */
export const resolvePath = (written: string, system: System): string => {
  const path = written
    .replace(/\{([A-Z_]+):([^}]*)\}/g, (_, name: string, initial: string) => system.env[name] || initial)
    .replace('{apps}', () => appFolder(system))
    .replace('{xdg}', () => xdgFolder(system));
  return join(path.startsWith('~') ? system.home + path.slice(1) : path);
};
