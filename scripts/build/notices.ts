import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** `node_modules/@scope/name/…`, also nested: the folder of the package that a bundled file belongs to. */
const folderOf = (file: string): string | undefined =>
  /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file.replaceAll('\\', '/'))?.[0];

const isLicence = (name: string): boolean => /^(?:licen[cs]e|copying|notice)(?:[.-].*)?$/i.test(name);

/** The name, version and licence of a package, and the text of its licence. */
const noticeOf = (folder: string): { title: string; body: string } => {
  const { name, version, license, author } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    name: string;
    version: string;
    license?: string;
    author?: string | { name?: string };
  };
  if (!license) throw new Error(`${folder}: a bundled package that names no licence`);
  const texts = readdirSync(folder)
    .filter(isLicence)
    .sort()
    .map((file) => readFileSync(join(folder, file), 'utf8').trim());
  const by = typeof author === 'object' ? author.name : author;
  // Some packages ship no text; their package.json says who holds the copyright.
  const body = texts.length ? texts.join('\n\n') : `Copyright ${by ?? `the authors of ${name}`}. ${license}.`;
  return { title: `${name} ${version} (${license})\n`, body };
};

/** The packages whose files were bundled, as folders, each once. */
export const bundledPackages = (files: readonly string[]): string[] =>
  [...new Set(files.flatMap((file) => folderOf(file) ?? []))].sort();

/** The licence texts of every package of which something is in the bundle; packages with the same text share it. */
export const noticesOf = (files: readonly string[]): string => {
  const rule = `${'-'.repeat(78)}\n\n`;
  const head = 'This program contains the following packages. Their licences and notices:\n\n';
  const titles = new Map<string, string>();
  for (const { title, body } of bundledPackages(files).map(noticeOf))
    titles.set(body, (titles.get(body) ?? '') + title);
  // Long texts are nearly the same licence: beside each other, they take little room in the package.
  const sorted = [...titles].sort(([a], [b]) => a.length - b.length);
  return head + sorted.map(([body, of]) => `${rule}${of}\n${body}\n`).join('\n');
};
