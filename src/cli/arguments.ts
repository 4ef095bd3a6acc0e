import { readFileSync } from 'node:fs';
import { CallError } from '../errors.ts';
import { parseExact } from '../json.ts';

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

/** Parameters from `key=value` words, also `key=@file`, or from JSON. Throws a usage error for anything else. */
export const readArguments = (words: readonly string[], json: string | undefined): Record<string, unknown> => {
  // Without a prototype, which a parameter called __proto__ would reach.
  const args = Object.create(null) as Record<string, unknown>;
  if (json !== undefined) {
    let given: unknown;
    const text = readValue(json);
    try {
      given = parseExact(text);
    } catch (error) {
      throw usage(`--json is not JSON: ${(error as Error).message}.`);
    }
    if (typeof given !== 'object' || given === null || Array.isArray(given)) throw usage('--json must be an object.');
    Object.assign(args, given);
  }
  for (const word of words) {
    const at = word.indexOf('=');
    if (at < 1) throw usage(`"${word}" is not key=value.`);
    args[word.slice(0, at)] = readValue(word.slice(at + 1));
  }
  return args;
};
