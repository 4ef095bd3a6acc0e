import { loadData } from './data.ts';
import { escapeRegExp, toLabel } from './text.ts';

interface Secrets {
  fields: string[];
  endings: string[];
  answers: Record<string, string[]>;
}

/** What stands for a masked value. */
export const mask = '••••••';

let fields: ReadonlySet<string> | undefined;

/** Whether a field or parameter of this name holds a credential, by data/secrets.json. */
export const isSecretName = (name: string): boolean => {
  const known = judged.get(name);
  if (known !== undefined) return known;
  const secrets = loadData<Secrets>('secrets.json');
  fields ??= new Set(secrets.fields);
  const plain = name.toLowerCase().replace(/[-_.]/g, '');
  const secret = fields.has(plain) || secrets.endings.some((ending) => plain.endsWith(ending));
  if (judged.size < 5000) judged.set(name, secret);
  return secret;
};

const none: ReadonlySet<string> = new Set();

const own = (command: string): ReadonlySet<string> => {
  const names = loadData<Secrets>('secrets.json').answers[command];
  return names ? new Set(names) : none;
};

// Few names, asked for again with every row.
const judged = new Map<string, boolean>();

/** Addresses carry passwords too: `rbd://user:secret@host`, `cifs://host/share?user=…&password=…`. */
const maskAddress = (text: string): string =>
  text.includes('://')
    ? text
        .replace(/(:\/\/[^\s/:@]*:)[^\s@]+@/g, `$1${mask}@`)
        .replace(/([?&]([\w.-]+)=)[^&\s]+/g, (whole, start: string, name: string) =>
          isSecretName(name) ? `${start}${mask}` : whole,
        )
    : text;

/** `isSecret` names the further secret fields; an entry `{name, value}` is judged by its name. */
const masked = (value: unknown, isSecret: (name: string) => boolean): unknown => {
  if (Array.isArray(value)) return value.map((item) => masked(item, isSecret));
  if (typeof value === 'string') return maskAddress(value);
  if (typeof value !== 'object' || value === null) return value;
  const record = value as Record<string, unknown>;
  const label = record['name'] ?? record['key'];
  return Object.fromEntries(
    Object.entries(record).map(([name, inner]) => {
      const secret = isSecret(name) || (name === 'value' && typeof label === 'string' && isSecret(label));
      if (secret && inner !== null && inner !== '' && typeof inner !== 'boolean') return [name, mask];
      return [name, masked(inner, isSecret)];
    }),
  );
};

/** The same value with every credential in it masked: those named so anywhere, and those the command returns. */
export const maskSecrets = <T>(value: T, command = ''): T => {
  const further = own(command);
  return masked(value, (name) => isSecretName(name) || further.has(name)) as T;
};

const textsOf = (value: unknown): string[] => {
  if (typeof value === 'string' || typeof value === 'number') return [String(value)];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : [];
};

/** What an address carries: `scheme://user:secret@host`, `…?password=secret`. */
const secretsInAddress = (text: string): string[] => [
  ...[...text.matchAll(/:\/\/[^\s/:@]*:([^\s@]+)@/g)].map(([, secret = '']) => secret),
  ...[...text.matchAll(/[?&;]([\w.-]+)=([^&;#\s"]+)/g)].flatMap(([, name = '', secret = '']) =>
    isSecretName(name) ? [secret] : [],
  ),
];

/** The values that stand in secret places: of secret names, of `{name: 'password', value: …}`, and in addresses. */
const secretsIn = (value: unknown): string[] => {
  if (typeof value === 'string') {
    if (/^\s*[[{]/.test(value))
      try {
        return secretsIn(JSON.parse(value));
      } catch {
        // Not the JSON text it looks like.
      }
    return value.includes('://') ? secretsInAddress(value) : [];
  }
  if (typeof value !== 'object' || value === null) return [];
  const record = value as Record<string, unknown>;
  const label = record['name'] ?? record['key'];
  return Object.entries(record).flatMap(([name, inner]) =>
    isSecretName(name) || (name === 'value' && typeof label === 'string' && isSecretName(label))
      ? textsOf(inner)
      : secretsIn(inner),
  );
};

const spellings = (secret: string): string[] => {
  const encoded = encodeURIComponent(secret.toWellFormed());
  const base64 = Buffer.from(secret).toString('base64');
  const quoted = JSON.stringify(secret).slice(1, -1);
  return [secret, toLabel(secret, Infinity), quoted, encoded, encoded.replaceAll('%20', '+'), base64];
};

/** The secrets among parameters. */
export const listSecrets = (...params: readonly unknown[]): string[] => [
  ...new Set(params.flatMap(secretsIn).filter((secret) => secret.trim() !== '')),
];

/** A message without these secrets, however they are quoted or encoded in it, and without those in addresses. */
export const scrubSecrets = (message: string, secrets: readonly string[]): string =>
  [...new Set(secrets.flatMap(spellings))]
    .sort((a, b) => b.length - a.length)
    .reduce((text, secret) => {
      // A short secret is a part of many words; alone it is still one.
      if (secret.length < 4) return text.replace(new RegExp(`(?<!\\w)${escapeRegExp(secret)}(?!\\w)`, 'g'), mask);
      // A long one may have been cut in the message.
      const rest = secret.length > 24 ? `.{0,${secret.length - 24}}` : '';
      return text.replace(new RegExp(escapeRegExp(secret.slice(0, 24)) + rest, 'gs'), mask);
    }, maskAddress(message));
