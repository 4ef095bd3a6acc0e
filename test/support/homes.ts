import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Empty home folders for commands that read and write one, below a folder that `close` removes. */
export const createHomes = () => {
  const root = mkdtempSync(join(tmpdir(), 'cloudstack-homes-'));
  let count = 0;
  return {
    root,
    newHome: (): string => {
      const home = join(root, `home-${++count}`);
      mkdirSync(home);
      return home;
    },
    close: (): void => rmSync(root, { recursive: true, force: true }),
  };
};

/** Writes a file, with its folders, and returns its path. `mode`: who may read it; without it, only its owner. */
export const writeFile = (path: string, text: string, mode = 0o600): string => {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text, { mode });
  chmodSync(path, mode);
  return path;
};
