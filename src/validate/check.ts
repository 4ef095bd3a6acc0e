import { givenIn, takes } from '../catalog/given.ts';
import { takesName } from '../catalog/kinds.ts';
import { unitOf } from '../catalog/units.ts';
import { describeParameter } from '../catalog/tool.ts';
import type { Command, Parameter } from '../catalog/types.ts';
import type { CallSettings } from '../config/call.ts';
import { loadData } from '../data.ts';
import { limits } from '../limits.ts';
import { maskSecrets } from '../secrets/mask.ts';
import { isSecretName } from '../secrets/names.ts';
import { closestWord, mayBeMeant } from '../spelling.ts';
import { toLabel } from '../text.ts';
import { problemWith } from './formats.ts';
import { exampleOf } from './lenient.ts';
import { findMismatches, type Mismatch } from './shapes.ts';

const unknown = (command: Command, name: string): string => {
  const problem = `${command.name} has no parameter "${toLabel(name)}"`;
  const given = name.toLowerCase();
  const needless = loadData<Record<string, string>>('needless.json');
  if (Object.hasOwn(needless, given)) return `${problem}; ${needless[given]}`;
  if (!command.params.length || name.length > limits.key) return problem;
  const near = closestWord(
    given,
    command.params.map((parameter) => parameter.name),
  );
  if (!mayBeMeant(given, near)) return problem;
  const words = describeParameter(command.name, near);
  return `${problem}; did you mean ${near}${words ? ` (${words})` : ''}?`;
};

const explainType = (command: Command, { at, parameter, schema, value }: Mismatch): string => {
  const secret = at.split(/[.[\]]+/).some(isSecretName);
  const unit = unitOf(command.name, at);
  const looks =
    schema.type === 'array'
      ? 'a list'
      : schema.type === 'boolean'
        ? 'true or false'
        : `of type ${schema.type!}${unit === undefined ? '' : ` (${unit}, the number alone)`}`;
  const not = secret ? '' : `, not ${toLabel(JSON.stringify(maskSecrets(value)) ?? '')}`;
  const map = schema.type === 'object' ? command.params.find(({ name }) => name === parameter) : undefined;
  return `${at} must be ${looks}${not}${map?.type === 'map' ? `; write ${exampleOf(map)}` : ''}`;
};

const explain = (command: Command, mismatch: Mismatch): string => {
  const { at, problem, key = '', schema, value } = mismatch;
  switch (problem) {
    case 'missing': {
      const words = describeParameter(command.name, key);
      return `${key} is missing${words ? ` (${words})` : ''}`;
    }
    case 'unknown': {
      if (!at) return unknown(command, key);
      return `${at} has no key "${toLabel(key)}"; it takes ${Object.keys(schema.properties ?? {}).join(', ')}`;
    }
    case 'type':
      return explainType(command, mismatch);
    case 'minimum':
      return `${at} must be >= ${schema.minimum!}, not ${toLabel(String(value))}`;
    case 'maxLength':
      return `${at} may have at most ${schema.maxLength!} characters, not ${String(value).length}`;
  }
};

const blank = (parameter: Parameter, value: unknown): string | undefined =>
  parameter.required && (value === '' || (Array.isArray(value) && (value.length === 0 || value.every((v) => v === ''))))
    ? `${parameter.name} is empty`
    : undefined;

const checkTexts = (command: Command, parameter: Parameter, value: unknown): string[] => {
  const named = takesName(command, parameter);
  const list = Array.isArray(value) ? (value as unknown[]) : [value];
  return list.flatMap((item) => {
    const texts = typeof item === 'object' && item !== null ? Object.values(item) : [item];
    const plain = parameter.type === 'map' ? { ...parameter, type: 'object' as const } : parameter;
    return texts.flatMap((text) => (typeof text === 'string' ? (problemWith(command, plain, text, named) ?? []) : []));
  });
};

const checkPaging = (values: Record<string, unknown>, { pageSizeLimit }: CallSettings): string[] => {
  const size = values['pagesize'];
  if (typeof size !== 'number') return [];
  if (size === -1) return values['page'] === undefined ? [] : ['page cannot be given with pagesize -1 (everything)'];
  return size >= 1 && size <= pageSizeLimit ? [] : [`pagesize must be 1 to ${pageSizeLimit}, not ${size}`];
};

/** A number, or the milliseconds of a date; a day alone ends with its last second. */
const placeOf = (value: unknown, isEnd: boolean): number => {
  if (typeof value !== 'string' || !/^\d{4}-\d{2}-\d{2}/.test(value)) return Number(value);
  const [, day = '', time = isEnd ? '23:59:59' : '00:00:00', zone = 'Z'] =
    /^(.{10})(?:[T ](.{8})(?:\.\d+)?(\D.*)?)?$/.exec(value) ?? [];
  return Date.parse(`${day}T${time}${zone}`);
};

/** Ranges that end before they begin: CloudStack refuses some, and shows nothing of the others. */
const checkRanges = (command: Command, values: Record<string, unknown>): string[] =>
  loadData<[first: string, last: string][]>('ranges.json').flatMap(([first, last]) => {
    const [begin, end] = [values[first], values[last]];
    if (begin === undefined || end === undefined || !takes(command, last)) return [];
    return placeOf(begin, false) > placeOf(end, true) ? [`${last} is before ${first}`] : [];
  });

// Coerced, true would count as 1.
const numeric = new Set(['integer', 'long', 'short', 'double']);

const maxLong = 2n ** 63n - 1n;

/** Whole numbers as text that are too large to be numbers here: they stay text, with all their digits. */
const takeLarge = (command: Command, values: Record<string, unknown>): Map<string, bigint> => {
  const large = new Map<string, bigint>();
  for (const { name, type } of givenIn(command, values)) {
    const value = values[name];
    if (type !== 'long' || typeof value !== 'string' || !/^\s*[+-]?\d{16,30}\s*$/.test(value)) continue;
    const number = BigInt(value);
    if (Number.isSafeInteger(Number(number))) continue;
    large.set(name, number);
    // Its shape is compared with a number of its kind instead.
    values[name] = number < 0n ? -1 : 1;
  }
  return large;
};

/**
 * Checks values against a command's parameters, converting them in place. Returns every problem, none when all is right. `found`:
 * problems that are known by parameter, of whose type nothing more is said.
 */
export const findProblems = (
  command: Command,
  values: Record<string, unknown>,
  settings: CallSettings,
  found: ReadonlyMap<string, string> = new Map(),
): string[] => {
  const flags = givenIn(command, values).filter(
    ({ name, type }) => numeric.has(type) && typeof values[name] === 'boolean',
  );
  const large = takeLarge(command, values);
  const mismatches = findMismatches(command, values, 10 * limits.problems);
  for (const [name, number] of large) values[name] = String(number);
  const problems = [
    ...found.values(),
    ...[...large].flatMap(([name, number]) =>
      number > maxLong || number < -maxLong ? [`${name} must be at most ${maxLong}`] : [],
    ),
    ...flags.map(({ name, type }) => `${name} must be a number (${type}), not true or false`),
    ...mismatches.filter(({ parameter }) => !found.has(parameter)).map((one) => explain(command, one)),
  ];
  for (const parameter of givenIn(command, values)) {
    const value = values[parameter.name];
    const empty = blank(parameter, value);
    problems.push(...(empty ? [empty] : checkTexts(command, parameter, value)));
  }
  problems.push(...checkRanges(command, values));
  if (takes(command, 'pagesize')) problems.push(...checkPaging(values, settings));
  return [...new Set(problems)];
};
