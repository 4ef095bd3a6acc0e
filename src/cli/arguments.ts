import { CallError } from '../errors.ts';
import { parseExact } from '../json.ts';
import { readGiven } from './given-values.ts';
import { toLabel } from '../text.ts';
import type { Io } from './io.ts';

const usage = (message: string): CallError =>
  new CallError(
    'configuration',
    message,
    'Give parameters as key=value, or all of them as --json \'{"key":"value"}\'.',
  );

/** Parameters from `key=value` words, also `key=@file` (`input`: what `@-` stands for), or from JSON. Throws a usage error for anything else. */
export const readArguments = (
  words: readonly string[],
  json: string | undefined,
  { input }: Pick<Io, 'input'>,
): Record<string, unknown> => {
  // Without a prototype, which a parameter called __proto__ would reach.
  const args = Object.create(null) as Record<string, unknown>;
  if (json !== undefined) {
    let given: unknown;
    try {
      given = parseExact(json);
    } catch (error) {
      throw usage(`--json is not JSON: ${(error as Error).message}.`);
    }
    if (typeof given !== 'object' || given === null || Array.isArray(given)) throw usage('--json must be an object.');
    Object.assign(args, given);
  }
  const seen = new Set<string>();
  for (const word of words) {
    const at = word.indexOf('=');
    if (at < 1) throw usage(`"${word}" is not key=value.`);
    const key = word.slice(0, at);
    if (seen.has(key)) throw usage(`${toLabel(key)} is given twice; give several values as one list, such as ids=a,b.`);
    seen.add(key);
    args[key] = readGiven(word.slice(at + 1), input);
  }
  return args;
};
