import { loadData } from '../data.ts';

interface SecretNames {
  fields: string[];
  endings: string[];
  segments: string[];
  except: string[];
  hiddenCategories: string[];
  answers: Record<string, string[]>;
}

interface Names {
  fields: ReadonlySet<string>;
  segments: ReadonlySet<string>;
  except: ReadonlySet<string>;
  endings: readonly string[];
  hidden: ReadonlySet<string>;
  answers: ReadonlyMap<string, ReadonlySet<string>>;
  anyAnswer: ReadonlySet<string>;
}

let loaded: Names | undefined;

const names = (): Names => {
  if (loaded) return loaded;
  const data = loadData<SecretNames>('secrets.json');
  const answers = Object.entries(data.answers).map(([command, fields]) => [command, new Set(fields)] as const);
  return (loaded = {
    fields: new Set(data.fields),
    segments: new Set(data.segments),
    except: new Set(data.except),
    endings: data.endings,
    hidden: new Set(data.hiddenCategories),
    answers: new Map(answers),
    anyAnswer: new Set(Object.values(data.answers).flat()),
  });
};

/** No name of a field is longer; what is, is text and not looked at as a name. */
const maxName = 256;

// Few names, asked for again with every row.
const known = new Map<string, boolean>();

const judge = (name: string): boolean => {
  const { fields, segments, except, endings } = names();
  const plain = name.toLowerCase().replace(/[^a-z0-9]/g, '');
  if (except.has(plain)) return false;
  if (fields.has(plain) || endings.some((ending) => plain.endsWith(ending))) return true;
  const last = name
    .replace(/([a-z0-9])([A-Z])/g, '$1.$2')
    .split(/[^A-Za-z0-9]+/)
    .findLast((part) => part !== '');
  return last !== undefined && segments.has(last.toLowerCase());
};

/** Whether a field or parameter of this name holds a credential, by data/secrets.json. */
export const isSecretName = (name: string): boolean => {
  if (name.length > maxName) return false;
  const before = known.get(name);
  if (before !== undefined) return before;
  const secret = judge(name);
  if (known.size < 5000) known.set(name, secret);
  return secret;
};

/** Whether a setting of this category is one whose value CloudStack stores encrypted. */
export const isHiddenCategory = (category: unknown): boolean =>
  typeof category === 'string' && names().hidden.has(category);

const none: ReadonlySet<string> = new Set();

/** The fields of one command's answer that hold a credential, such as the link of `extractTemplate`. */
export const secretFieldsOf = (command: string): ReadonlySet<string> => names().answers.get(command) ?? none;

/** The same of a job: by the class that ran it (`…ExtractTemplateCmd`); of every command where the class is unknown. */
export const secretFieldsOfJob = (cmd: unknown): ReadonlySet<string> => {
  if (typeof cmd !== 'string') return names().anyAnswer;
  const name = /(?<![A-Za-z0-9])([A-Za-z0-9]+)Cmd[A-Za-z]*$/.exec(cmd.slice(-maxName))?.[1]?.toLowerCase();
  if (name === undefined) return names().anyAnswer;
  for (const [command, fields] of names().answers) if (command.toLowerCase() === name) return fields;
  return none;
};
