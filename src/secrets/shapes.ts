import { loadData } from '../data.ts';
import { escapeRegExp } from '../text.ts';
import { isSecretName } from './names.ts';

/** Where a secret begins and where it ends. */
export type Span = [from: number, to: number];

/** The part of each match that is its first group which took part; of one without groups, all of it. */
const groupsOf = (text: string, pattern: RegExp): Span[] =>
  [...text.matchAll(pattern)].map((match): Span => {
    const at = match.indices!.findIndex((span, index) => index > 0 && span !== undefined);
    return match.indices![Math.max(0, at)]!;
  });

let known: { clue: RegExp; pattern: RegExp } | undefined;
/** Tokens that are known by how they begin, as data/secrets.json lists them. */
const knownTokens = (): { clue: RegExp; pattern: RegExp } => {
  if (known) return known;
  const begin = loadData<{ prefixes: string[] }>('secrets.json').prefixes.map(escapeRegExp).join('|');
  return (known = { clue: new RegExp(begin), pattern: new RegExp(`(?<![\\w-])(?:${begin})[\\w.+/=-]{12,}`, 'dg') });
};

const words = /pass|secret|token|api.?key|kennwort|identified|bearer |basic |securestring/i;
const signs = /eyJ|PRIVATE KEY|Private-Lines|mysql| -u|--user|--proxy-user|net user|NET USER|[${<@]/;
/** So many letters and digits in a row as no word has. */
const minRun = 16;
/** A look at each character: a regular expression takes four times as long. */
const hasToken = (text: string): boolean => {
  let run = 0;
  for (let at = 0; at < text.length && run < minRun; at++) {
    const code = text.charCodeAt(at);
    // a-z A-Z, / and digits, +
    const isPart = (code > 96 && code < 123) || (code > 64 && code < 91) || (code > 46 && code < 58) || code === 43;
    run = isPart ? run + 1 : 0;
  }
  return run === minRun;
};

const marked: readonly (readonly [clue: RegExp, pattern: RegExp])[] = [
  // A JSON web token, an authorization header, a private key.
  [/eyJ/, /(?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/dg],
  [/bearer |basic /i, /(?<=\b(?:bearer|basic) )[\w+/=.~-]{12,}/dgi],
  [/PRIVATE KEY/, /-----BEGIN [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END[A-Z ]{0,40}-----|$)/dg],
  [/Private-Lines/, /(?<=Private-Lines: )[\s\S]*?(?:Private-MAC: ?\w{0,200}|$)/dg],
  // A password as it is stored.
  [/\$/, /\$(?:\d|2[abxy]|y|gy|argon2\w{1,2})\$[^\s:"'<>]{8,}/dg],
  [/\{/, /\{S{0,2}(?:SHA|MD5|CRYPT)\d{0,3}\}([\w+/=$.]{8,})/dgi],
  // What command lines carry.
  [/sshpass/, /\bsshpass\s{1,3}-p\s{0,3}(\S+)/dg],
  [/mysql/, /\bmysql\w{0,10}\b[^\n|;]{0,80}?\s-p(\S+)/dg],
  [/ -u|--user|--proxy-user/, /(?<=\s)(?:-u|--user|--proxy-user)[ =]["']?[^\s:'"]{1,64}:([^\s"']+)/dg],
  [/net user/i, /\bnet\s{1,3}user\s{1,3}\S{1,64}\s{1,3}(?!\/)(\S+)/dgi],
  [/PASSWORD/, /\bset\s{1,3}\w{0,20}PASSWORD\s{1,3}(\S+)/dg],
  // SQL and PowerShell.
  [/identified|securestring|password/i, /\b(?:identified by|securestring|password)\s{0,3}\(?\s{0,3}'([^']*)'/dgi],
  // An address without a scheme.
  [/@/, /(?<![\w./-])[\w.-]{1,64}:([^\s:@/"']+)@[\w.-]{1,255}:\d/dg],
  [/@/, /(?<=\/|;)([^\s/;@"']{1,80})@(?:\/\/|[\w.-]{1,255}\/)/dg],
];

const stem =
  /(?:pass(?:word|wd|phrase|code)|secret|token|api[-_]?key|passwort|kennwort)["']?[ \t]{1,3}(?:(?:is|was|are|to|set|changed|now|reset|->|→)[ \t]{1,3}){0,4}/gi;
const ofTwoKinds = /^(?=.{0,200}\d)(?=.{0,200}[a-z])|[!@#$%^&*+~]/i;

/** `password is S3cret`, `--token S3cret`: what comes after such a word and is none itself. */
const afterWords = (text: string): Span[] =>
  [...text.matchAll(stem)].flatMap(({ index, 0: { length } }): Span[] => {
    const from = index + length;
    const quote = /["']/.exec(text.charAt(from))?.[0];
    const value = (quote ? /[^"']{0,200}/ : /[^\s;,<>"')]{0,200}/).exec(
      text.slice(from + (quote ? 1 : 0), from + 201),
    )![0];
    const start = from + (quote ? 1 : 0);
    return value.length > 5 && (quote !== undefined || ofTwoKinds.test(value)) ? [[start, start + value.length]] : [];
  });

const element = /<(?:[\w.-]{1,20}:)?([\w.-]{1,60})(?:\s[^<>]{0,200})?>([^<]+)</dg;
const entry = /<(?:key|name)>([^<]{1,80})<\/(?:key|name)>\s{0,20}<value>([^<]+)</dg;

/** `<password>S3cret</password>`, and an entry of a key and a value. */
const elements = (text: string): Span[] =>
  [element, entry].flatMap((pattern) =>
    [...text.matchAll(pattern)].flatMap((match) => (isSecretName(match[1]!) ? [match.indices![2]!] : [])),
  );

/** The lists that cloud-init and `chpasswd` take: `root:S3cret`. */
const accounts = (text: string): Span[] => groupsOf(text, /(?<=^|[\s"'])[\w.-]{1,32}:([^\s|"']+)/dg);

/** Characters of encoded text that are looked into. */
const maxEncoded = 2 ** 16;
const encoded = /[A-Za-z0-9+/]{24}[\w+/-]*={0,2}/g;
const isText = (bytes: Buffer): boolean => bytes.every((byte) => byte > 126 || byte > 31 || (byte > 8 && byte < 14));

/** Base64 of a text that holds a secret, or of a program. */
const inBase64 = (text: string, holds: (inner: string) => boolean): Span[] =>
  [...text.matchAll(encoded)].flatMap(({ 0: token, index }): Span[] => {
    const head = Buffer.from(token.slice(0, 16), 'base64');
    if (!isText(head) || head.some((byte) => byte > 126)) return [];
    const inner = Buffer.from(token.slice(0, maxEncoded), 'base64').toString();
    return /^#(?:!|cloud-)/.test(inner) || holds(inner) ? [[index, index + token.length]] : [];
  });

/** What is a secret by how it looks, whatever its name. `holds`: whether a text that was encoded holds one. */
export const findShapes = (text: string, holds?: (inner: string) => boolean): Span[] => {
  const found: Span[] = [];
  const hasWords = words.test(text);
  if (hasWords || signs.test(text)) {
    for (const [clue, pattern] of marked) if (clue.test(text)) found.push(...groupsOf(text, pattern));
    if (text.includes('</')) found.push(...elements(text));
  }
  if (hasWords) {
    found.push(...afterWords(text));
    if (text.includes('chpasswd')) found.push(...accounts(text));
  }
  const { clue: begins, pattern: tokens } = knownTokens();
  if (begins.test(text)) found.push(...groupsOf(text, tokens));
  if (holds && hasToken(text)) found.push(...inBase64(text, holds));
  return found;
};

const fromCode = (_all: string, code: string): string => String.fromCharCode(Number.parseInt(code, 16));
const escapes: readonly (readonly [escape: RegExp, by: string | typeof fromCode])[] = [
  [/\\u([0-9a-f]{4})/gi, fromCode],
  [/\\{1,16}(?=["'])/g, ''],
  [/%([2-7][0-9a-f])/gi, fromCode],
  [/&#x([2-7][0-9a-f]);/gi, fromCode],
  [/&(?:quot|#34);/g, '"'],
  [/&(?:apos|#39);/g, "'"],
  [/&(?:equals|#61);/g, '='],
  [/&(?:colon|#58);/g, ':'],
  [/&(?:amp|#38);/g, '&'],
];
const hasEscape = /\\[u"'\\]|%[2-7][0-9a-f]|&(?:#|quot|apos|equals|colon|amp)/i;
const maybeEscape = /[\\%&]|[^\0-\x7f]/;

/** The text without escapes, hidden characters and accents; the text itself where it has none. */
export const unescapeText = (text: string): string => {
  if (!maybeEscape.test(text)) return text;
  let plain = text;
  for (let round = 0; round < 3 && hasEscape.test(plain); round++)
    for (const [escape, by] of escapes) plain = plain.replace(escape, by as string);
  if (!/[^\0-\x7f]/.test(plain)) return plain;
  return plain.normalize('NFKD').replace(/[\p{Mn}\p{Cf}]/gu, '');
};
