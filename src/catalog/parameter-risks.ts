import { loadData } from '../data.ts';
import { fits } from './patterns.ts';
import type { Condition, Raise, Risk, RiskRow, Severity } from './risk.ts';
import type { Command } from './types.ts';

type Wanted = Condition | string | number | boolean;

/** What kind of parameter does what kind of harm; one line of data/parameter-risks.json. */
export interface ParameterRule {
  /** A key of `effects`. */
  effect: string;
  /** Names of parameters; `*` stands for any text. */
  parameters: readonly string[];
  /** Names of commands; all where it is left out. */
  commands?: readonly string[];
  /** Commands that the rule is not about, each with the reason. */
  except?: Readonly<Record<string, string>>;
  when?: Wanted;
  /** What must be true of other parameters as well. */
  with?: Readonly<Record<string, Wanted>>;
  /** `change` and `high` where nothing is said. */
  risk?: Risk;
  severity?: Severity;
  reversible?: false;
  /** Refused to roles that are tied to a domain or project: it reaches beyond them. */
  tenants?: 'refused';
  /** About commands that only look, which no other rule is about. */
  looks?: true;
  /** The worst that it can do, in one plain sentence. */
  worst: string;
}

/** Parameters that do no harm beyond their command's own, and why. */
export interface Harmless {
  why: string;
  parameters: readonly string[];
  commands?: readonly string[];
}

/** The whole of data/parameter-risks.json. */
export interface ParameterRisks {
  effects: Readonly<Record<string, string>>;
  rules: readonly ParameterRule[];
  harmless: readonly Harmless[];
}

const load = (): ParameterRisks => loadData<ParameterRisks>('parameter-risks.json');

const toCondition = (wanted: Wanted = {}): Condition =>
  typeof wanted === 'object' ? wanted : { is: [String(wanted)] };

/** Whether a command only shows something: its arguments narrow what is shown. */
export const looksOnly = (command: Command, { risk }: RiskRow): boolean =>
  risk === 'read' || (risk === 'sensitive' && command.result === 'list');

/** Whether a policy that runs changes asks before this one, whatever its arguments are. */
export const isGrave = ({ risk, severity }: Pick<RiskRow, 'risk' | 'severity'>): boolean =>
  risk === 'destroy' || severity === 'high' || severity === 'critical';

/** The rules and the harmless names that are about one command. */
const about = (command: string) => {
  const { rules, harmless } = load();
  const isMeant = ({ commands }: { commands?: readonly string[] }): boolean => !commands || fits(commands, command);
  const meant = rules.filter(isMeant);
  const isExcepted = ({ except }: ParameterRule): boolean => except !== undefined && command in except;
  return {
    rules: meant.filter((rule) => !isExcepted(rule)),
    /** Names that were judged and found harmless here. */
    harmless: [...harmless.filter(isMeant), ...meant.filter(isExcepted)].flatMap(({ parameters }) => parameters),
  };
};

/** What a rule means for one of its parameters; undefined where it looks at another parameter that the command lacks. */
const toRaise = (rule: ParameterRule, { params }: Command, parameter: string): Raise | undefined => {
  const beside = Object.entries(rule.with ?? {}).map(([name, wanted]) => [name, toCondition(wanted)] as const);
  const has = (name: string): boolean => params.some((one) => one.name === name);
  if (beside.some(([name, { absent }]) => !has(name) && !absent)) return undefined;
  return {
    when: { [parameter]: toCondition(rule.when), ...Object.fromEntries(beside.filter(([name]) => has(name))) },
    parameter,
    risk: rule.risk ?? 'change',
    severity: rule.severity ?? 'high',
    ...(rule.reversible === false ? { reversible: false } : {}),
    effect: rule.effect,
    ...(rule.tenants ? { tenants: rule.tenants } : {}),
    worst: rule.worst,
  };
};

const unjudged = (parameter: string, risk: Risk): Raise => ({
  when: { [parameter]: {} },
  parameter,
  risk,
  severity: 'high',
  effect: 'unjudged',
  worst: `No one has judged what ${parameter} does.`,
});

/**
 * The arguments that make a command worse, from data/parameter-risks.json. A parameter that no one has judged, and one that
 * only the connected cloud knows, is asked about.
 */
const collect = (command: Command, row: RiskRow): Raise[] => {
  const { rules, harmless } = about(command.name);
  const looks = looksOnly(command, row);
  return command.params.flatMap(({ name, live }) => {
    const raises = rules
      .filter((rule) => fits(rule.parameters, name) && (rule.looks ?? false) === looks)
      .flatMap((rule) => toRaise(rule, command, name) ?? []);
    if (looks) return live && !raises.length && !fits(harmless, name) ? [unjudged(name, 'sensitive')] : raises;
    // Who judges a command that the catalog lacks knows its parameters, too.
    const isJudged =
      !live && (isGrave(row) || row.category === 'operator' || raises.length > 0 || fits(harmless, name));
    return isJudged ? raises : [...raises, unjudged(name, 'change')];
  });
};

const known = new WeakMap<Command, readonly Raise[]>();

/** The arguments that make a command worse, and how; judged once for each command. */
export const raisesOf = (command: Command, row: RiskRow): readonly Raise[] => {
  let raises = known.get(command);
  if (!raises) known.set(command, (raises = collect(command, row)));
  return raises;
};
