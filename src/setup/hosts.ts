import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { loadData } from '../data.ts';
import { CallError } from '../errors.ts';
import type { DocumentFormat, Entry, EntryPlace } from './documents.ts';
import { resolvePath, type System } from './system.ts';

type Formats = Readonly<Record<'json' | 'toml' | 'yaml', () => Promise<DocumentFormat>>>;

const formats: Formats = {
  json: async () => (await import('./json-document.ts')).jsonDocument,
  toml: async () => (await import('./toml-document.ts')).tomlDocument,
  yaml: async () => (await import('./yaml-document.ts')).yamlDocument,
};

/** A host in data/hosts.json. */
interface HostFacts {
  title: string;
  format: keyof Formats;
  file: string | { win32: string; others: string };
  /** What is there where the host is installed; the folder of its file where this says nothing. */
  signs?: readonly string[];
  under: readonly string[];
  isList?: boolean;
  entry: Entry;
  /** What a new file begins with. */
  empty?: string;
  /** What a person does so that the host takes it over. */
  next: string;
}

/** An AI host of a user: where its configuration is, and how an entry is written into it. */
export interface Host {
  id: string;
  title: string;
  file: string;
  isInstalled: boolean;
  empty: string;
  next: string;
  format(): Promise<DocumentFormat>;
  placeOf(name: string): EntryPlace;
  entryOf(launch: HostLaunch): Entry;
}

/** How a host starts the server, and under which name it lists it. */
export interface HostLaunch {
  name: string;
  command: string;
  args: readonly string[];
}

const fill = (value: unknown, launch: HostLaunch): unknown => {
  if (value === '{args}') return [...launch.args];
  if (value === '{command}') return launch.command;
  return value === '{name}' ? launch.name : value;
};

const toHost = (id: string, facts: HostFacts, system: System): Host => {
  const { title, format, under, isList, entry, empty = '', next } = facts;
  const written =
    typeof facts.file === 'string' ? facts.file : facts.file[system.platform === 'win32' ? 'win32' : 'others'];
  const file = resolvePath(written, system);
  const signs = facts.signs?.map((sign) => resolvePath(sign, system)) ?? [dirname(file)];
  return {
    id,
    title,
    file,
    isInstalled: [file, ...signs].some((path) => existsSync(path)),
    empty,
    next,
    format: formats[format],
    placeOf: (name) => ({ under, name, isList }),
    entryOf: (launch) => Object.fromEntries(Object.entries(entry).map(([key, value]) => [key, fill(value, launch)])),
  };
};

/** Every host that is known, on this system. */
export const listHosts = (system: System): Host[] =>
  Object.entries(loadData<Record<string, HostFacts>>('hosts.json')).map(([id, facts]) => toHost(id, facts, system));

/** The hosts of these names; `installed` stands for those that are there, `none` for none. Throws a configuration error. */
export const findHosts = (names: readonly string[], system: System): Host[] => {
  const all = listHosts(system);
  return names.flatMap((name) => {
    if (name === 'none') return [];
    if (name === 'installed') return all.filter(({ isInstalled }) => isInstalled);
    const found = all.find(({ id }) => id === name);
    if (found) return [found];
    throw new CallError(
      'configuration',
      `There is no host "${name}".`,
      `Available: ${all.map(({ id }) => id).join(', ')}; installed means those found here.`,
    );
  });
};
