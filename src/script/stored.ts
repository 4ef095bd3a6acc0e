import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CallError } from '../errors.ts';
import { readFlag, readNumber } from '../read-values.ts';
import { toLabel, toLine } from '../text.ts';

const types = ['string', 'number', 'boolean'] as const;

/** What a stored script finds in `inputs`. */
export interface ScriptInput {
  name: string;
  type: (typeof types)[number];
  required: boolean;
  description: string;
}

/** A script in the operator's folder: the file NAME.js. */
export interface StoredScript {
  name: string;
  /** SHA-256 of its text: its version. */
  digest: string;
  summary: string;
  inputs: readonly ScriptInput[];
  code: string;
}

/** Characters of the longest script. */
export const maxCode = 128 * 1024;

/** The version of a script. */
export const digestOfScript = (code: string): string => createHash('sha256').update(code).digest('hex');

const nameForm = /^[a-z\d][\w-]{0,63}$/i;

/** Whether a text can be the name of a stored script. */
export const isScriptName = (text: string): boolean => nameForm.test(text);

/** Reads the comment at the top: a summary, then lines such as `@input {number} [wait] Seconds`. */
const readHeader = (code: string): Pick<StoredScript, 'summary' | 'inputs'> => {
  const header = /^\s*\/\*\*([\s\S]{0,8000}?)\*\//.exec(code)?.[1] ?? '';
  const lines = header.split('\n').map((line) => toLine(line.replace(/^\s*\*/, '')));
  const inputs = lines.flatMap((line): ScriptInput[] => {
    const [, type, optional, needed, description = ''] =
      /^@input \{(\w+)\} (?:\[(\w+)\]|(\w+))(?: (.*))?$/.exec(line) ?? [];
    const known = types.find((one) => one === type);
    const name = optional ?? needed;
    return known && name !== undefined ? [{ name, type: known, required: needed !== undefined, description }] : [];
  });
  const summary = lines.filter((line) => line && !line.startsWith('@')).join(' ');
  return { summary: toLabel(summary, 300), inputs };
};

/** The script in a file of the folder; undefined for a link, and for what is too long or no script. */
const readStored = (folder: string, file: string): StoredScript | undefined => {
  const name = file.replace(/\.js$/, '');
  if (name === file || !isScriptName(name)) return undefined;
  const path = join(folder, file);
  try {
    const stat = lstatSync(path);
    if (!stat.isFile() || stat.size > maxCode) return undefined;
    const code = readFileSync(path, 'utf8');
    return { name, digest: digestOfScript(code), ...readHeader(code), code };
  } catch {
    return undefined;
  }
};

/** The scripts of a folder, by name; none where there is no folder. */
export const loadStoredScripts = (folder: string): readonly StoredScript[] => {
  if (folder === '') return [];
  let names: string[];
  try {
    names = readdirSync(folder).sort();
  } catch {
    return [];
  }
  return names.flatMap((file) => readStored(folder, file) ?? []);
};

/** The stored script of a name. Throws a CallError that lists those that there are. */
export const requireStoredScript = (folder: string, name: string): StoredScript => {
  const found = folder === '' ? undefined : readStored(folder, `${name}.js`);
  if (found) return found;
  const scripts = loadStoredScripts(folder);
  throw new CallError(
    'not-found',
    `There is no stored script ${toLabel(name)}.`,
    `${scripts.length ? `Available: ${scripts.map((one) => one.name).join(', ')}.` : 'The operator has stored none (setting scriptFolder).'} Nothing was sent.`,
  );
};

/** The inputs of a stored script in their types. Throws a CallError that names what is missing, wrong or unknown. */
export const readInputs = (
  { name: script, inputs }: Pick<StoredScript, 'name' | 'inputs'>,
  given: Readonly<Record<string, unknown>>,
): Record<string, unknown> => {
  const problems: string[] = [];
  for (const name of Object.keys(given))
    if (!inputs.some((one) => one.name === name)) problems.push(`there is no input ${toLabel(name)}`);
  const read = inputs.flatMap(({ name, type, required }) => {
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    if (value === undefined || value === '') {
      if (required) problems.push(`${name} is missing`);
      return [];
    }
    const typed = type === 'number' ? readNumber(value) : type === 'boolean' ? readFlag(value) : value;
    if (typeof typed !== type || Number.isNaN(typed)) problems.push(`${name} must be a ${type}`);
    return [[name, typed] as const];
  });
  if (problems.length)
    throw new CallError(
      'invalid',
      `${script}: ${problems.join('; ')}.`,
      `It takes: ${inputs.map(({ name, type, required }) => `${name}: ${type}${required ? '' : ' (optional)'}`).join(', ') || 'no inputs'}. Nothing was sent.`,
    );
  return Object.fromEntries(read);
};
