import { loadData } from '../../src/data.ts';
import { code, toTable } from './markdown.ts';

/** What data/hosts.json says of a host. */
export interface HostFacts {
  title: string;
  format: 'json' | 'toml' | 'yaml';
  file: string | { win32: string; others: string };
  under: readonly string[];
  isList?: boolean;
  entry: object;
  next: string;
  source: string;
}

const namesOf = (path: string): string =>
  path
    .replace(/\{[A-Z_]+:([^}]*)\}/g, '$1')
    .replace('{apps}', '…')
    .replace('{xdg}', '~/.config');

/** Where a host has its configuration, on each system. */
export const hostFiles = ({ file }: HostFacts): string =>
  (typeof file === 'string' ? [file] : [file.others, file.win32])
    .map((path) => code(namesOf(path)))
    .join(', on Windows ');

/** The hosts that `init` knows, and where each has its configuration; `…` is where a system's programs have theirs. */
export const hostTable = (): string =>
  toTable(
    ['name', 'host', 'file'],
    Object.entries(loadData<Record<string, HostFacts>>('hosts.json')).map(([id, host]) => [
      code(id),
      `[${host.title}](hosts/${id}.md)`,
      hostFiles(host),
    ]),
  );
