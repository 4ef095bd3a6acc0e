import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { closest, distance } from 'fastest-levenshtein';
import { takesName } from '../catalog/kinds.ts';
import { toInputSchema } from '../catalog/schema.ts';
import { unitOf } from '../catalog/units.ts';
import { describeParameter } from '../catalog/tool.ts';
import type { Command, Parameter } from '../catalog/types.ts';
import type { CallSettings } from '../config/call.ts';
import { loadData } from '../data.ts';
import { limits } from '../limits.ts';
import { maskSecrets } from '../secrets/mask.ts';
import { isSecretName } from '../secrets/names.ts';
import { toLabel } from '../text.ts';
import { problemWith } from './formats.ts';
import { exampleOf } from './lenient.ts';

// values.ts looks at closed sets: it knows which value was meant.
const ajv = new Ajv({ allErrors: true, coerceTypes: 'array', strict: false, verbose: true }).removeKeyword('enum');
const compiled = new WeakMap<Command, ValidateFunction>();

const compile = (command: Command): ValidateFunction => {
  let check = compiled.get(command);
  if (!check) compiled.set(command, (check = ajv.compile(toInputSchema(command))));
  return check;
};

const nameOf = (error: ErrorObject): string =>
  error.instancePath
    .slice(1)
    .replace(/\/(\d+)/g, '[$1]')
    .replaceAll('/', '.');

/** Whether a name may be meant where another was given: a few letters differ, or one begins with the other. */
const comesNear = (given: string, name: string): boolean => {
  const [short, long] = given.length < name.length ? [given, name] : [name, given];
  return distance(given, name) <= Math.max(2, given.length / 3) || (short.length >= 3 && long.startsWith(short));
};

const unknown = (command: Command, name: string): string => {
  const problem = `${command.name} has no parameter "${toLabel(name)}"`;
  const given = name.toLowerCase();
  const needless = loadData<Record<string, string>>('needless.json');
  if (Object.hasOwn(needless, given)) return `${problem}; ${needless[given]}`;
  if (!command.params.length || name.length > limits.key) return problem;
  const near = closest(
    given,
    command.params.map((parameter) => parameter.name),
  );
  if (!comesNear(given, near)) return problem;
  const words = describeParameter(command.name, near);
  return `${problem}; did you mean ${near}${words ? ` (${words})` : ''}?`;
};

const explain = (command: Command, error: ErrorObject): string => {
  const name = nameOf(error);
  const params = error.params as Record<string, unknown>;
  switch (error.keyword) {
    case 'required': {
      const missing = String(params['missingProperty']);
      const words = describeParameter(command.name, missing);
      return `${missing} is missing${words ? ` (${words})` : ''}`;
    }
    case 'additionalProperties': {
      const extra = String(params['additionalProperty']);
      if (!name) return unknown(command, extra);
      const keys = Object.keys((error.parentSchema?.['properties'] ?? {}) as object);
      return `${name} has no key "${toLabel(extra)}"; it takes ${keys.join(', ')}`;
    }
    case 'type': {
      const secret = name.split(/[.[\]]+/).some(isSecretName);
      const unit = unitOf(command.name, name);
      const looks =
        params['type'] === 'array'
          ? 'a list'
          : `of type ${String(params['type'])}${unit === undefined ? '' : ` (${unit}, the number alone)`}`;
      const map = params['type'] === 'object' ? command.params.find((one) => name.startsWith(one.name)) : undefined;
      const not = secret ? '' : `, not ${toLabel(JSON.stringify(maskSecrets(error.data)) ?? '')}`;
      return `${name} must be ${looks}${not}${map?.type === 'map' ? `; write ${exampleOf(map)}` : ''}`;
    }
    case 'minimum':
    case 'maximum':
      return `${name} must be ${String(params['comparison'])} ${String(params['limit'])}, not ${toLabel(String(error.data))}`;
    case 'maxLength':
      return `${name} may have at most ${String(params['limit'])} characters, not ${String(error.data).length}`;
    default:
      return `${name} ${error.message ?? 'is not valid'}`;
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
    return texts.flatMap((text) => (typeof text === 'string' ? (problemWith(plain, text, named) ?? []) : []));
  });
};

const checkPaging = (values: Record<string, unknown>, { pageSizeLimit }: CallSettings): string[] => {
  const size = values['pagesize'];
  if (typeof size !== 'number') return [];
  if (size === -1) return values['page'] === undefined ? [] : ['page cannot be given with pagesize -1 (everything)'];
  return size >= 1 && size <= pageSizeLimit ? [] : [`pagesize must be 1 to ${pageSizeLimit}, not ${size}`];
};

// Coerced, true would count as 1.
const numeric = new Set(['integer', 'long', 'short', 'double']);

const maxLong = 2n ** 63n - 1n;

/** Whole numbers as text that are too large to be numbers here: they stay text, with all their digits. */
const takeLarge = (command: Command, values: Record<string, unknown>): Map<string, bigint> => {
  const large = new Map<string, bigint>();
  for (const { name, type } of command.params) {
    const value = values[name];
    if (type !== 'long' || typeof value !== 'string' || !/^\s*[+-]?\d{16,30}\s*$/.test(value)) continue;
    const number = BigInt(value);
    if (Number.isSafeInteger(Number(number))) continue;
    large.set(name, number);
    // The schema is asked about a number of its kind instead.
    values[name] = number < 0n ? -1 : 1;
  }
  return large;
};

/**
 * Checks values against a command's schema, coercing them in place. Returns every problem, none when all is right. `found`:
 * problems that are known by parameter, of whose type nothing more is said.
 */
export const findProblems = (
  command: Command,
  values: Record<string, unknown>,
  settings: CallSettings,
  found: ReadonlyMap<string, string> = new Map(),
): string[] => {
  const flags = command.params.filter(({ name, type }) => numeric.has(type) && typeof values[name] === 'boolean');
  const check = compile(command);
  const large = takeLarge(command, values);
  const errors = check(values) ? [] : (check.errors ?? []).slice(0, 10 * limits.problems);
  for (const [name, number] of large) values[name] = String(number);
  const problems = [
    ...found.values(),
    ...[...large].flatMap(([name, number]) =>
      number > maxLong || number < -maxLong ? [`${name} must be at most ${maxLong}`] : [],
    ),
    ...flags.map(({ name, type }) => `${name} must be a number (${type}), not true or false`),
    ...errors
      .filter(({ instancePath }) => !found.has(instancePath.split('/')[1] ?? ''))
      .map((error) => explain(command, error)),
  ];
  for (const parameter of command.params) {
    const value = values[parameter.name];
    if (value === undefined) continue;
    const empty = blank(parameter, value);
    problems.push(...(empty ? [empty] : checkTexts(command, parameter, value)));
  }
  if (command.params.some(({ name }) => name === 'pagesize')) problems.push(...checkPaging(values, settings));
  return [...new Set(problems)];
};
