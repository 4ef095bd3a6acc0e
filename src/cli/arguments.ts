import { readFileSync } from 'node:fs';
import { CallError } from '../errors.ts';

const usage = (message: string): CallError =>
  new CallError(
    'configuration',
    message,
    'Give parameters as key=value, or all of them as --json \'{"key":"value"}\'.',
  );

/** `@path` is what stands in that file, `@-` standard input; `@@…` is a text that begins with an @. */
const readValue = (value: string): string => {
  if (!value.startsWith('@') || value === '@') return value;
  if (value.startsWith('@@')) return value.slice(1);
  const path = value.slice(1);
  try {
    return readFileSync(path === '-' ? 0 : path, 'utf8');
  } catch (error) {
    throw usage(`${value} cannot be read: ${(error as Error).message}.`);
  }
};

// Without a prototype, which a parameter called __proto__ would reach.
const empty = <T>(): Record<string, T> => Object.create(null) as Record<string, T>;

/** `details.cpuNumber=2` puts a key into a map; `tags[0].key=…` is how CloudStack writes rows. */
const put = (args: Record<string, unknown>, name: string, value: string): void => {
  const row = /^(\w+)\[(\d+)\]\.(.+)$/.exec(name);
  const entry = /^(\w+)\.(.+)$/.exec(name);
  if (row) {
    const rows = (args[row[1]!] ??= []) as Record<string, string>[];
    (rows[Number(row[2])] ??= empty())[row[3]!] = value;
  } else if (entry) ((args[entry[1]!] ??= empty()) as Record<string, string>)[entry[2]!] = value;
  else args[name] = value;
};

/** Parameters from `key=value` words, also `key=@file`, or from JSON. Throws a usage error for anything else. */
export const readArguments = (words: readonly string[], json: string | undefined): Record<string, unknown> => {
  const args = empty<unknown>();
  if (json !== undefined) {
    let given: unknown;
    try {
      given = JSON.parse(json);
    } catch (error) {
      throw usage(`--json is not JSON: ${(error as Error).message}.`);
    }
    if (typeof given !== 'object' || given === null || Array.isArray(given)) throw usage('--json must be an object.');
    Object.assign(args, given);
  }
  for (const word of words) {
    const at = word.indexOf('=');
    if (at < 1) throw usage(`"${word}" is not key=value.`);
    put(args, word.slice(0, at), readValue(word.slice(at + 1)));
  }
  for (const [name, value] of Object.entries(args))
    if (Array.isArray(value)) args[name] = (value as unknown[]).filter((row) => row !== undefined);
  return args;
};
