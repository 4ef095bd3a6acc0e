import { loadData } from './data.ts';

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
