import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

/** A packed package: its file, and its sizes in bytes. */
export interface PackedPackage {
  tarball: string;
  size: number;
  unpackedSize: number;
}

interface PackageFile {
  version: string;
  files: string[];
  repository: { url: string };
  scripts?: unknown;
  devDependencies?: unknown;
}

/** Where a repository's files of a release are on the web; undefined until a publisher has written its owner. */
const filesOf = ({ repository: { url }, version }: PackageFile): string | undefined =>
  url.includes('/OWNER/') ? undefined : `${url.replace(/^git\+/, '').replace(/\.git$/, '')}/blob/v${version}`;

/**
 * A page as it stands in the package: a link to a file that is not in it leads to the repository's, or is its text alone where no
 * one knows where that is.
 */
export const relink = (text: string, isPacked: (path: string) => boolean, web: string | undefined): string =>
  text.replace(/(?<!!)\[([^\]]*)\]\(([^)\s]+)\)/g, (whole, words: string, target: string) => {
    const [path = ''] = target.split('#');
    if (/^[a-z][a-z+.-]*:/i.test(target) || !path || isPacked(path)) return whole;
    return web === undefined ? words : `[${words}](${web}/${target})`;
  });

/**
 * Packs what npm publishes: the files of the package without what only the repository needs, and no link that leads nowhere.
 * Throws with what npm said.
 */
export const packPackage = (folder: string): PackedPackage => {
  const about = JSON.parse(readFileSync('package.json', 'utf8')) as PackageFile;
  const { scripts: _scripts, devDependencies: _devDependencies, ...published } = about;
  const stage = mkdtempSync(join(tmpdir(), 'cloudstack-mcp-stage-'));
  try {
    writeFileSync(join(stage, 'package.json'), `${JSON.stringify(published, null, 2)}\n`);
    for (const path of about.files) {
      mkdirSync(dirname(join(stage, path)), { recursive: true });
      cpSync(path, join(stage, path), { recursive: true });
    }
    const isPacked = (path: string): boolean =>
      about.files.some((packed) => path === packed || path.startsWith(`${packed}/`));
    const readme = join(stage, 'README.md');
    writeFileSync(readme, relink(readFileSync(readme, 'utf8'), isPacked, filesOf(about)));
    const { status, stdout, stderr } = spawnSync('npm', ['pack', '--json', '--pack-destination', resolve(folder)], {
      cwd: stage,
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(stderr);
    const [{ filename, size, unpackedSize }] = JSON.parse(stdout) as [
      { filename: string; size: number; unpackedSize: number },
    ];
    return { tarball: join(folder, filename), size, unpackedSize };
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
};
