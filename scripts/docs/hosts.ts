import { loadData } from '../../src/data.ts';
import { code, toTable } from './markdown.ts';

interface HostFacts {
  title: string;
  file: string | { win32: string; others: string };
  source: string;
}

const namesOf = (path: string): string =>
  path
    .replace(/\{[A-Z_]+:([^}]*)\}/g, '$1')
    .replace('{apps}', '…')
    .replace('{xdg}', '~/.config');

/** The hosts that `init` knows, and where each has its configuration; `…` is where a system's programs have theirs. */
export const hostTable = (): string =>
  toTable(
    ['name', 'host', 'file'],
    Object.entries(loadData<Record<string, HostFacts>>('hosts.json')).map(([id, { title, file, source }]) => [
      code(id),
      `[${title}](${source})`,
      (typeof file === 'string' ? [file] : [file.others, file.win32])
        .map((path) => code(namesOf(path)))
        .join(', on Windows '),
    ]),
  );
