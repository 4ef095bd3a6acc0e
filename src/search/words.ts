/** Words that say nothing about what is wanted. */
const noise = new Set(
  (
    'a an the to of for in on with my i me we our us you your he his she her it its they them their this that these those do does ' +
    'did done be is are was were been am has have had will would shall should can could may might must and or from by at as into ' +
    'onto about than then so just please want need like let make get got give some any there here how im id ive one ones also ' +
    'via per'
  ).split(' '),
);

/** Letter case, accents and typographic quotes make no difference. */
const plain = (text: string): string =>
  text
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .replace(/['’]s?\b/g, '');

const address = /\b\d{1,3}(?:\.\d{1,3}){3}(\/\d{1,2})?/g;

/**
 * Names that say what they are names of, and what stands for them: those that CloudStack gives (VirtualMachineName.java,
 * VirtualMachineManagerImpl.java), then those that people give to machines, hosts and storage and number.
 */
const names: readonly (readonly [name: RegExp, word: string])[] = [
  [/\br-\d+-vm\b/g, ' namedrouter '],
  [/\b[sv]-\d+-vm\b/g, ' namedsystemvm '],
  [/\bi-\d+-\d+-vm\b/g, ' namedvm '],
  [/\b(?:root|data)-\d+\b/g, ' namedvolume '],
  [/\b(?:web|app|db|mail|mx|srv|vm|win|build|test|dev|prod|api|proxy|shop|crm|erp|dc|ldap)-?\d+\b/g, ' namedvm '],
  [/\b(?:kvm|esxi?|xen|hv|hyperv|host|node|compute|hyp)-?\d+\b/g, ' namedhost '],
  [/\b(?:data|disk|vol|volume)-?\d+\b/g, ' namedvolume '],
  [/\b(?:nfs|ceph|rbd|iscsi|lun|san|primary|pool|ps|nvme|ssd)-?\d+\b/g, ' namedpool '],
];

const nameNames = (text: string): string => names.reduce((named, [name, word]) => named.replace(name, word), text);

/**
 * The words of a text in lower case and in order; an IP address stands as `ipaddr`, a range of them as `cidr`, a name like
 * `web01` as `namedvm`.
 */
export const toWords = (text: string): string[] => {
  const known = plain(text).replace(address, (_whole, length?: string) => (length ? ' cidr ' : ' ipaddr '));
  return (/\d/.test(known) ? nameNames(known) : known).match(/[a-z0-9]+/g) ?? [];
};

/** Whether a word only holds the others together. */
export const isNoise = (word: string): boolean => noise.has(word);

/** Endings that forms of a word have, with what stands there instead, in the order in which they are cut. */
const endings: readonly (readonly [ending: string, instead: string, before?: RegExp])[] = [
  ['ies', 'y', /[a-z]{2}$/],
  ['es', '', /(?:ss|[xz]|ch|sh)$/],
  ['s', '', /[^su]$/],
  ['ied', 'y', /[a-z]{2}$/],
  ...['ations', 'ation', 'ating', 'ated', 'ate'].map((ending) => [ending, 'at', /[aeiouy][a-z]$/] as const),
  ...['ing', 'ed'].map((ending) => [ending, '', /[aeiouy][a-z]{1,3}$|[a-z]{4}$/] as const),
  ...['ions', 'ion'].map((ending) => [ending, '', /[a-z]{3}$/] as const),
];

const cutEnding = (word: string): string => {
  if (word.length < 4 || word.length > maxLength || /\d/.test(word)) return word;
  let short = word;
  for (const [ending, instead, before] of endings) {
    if (!short.endsWith(ending)) continue;
    const rest = short.slice(0, -ending.length);
    if (!before || before.test(rest)) short = rest + instead;
  }
  const undoubled = short === word ? short : short.replace(/([bdgmnprt])\1$/, '$1');
  return undoubled.length > 3 ? undoubled.replace(/e$/, '') : undoubled;
};

/** No word of a language is longer. */
const maxLength = 40;

const stems = new Map<string, string>();

/** What the forms of one word have in common: attach, attached, attaching; migrate, migration; copy, copies. */
export const stem = (word: string): string => {
  let known = stems.get(word);
  if (known === undefined) {
    known = cutEnding(word);
    // What people ask must not fill the memory.
    if (stems.size < 20_000) stems.set(word, known);
  }
  return known;
};

/** Whether a word names several things: "disks", "policies". */
export const isPlural = (word: string): boolean => word.length > 3 && /[^sui]s$/.test(word) && !isNoise(word);
