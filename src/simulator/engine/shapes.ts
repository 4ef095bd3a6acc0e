import type { Command, Field } from '../../catalog/types.ts';
import { loadData } from '../../data.ts';
import { typeOf } from '../world/kinds.ts';
import type { Fields, Value } from '../world/types.ts';

/** What CloudStack sends of a response type beside what was stored, and what it leaves out. */
export interface Shape {
  /** Values of fields that have none: literals, or `$id.field`, a field of the same row or of the resource that an id names. */
  fill?: Record<string, Value>;
  /** Fields that are not sent though the type declares them; `*` stands for any beginning. */
  omit?: string[];
  /** Fields that are sent all the same. */
  send?: string[];
  /** Fields that are not sent while they are empty. */
  omitEmpty?: string[];
  /** Fields that are sent only when the named parameter is true. */
  onRequest?: Record<string, string>;
  /** Fields that only root administrators are sent. */
  admin?: string[];
  /** Fields of tags inside a row, where they are not those of most kinds. */
  tags?: string[];
  /** Rows show the job that works on them. */
  job?: boolean;
  /** Fields whose parameters are called differently. */
  names?: Record<string, string>;
}

interface Rows {
  tags: string[];
  /** What a command really answers with, where it declares another response type. */
  answers: Record<string, string>;
  /** By response type or, where several kinds share one, by kind. */
  types: Record<string, Shape>;
  /** What single commands do otherwise. */
  commands: Record<string, Shape>;
}

const rows = (): Rows => loadData<Rows>('rows.json');

const nameTest = (patterns: readonly string[]): ((name: string) => boolean) => {
  const whole = new Set(patterns.filter((pattern) => !pattern.startsWith('*')));
  const ends = patterns.filter((pattern) => pattern.startsWith('*')).map((pattern) => pattern.slice(1));
  return (name) => whole.has(name) || ends.some((end) => name.endsWith(end));
};

/** The shapes that hold for a kind shown as a response type by a command, joined. */
export const shapeOf = (kind: string | undefined, type: string, command: string): Shape & { tags: string[] } => {
  const { types, commands, tags } = rows();
  const stored = kind === undefined ? type : typeOf(kind);
  const names = new Set([stored, type, ...(kind === undefined ? [] : [kind])]);
  const shapes = [
    ...[...names].flatMap((name) => types[name] ?? []),
    ...(commands[command] ? [commands[command]] : []),
  ];
  const sent = new Set(shapes.flatMap(({ send = [] }) => send));
  return {
    fill: Object.assign({}, ...shapes.map(({ fill }) => fill)) as Fields,
    omit: shapes.flatMap(({ omit = [] }) => omit).filter((name) => !sent.has(name)),
    omitEmpty: shapes.flatMap(({ omitEmpty = [] }) => omitEmpty),
    onRequest: Object.assign({}, ...shapes.map(({ onRequest }) => onRequest)) as Record<string, string>,
    admin: shapes.flatMap(({ admin = [] }) => admin),
    tags: shapes.findLast((shape) => shape.tags)?.tags ?? tags,
    job: shapes.some(({ job }) => job === true),
  };
};

/** The response type of what a command makes up rather than stores. */
export const answerType = ({ name, response }: Command): string => rows().answers[name] ?? response;

/** Whether a command's answers have a shape of their own. */
export const hasOwnShape = (command: string): boolean => rows().commands[command] !== undefined;

/** The parameters of some shape that ask for a field, of those that a call has set to true. */
export const askedFor = (args: Fields): string =>
  Object.values(rows().types)
    .flatMap(({ onRequest = {} }) => Object.values(onRequest))
    .filter((parameter) => args[parameter] === true)
    .join();

/** What a parameter's value is called in rows of a kind. */
export const fieldNamed = (kind: string, parameter: string, fields: ReadonlyMap<string, Field>): string =>
  rows().types[typeOf(kind)]?.names?.[parameter] ??
  (fields.has(parameter) ? parameter : [...fields.keys()].find((name) => name.toLowerCase() === parameter)) ??
  parameter;

/** The fields of a response type that a caller may be sent. */
export const fieldsSent = (
  fields: ReadonlyMap<string, Field>,
  shape: Shape,
  root: boolean,
  asked: string,
): ReadonlyMap<string, Field> => {
  const omitted = nameTest([
    ...(shape.omit ?? []),
    ...(root ? [] : (shape.admin ?? [])),
    ...Object.entries(shape.onRequest ?? {})
      .filter(([, parameter]) => !asked.split(',').includes(parameter))
      .map(([field]) => field),
  ]);
  return new Map(
    [...fields].filter(
      ([name, { roles }]) => !omitted(name) && (root || roles === undefined || roles.includes('User')),
    ),
  );
};

// Gson writes 0.0 where JavaScript writes 0: a whole number in a float field travels as marked text until it is sent.
const floatMark = '\u0000';

/** A number of a float or double field, marked where JSON would lose its point. */
export const markFloat = (value: Value): Value =>
  Array.isArray(value)
    ? value.map(markFloat)
    : typeof value === 'number' && Number.isInteger(value)
      ? `${floatMark}${value}.0`
      : value;

/** JSON text with its marked numbers as CloudStack writes them. */
export const writeFloats = (json: string): string =>
  json.includes('\\u0000') ? json.replace(/"\\u0000(-?\d+\.0)"/g, '$1') : json;
