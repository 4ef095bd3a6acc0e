import { lstatSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';

/** Names that a running server has no use for, wherever they lie. */
const unwanted =
  /^(npm|npx|corepack|yarn|yarnpkg|pnpm|apk|apt|dpkg|git|gcc|cc|make|python3?|curl|wget|node_modules|\.git|\.npm|\.npmrc|docker-entrypoint\.sh)$/;
/** Everything that the server itself consists of. */
const wanted = new Set(['dist', 'data', 'package.json', 'LICENSE']);

interface Entry {
  path: string;
  name: string;
  mode: number;
  size: number;
  isFile: boolean;
  isFolder: boolean;
}

/** Folders that the system fills when it runs. */
const mounted = new Set(['proc', 'sys', 'dev']);

const walk = function* (folder: string): Generator<Entry> {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const status = lstatSync(path);
    const isFolder = status.isDirectory();
    yield { path, name, mode: status.mode, size: status.size, isFile: status.isFile(), isFolder };
    if (isFolder && !mounted.has(name)) yield* walk(path);
  }
};

/** What of a root folder is there to build or to install, and so should not be; and what of /app does not run. */
export const findLeftovers = (root: string): string[] => [
  ...[...walk(root)]
    .filter(({ name }) => unwanted.test(name))
    .map(({ path }) => `/${relative(root, path)}`)
    // Not again for what lies in it.
    .filter((path, _, all) => !all.some((above) => path.startsWith(`${above}/`))),
  ...readdirSync(join(root, 'app'))
    .filter((name) => !wanted.has(name))
    .map((name) => `/app/${name}`),
];

/** What others than the owner cannot read: in an image the owner is root, and root does not run it. */
export const findUnreadable = (folder: string): string[] =>
  [...walk(folder)]
    .filter(({ mode, isFile, isFolder }) => (isFile && !(mode & 0o004)) || (isFolder && (mode & 0o005) !== 0o005))
    .map(({ path }) => relative(folder, path));

/** Files under a path, and what they hold together in MiB. */
export const sizeOf = (path: string): { files: number; mebibytes: string } => {
  const status = lstatSync(path);
  const sizes = status.isDirectory()
    ? [...walk(path)].filter(({ isFile }) => isFile).map(({ size }) => size)
    : [status.size];
  return { files: sizes.length, mebibytes: (sizes.reduce((sum, size) => sum + size, 0) / 2 ** 20).toFixed(1) };
};
