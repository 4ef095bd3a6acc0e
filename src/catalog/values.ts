import { loadData } from '../data.ts';

/** What CloudStack does with a value outside the set: an error of 431 or 530, an empty list, or as if it were not given. */
export type UnknownValue = 'refused' | 'error' | 'nothing' | 'ignored';

/** The values that a parameter of some commands takes; one line of data/values.json. */
export interface ValueSet {
  parameter: string;
  /** Of a map with rows: the key whose values these are. */
  field?: string;
  commands: readonly string[];
  /** In CloudStack's spelling. */
  values: readonly (string | number)[];
  /** Plug-ins or administrators may add values, or CloudStack stores any: shown, not checked. */
  open?: true;
  /** Given where the set is closed. */
  unknown?: UnknownValue;
  /** CloudStack's number of a refusal, where it is not 4350. */
  code?: number;
  /** How the refusal reads, where it is not said in general; `{value}` stands for the value. */
  text?: string;
  /** CloudStack takes its own letter case only. */
  exact?: true;
  /** Several values, by comma where the parameter is a text. */
  list?: true;
  /** Whole numbers from 0 to this are taken, too. */
  upTo?: number;
  /** What numbers stand for. */
  names?: Readonly<Record<string, string>>;
}

let byKey: ReadonlyMap<string, ValueSet> | undefined;

const index = (): ReadonlyMap<string, ValueSet> =>
  new Map(
    loadData<ValueSet[]>('values.json').flatMap((set) =>
      set.commands.map((command) => [`${command} ${set.parameter} ${set.field ?? ''}`, set] as const),
    ),
  );

/** The values of a command's parameter, or of one key of its rows, where they are known. */
export const findValues = (command: string, parameter: string, field = ''): ValueSet | undefined =>
  (byKey ??= index()).get(`${command} ${parameter} ${field}`);

/** Letter case, blanks and dashes do not tell values apart. */
const foldSpelling = (text: string): string => text.toLowerCase().replace(/[\s_-]+/g, '');

/** The value of the set that a text means, in CloudStack's spelling; undefined where it means none. */
export const spellValue = (set: ValueSet, text: string): string | number | undefined => {
  const wanted = foldSpelling(text);
  const found = set.values.find(
    (value) =>
      foldSpelling(String(value)) === wanted ||
      (set.names?.[value] !== undefined && foldSpelling(set.names[value]) === wanted),
  );
  if (found !== undefined || set.upTo === undefined) return found;
  return /^\d{1,9}$/.test(text.trim()) && Number(text) <= set.upTo ? text.trim() : undefined;
};

/** Whether CloudStack takes the text as it stands. */
export const takesValue = ({ values, exact, upTo }: ValueSet, text: string): boolean =>
  values.some((value) => String(value) === text || (!exact && String(value).toLowerCase() === text.toLowerCase())) ||
  (upTo !== undefined && /^\d{1,9}$/.test(text) && Number(text) <= upTo);

/** A value as a person reads it: a number with what it stands for. */
export const showValue = ({ names }: ValueSet, value: string | number): string =>
  names?.[value] === undefined ? String(value) : `${value} (${names[value]})`;

/** The values as a person reads them. */
export const listValues = (set: ValueSet): string =>
  [
    ...set.values.map((value) => showValue(set, value)),
    ...(set.upTo === undefined ? [] : [`a number from 0 to ${set.upTo}`]),
  ].join(', ');
