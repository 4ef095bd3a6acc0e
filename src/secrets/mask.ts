import { isHiddenCategory, isSecretName, secretFieldsOf, secretFieldsOfJob } from './names.ts';
import { copyChanged } from '../rows.ts';
import { mask, maskText, secretsInText } from './text.ts';

type Json = Readonly<Record<string, unknown>>;

/** A text longer than this is not read as JSON: it is masked by shape only. */
const maxJson = 1_000_000;
/** Nothing CloudStack sends or takes nests deeper; what does is masked whole. */
const maxDepth = 100;

/** JSON text as its value; undefined for any other text. */
const readJson = (text: string): object | undefined => {
  if (text.length > maxJson || !/^\s{0,20}[[{]/.test(text)) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
};

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

const masked = (value: unknown, further: ReadonlySet<string>, depth: number): unknown => {
  if (depth > maxDepth) return mask;
  if (typeof value === 'string') {
    const json = readJson(value);
    if (!json) return maskText(value);
    const inner = JSON.stringify(masked(json, further, depth + 1));
    return inner === JSON.stringify(json) ? value : inner;
  }
  if (Array.isArray(value)) return copyChanged(value, (item) => masked(item, further, depth + 1));
  if (typeof value !== 'object' || value === null) return value;
  const record = value as Json;
  const isEntry = isSecretEntry(record);
  return copyChanged(record, (inner, name) => {
    const secret = isSecretName(name) || further.has(name) || (isEntry && valuesOfEntry.has(name));
    if (secret && !isUninformative(inner)) return mask;
    // A job's result is what the command that began it would have answered.
    const fields = name === 'jobresult' ? secretFieldsOfJob(record['cmd']) : further;
    return masked(inner, fields, depth + 1);
  });
};

/**
 * The same value with every credential in it masked: by name, as an entry `{name, value}`, by its shape inside a text, in
 * JSON text, and the fields that the command (or, of a job's result, the command that began it) is known to return.
 */
export const maskSecrets = <T>(value: T, command = ''): T => masked(value, secretFieldsOf(command), 0) as T;

/** An answer as `maskSecrets` does it; of a job's result also by the class that CloudStack says ran it (`cmd`). */
export const maskAnswer = <T>(body: T, command: string, job?: { cmd?: string | undefined }): T =>
  job
    ? (masked(body, new Set([...secretFieldsOf(command), ...secretFieldsOfJob(job.cmd)]), 0) as T)
    : maskSecrets(body, command);

const textsOf = (value: unknown, depth: number): string[] => {
  if (typeof value === 'string' || typeof value === 'number') return [String(value)];
  if (depth > maxDepth || typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap((inner) => textsOf(inner, depth + 1));
};

const secretsIn = (value: unknown, depth: number): string[] => {
  if (depth > maxDepth) return [];
  if (typeof value === 'string') {
    const json = readJson(value);
    return json ? secretsIn(json, depth + 1) : secretsInText(value);
  }
  if (typeof value !== 'object' || value === null) return [];
  const record = value as Json;
  const isEntry = isSecretEntry(record);
  return Object.entries(record).flatMap(([name, inner]) =>
    isSecretName(name) || (isEntry && valuesOfEntry.has(name))
      ? textsOf(inner, depth + 1)
      : secretsIn(inner, depth + 1),
  );
};

/** The secrets among parameters, each once. */
export const listSecrets = (...params: readonly unknown[]): string[] => [
  ...new Set(params.flatMap((value) => secretsIn(value, 0)).filter((secret) => secret.trim() !== '')),
];
