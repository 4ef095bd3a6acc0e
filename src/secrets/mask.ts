import { isHiddenCategory, isSecretName, secretFieldsOf, secretFieldsOfJob } from './names.ts';
import { copyChanged } from '../rows.ts';
import { parseNested } from '../json.ts';
import { startOf } from '../text.ts';
import { isOrdinary, mask, maskText, secretsInText } from './text.ts';

type Json = Readonly<Record<string, unknown>>;

/** A text longer than this is not read as JSON: it is masked by shape only. */
const maxJson = 1_000_000;
/** Nothing CloudStack sends or takes nests deeper; what does is masked whole. */
const maxDepth = 100;

/** JSON text as its value; undefined for any other text. */
const readJson = (text: string): object | undefined => {
  if (text.length > maxJson) return undefined;
  const value = parseNested(text);
  return typeof value === 'object' && value !== null ? value : undefined;
};

/** Fields of an object that say whether others of it are credentials: no part of it is masked without them. */
export const decidingFields: readonly string[] = ['name', 'key', 'property', 'password', 'category', 'cmd'];

/** Whether an entry `{name|key, value}` says that its value is a credential: by its name, its mark or its category. */
const isSecretEntry = (record: Json): boolean => {
  const label = record['name'] ?? record['key'] ?? record['property'];
  return (
    (typeof label === 'string' && isSecretName(label)) ||
    record['password'] === true ||
    isHiddenCategory(record['category'])
  );
};

const valuesOfEntry = new Set(['value', 'defaultvalue', 'currentvalue', 'val']);

/** Nothing, a yes or a no tells nothing. */
const isUninformative = (value: unknown): boolean =>
  value === null || value === undefined || value === '' || /^(?:true|false)$/i.test(String(value));

/** What else is done to each text of an answer and each name in it, in the same walk. */
type Clean = (text: string) => string;
const asIs: Clean = (text) => text;

/** One walk through a value: what else it does to each text, and what became of texts that it met. Rows repeat their texts. */
interface Walk {
  readonly clean: Clean;
  readonly met: Map<string, string>;
}
const startWalk = (clean: Clean): Walk => ({ clean, met: new Map() });

const maskOnce = (text: string, { clean, met }: Walk): string => {
  const known = met.get(text);
  if (known !== undefined) return known;
  const result = clean(maskText(text));
  met.set(text, result);
  return result;
};

/** A list of objects: what the outer key of an answer holds, which may be called after what its rows have (`userapikey`). */
const isRows = (value: unknown): boolean =>
  Array.isArray(value) && value.every((row) => typeof row === 'object' && row !== null && !Array.isArray(row));

const rename = (record: Json, clean: Clean): Json => {
  if (clean === asIs || Object.keys(record).every((name) => isOrdinary(name) || clean(name) === name)) return record;
  return Object.fromEntries(Object.entries(record).map(([name, inner]) => [clean(name), inner]));
};

const masked = (value: unknown, further: ReadonlySet<string>, depth: number, walk: Walk, isAnswer = false): unknown => {
  if (depth > maxDepth) return mask;
  if (typeof value === 'string') {
    if (isOrdinary(value)) return value;
    const json = readJson(value);
    if (!json) return maskOnce(value, walk);
    const inner = JSON.stringify(masked(json, further, depth + 1, startWalk(asIs)));
    return walk.clean(inner === JSON.stringify(json) ? value : inner);
  }
  if (Array.isArray(value)) return copyChanged(value, (item) => masked(item, further, depth + 1, walk));
  if (typeof value !== 'object' || value === null) return value;
  const record = value as Json;
  const isEntry = isSecretEntry(record);
  const copy = copyChanged(record, (inner, name) => {
    const secret = isSecretName(name) || further.has(name) || (isEntry && valuesOfEntry.has(name));
    if (secret && !isUninformative(inner) && !(isAnswer && isRows(inner))) return mask;
    // A job's result is what the command that began it would have answered.
    const fields = name === 'jobresult' ? secretFieldsOfJob(record['cmd']) : further;
    return masked(inner, fields, depth + 1, walk);
  });
  return rename(copy, walk.clean);
};

/**
 * The same value with every credential in it masked: by name, as an entry `{name, value}`, by its shape inside a text, in
 * JSON text, and the fields that the command (or, of a job's result, the command that began it) is known to return.
 */
export const maskSecrets = <T>(value: T, command = ''): T =>
  masked(value, secretFieldsOf(command), 0, startWalk(asIs)) as T;

/**
 * An answer as `maskSecrets` does it; of a job's result also by the class that CloudStack says ran it (`cmd`). `clean` is
 * done to each text and name on the same walk, after the masking.
 */
export const maskAnswer = <T>(
  body: T,
  command: string,
  job: { cmd?: string | undefined } | undefined,
  clean: (text: string) => string,
): T => {
  const fields = secretFieldsOf(command);
  const further = job ? new Set([...fields, ...secretFieldsOfJob(job.cmd)]) : fields;
  return masked(body, further, 0, startWalk(clean), true) as T;
};

const textsOf = (value: unknown, depth: number): string[] => {
  if (typeof value === 'string' || typeof value === 'number') return [String(value)];
  if (depth > maxDepth || typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap((inner) => textsOf(inner, depth + 1));
};

/** Characters of all texts together in which secrets are looked for by their shape; a message finds its own so. */
const maxShapes = 2 ** 16;

const secretsIn = (value: unknown, depth: number, left: { shapes: number }): string[] => {
  if (depth > maxDepth) return [];
  if (typeof value === 'string') {
    const json = readJson(value);
    if (json) return secretsIn(json, depth + 1, left);
    const text = startOf(value, left.shapes);
    left.shapes -= text.length;
    return secretsInText(text);
  }
  if (typeof value !== 'object' || value === null) return [];
  const record = value as Json;
  const isEntry = isSecretEntry(record);
  return Object.entries(record).flatMap(([name, inner]) =>
    isSecretName(name) || (isEntry && valuesOfEntry.has(name))
      ? textsOf(inner, depth + 1)
      : secretsIn(inner, depth + 1, left),
  );
};

/** The secrets among parameters, each once. */
export const listSecrets = (...params: readonly unknown[]): string[] => [
  ...new Set(
    params.flatMap((value) => secretsIn(value, 0, { shapes: maxShapes })).filter((secret) => secret.trim() !== ''),
  ),
];
