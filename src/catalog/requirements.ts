import { loadData } from '../data.ts';
import { once } from './once.ts';
import type { Command } from './types.ts';

/** Values on which a requirement depends, by parameter; `true` is any. */
type GivenValues = Readonly<Record<string, true | readonly (string | number | boolean)[]>>;

/** When a rule holds. */
export interface Conditions {
  /** It holds only where all of these are given. */
  when?: GivenValues;
  /** It does not hold where one of these is given. */
  unless?: GivenValues;
}

/** What CloudStack asks of a call's parameters together, beyond what it declares of each; one line of data/requirements.json. */
export interface Requirement extends Conditions {
  commands: readonly string[];
  /** Of the parameters: all are needed, at least one, exactly one; at most one may be given, or none. */
  rule: 'all' | 'any' | 'one' | 'atMostOne' | 'none';
  /** Parameters; of `all` also `name=value`. */
  of: readonly string[];
  /** How CloudStack's refusal reads. */
  text?: string;
  /** CloudStack's number of the refusal, where it is not 4350. */
  code?: number;
  /** HTTP status of the refusal, where it is not 431. */
  status?: number;
}

/** A requirement that a call does not meet: what is missing of it, or what is too much. */
export interface Unmet {
  requirement: Requirement;
  missing: readonly string[];
  excess: readonly string[];
}

/** The arguments of a call by parameter. */
type Given = Readonly<Record<string, unknown>>;

/** The parameter in `name` or `name=value`. */
const nameOf = (entry: string): string => entry.split('=', 1)[0]!;

let byCommand: ReadonlyMap<string, readonly Requirement[]> | undefined;

const index = (): ReadonlyMap<string, readonly Requirement[]> => {
  const map = new Map<string, Requirement[]>();
  for (const requirement of loadData<Requirement[]>('requirements.json'))
    for (const command of requirement.commands) map.set(command, [...(map.get(command) ?? []), requirement]);
  return map;
};

/** What is left of a requirement for a command that may lack some of its parameters. */
const within = (requirement: Requirement, names: ReadonlySet<string>): Requirement[] => {
  if (Object.keys(requirement.when ?? {}).some((name) => !names.has(name))) return [];
  const of = requirement.of.filter((entry) => names.has(nameOf(entry)));
  return of.length < (requirement.rule === 'atMostOne' ? 2 : 1) ? [] : [{ ...requirement, of }];
};

/** The requirements of a command, narrowed to the parameters that it has where it comes from. */
export const requirementsOf = once<Command, readonly Requirement[]>((command) => {
  const names = new Set(command.params.map(({ name }) => name));
  return ((byCommand ??= index()).get(command.name) ?? []).flatMap((one) => within(one, names));
});

/** Whether a value counts as given: `false` does not choose anything. */
const isGiven = (value: unknown): boolean => {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0;
  return value !== undefined && value !== null && value !== false && value !== '';
};

const isValue = (value: unknown, wanted: string | number | boolean): boolean =>
  value !== undefined && value !== null && String(value).trim().toLowerCase() === String(wanted).toLowerCase();

const meets = (given: Given, [name, wanted]: [string, true | readonly (string | number | boolean)[]]): boolean =>
  wanted === true ? isGiven(given[name]) : wanted.some((one) => isValue(given[name], one));

const has = (given: Given, entry: string): boolean => {
  const [name = '', value] = entry.split('=');
  return value === undefined ? isGiven(given[name]) : isValue(given[name], value);
};

/** Whether arguments fulfil the conditions of a rule. */
export const appliesTo = (given: Given, { when = {}, unless = {} }: Conditions): boolean =>
  Object.entries(when).every((one) => meets(given, one)) && !Object.entries(unless).some((one) => meets(given, one));

const find = (requirement: Requirement, given: Given): Unmet | undefined => {
  const { rule, of } = requirement;
  if (!appliesTo(given, requirement)) return undefined;
  const [present, absent] = [of.filter((entry) => has(given, entry)), of.filter((entry) => !has(given, entry))];
  const lacks = rule === 'all' ? absent.length > 0 : (rule === 'any' || rule === 'one') && present.length === 0;
  const exceeds = rule === 'none' ? present.length > 0 : (rule === 'one' || rule === 'atMostOne') && present.length > 1;
  if (!lacks && !exceeds) return undefined;
  return { requirement, missing: lacks ? absent : [], excess: exceeds ? present : [] };
};

/** The requirements of a command that the arguments do not meet. */
export const unmetBy = (command: Command, given: Given): readonly Unmet[] =>
  requirementsOf(command).flatMap((requirement) => find(requirement, given) ?? []);

/** The values that a call needs besides what is given, where CloudStack leaves no choice and `before` has none of its own. */
export const valuesNeeded = (command: Command, given: Given, before: Given): Readonly<Record<string, string>> =>
  Object.fromEntries(
    unmetBy(command, given)
      .filter(({ requirement }) => requirement.when && requirement.of.every((entry) => entry.includes('=')))
      .flatMap(({ missing }) => missing.map((entry) => entry.split('=') as [string, string]))
      .filter(([name]) => before[name] === undefined),
  );

/** Parameters that every call needs: as CloudStack declares, or as it turns out. */
export const neededBy = once<Command, ReadonlySet<string>>(
  (command) =>
    new Set([
      ...command.params.flatMap(({ name, required }) => (required ? [name] : [])),
      ...requirementsOf(command).flatMap(({ when, unless, rule, of }) => {
        const isAlways = !when && !unless && (rule === 'all' || (of.length === 1 && rule !== 'none'));
        return isAlways ? of.map(nameOf) : [];
      }),
    ]),
);

const join = (names: readonly string[], word: string): string =>
  names.length < 2 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} ${word} ${names.at(-1)!}`;

const conditionText = (condition: GivenValues | undefined, word: string): string => {
  const parts = Object.entries(condition ?? {}).map(([name, wanted]) =>
    wanted === true ? name : `${name}=${join(wanted.map(String), 'or')}`,
  );
  return parts.length ? `${word} ${join(parts, word === 'with' ? 'and' : 'or')}` : '';
};

/** A requirement in words, such as `with protocol=tcp or udp: startport and endport are needed`. */
export const describeRequirement = ({ when, unless, rule, of }: Requirement): string => {
  const one = of.length === 1;
  const words = {
    all: `${join(of, 'and')} ${one ? 'is' : 'are'} needed`,
    any: one ? `${of[0]!} is needed` : `at least one of ${join(of, 'and')} is needed`,
    one: one ? `${of[0]!} is needed` : `exactly one of ${join(of, 'and')} is needed`,
    atMostOne: `at most one of ${join(of, 'and')} may be given`,
    none: `${join(of, 'and')} may not be given`,
  }[rule];
  const condition = [conditionText(when, 'with'), conditionText(unless, 'without')].filter(Boolean).join(' and ');
  return condition ? `${condition}: ${words}` : words;
};

/** What is wrong with a call that does not meet a requirement, in words. */
export const describeUnmet = ({ requirement, missing, excess }: Unmet): string => {
  const which =
    requirement.rule === 'all'
      ? `${join(missing, 'and')} ${missing.length === 1 ? 'is' : 'are'} missing`
      : missing.length
        ? 'none is given'
        : requirement.rule === 'none'
          ? ''
          : `${join(excess, 'and')} are given`;
  return which ? `${describeRequirement(requirement)}; ${which}` : describeRequirement(requirement);
};
