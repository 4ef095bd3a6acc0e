/**
 * npm run vocabulary: names, prose and texts keep to the words of scripts/vocabulary.ts, no type's name is declared twice in
 * src, and documents and texts are in short sentences. One line a violation; exits with 1 if there is one.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { filesIn, lineOf } from './imports/read.ts';
import { hasPurpose, longSentences, maxWords, repeatedRuns } from './sentences.ts';
import { textsOfData, textsOfSource } from './texts.ts';
import { vocabulary, type Term } from './vocabulary.ts';

const violations: string[] = [];
const usedAllowances = new Set<string>();

/** `toHTTPUrl2` → `to http url`. */
const wordsOf = (name: string): string =>
  (name.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+/g) ?? []).map((word) => word.toLowerCase()).join(' ');

const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** The pattern for whole words or phrases; undefined where there are none. */
const patternOf = (phrases: readonly string[] | undefined): RegExp | undefined =>
  phrases && new RegExp(`(?<![\\w-])(?:${phrases.map(escape).join('|').replaceAll(' ', '\\s+')})(?![\\w-])`, 'gi');

interface Rule extends Term {
  inNames: RegExp | undefined;
  inProse: RegExp | undefined;
  inTexts: RegExp | undefined;
}
const rules: readonly Rule[] = vocabulary.map((term) => ({
  ...term,
  inNames: patternOf(term.names),
  inProse: patternOf(term.prose),
  inTexts: term.pattern ?? patternOf(term.texts),
}));

const isAllowed = ({ allowed = {} }: Term, text: string): boolean => {
  const found = Object.keys(allowed).find((phrase) => text.includes(phrase));
  if (found !== undefined) usedAllowances.add(found);
  return found !== undefined;
};

const checkName = (name: string, at: string): void => {
  const words = wordsOf(name);
  for (const rule of rules)
    if (rule.inNames && words.search(rule.inNames) >= 0 && !isAllowed(rule, name))
      violations.push(`${at} ${name}: use ${rule.use}`);
};

/** Checks a text that begins at a line of a file. */
const checkProse = (text: string, at: (offset: number) => string): void => {
  for (const rule of rules)
    for (const { 0: found, index } of rule.inProse ? text.matchAll(rule.inProse) : [])
      if (!isAllowed(rule, text.slice(Math.max(0, index - 40), index + found.length + 40)))
        violations.push(`${at(index)} "${found}": use ${rule.use}`);
};

/** What declares a name of ours: not the members of object literals, which may be another library's. */
const declaredName = (node: ts.Node): ts.Identifier | undefined => {
  const isDeclaration =
    ts.isVariableDeclaration(node) ||
    ts.isParameter(node) ||
    ts.isFunctionDeclaration(node) ||
    ts.isClassDeclaration(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    ts.isPropertySignature(node) ||
    ts.isMethodSignature(node) ||
    (ts.isBindingElement(node) && node.propertyName !== undefined);
  return isDeclaration && node.name && ts.isIdentifier(node.name) ? node.name : undefined;
};

const types = new Map<string, string[]>();

const checkSource = (source: ts.SourceFile, hasProse: boolean): void => {
  const text = source.getFullText();
  const at = (offset: number): string => `${source.fileName}:${source.getLineAndCharacterOfPosition(offset).line + 1}`;
  checkName(source.fileName.replace(/^.*\//, '').replace(/\..*$/, ''), source.fileName);
  const seen = new Set<number>();
  const visit = (node: ts.Node): void => {
    const name = declaredName(node);
    if (name) checkName(name.text, `${source.fileName}:${lineOf(source, name)}`);
    if (hasProse) {
      for (const { pos, end } of ts.getLeadingCommentRanges(text, node.getFullStart()) ?? []) {
        if (!seen.has(pos)) checkProse(text.slice(pos, end), (offset) => at(pos + offset));
        seen.add(pos);
      }
      if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node))
        checkProse(node.text, () => at(node.getStart()));
    }
    if (
      source.fileName.startsWith('src/') &&
      (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) &&
      ts.isSourceFile(node.parent)
    )
      types.set(node.name.text, [...(types.get(node.name.text) ?? []), at(node.getStart())]);
    ts.forEachChild(node, visit);
  };
  visit(source);
};

for (const source of filesIn('src')) checkSource(source, true);
for (const source of [...filesIn('scripts'), ...filesIn('test')])
  if (source.fileName !== 'scripts/vocabulary.ts') checkSource(source, false);

for (const [name, places] of types)
  if (places.length > 1)
    violations.push(`the type ${name} is declared in ${places.join(' and ')}: one name, one thing`);

/** Documents of a folder: Markdown, and what else `pattern` names. */
const documentsIn = (folder: string, pattern: RegExp, recursive = false): string[] =>
  readdirSync(folder, { recursive, encoding: 'utf8' })
    .filter((name) => pattern.test(name))
    .sort()
    .map((name) => join(folder, name));
const documents = [
  ...documentsIn('.', /\.md$/),
  ...documentsIn('docs', /\.md$/),
  ...documentsIn('data', /\.md$|^(?:texts|risks|parameter-risks|toolsets|errors|promises|kinds)\.json$/),
  ...documentsIn('deploy', /\.(?:md|ya?ml|json|txt|tpl)$/, true),
];
for (const file of documents) {
  const text = readFileSync(file, 'utf8');
  const lineAt = (offset: number): number => text.slice(0, offset).split('\n').length;
  checkProse(text, (offset) => `${file}:${lineAt(offset)}`);
}

/** Pages for people who use the program; the facts about CloudStack are lists and quotations. */
const pages = documentsIn('docs', /\.md$/, true).filter((file) => !file.endsWith('cloudstack-behaviour.md'));
for (const file of ['README.md', 'SECURITY.md', 'CONTRIBUTING.md', ...pages]) {
  const text = readFileSync(file, 'utf8');
  if (file !== 'README.md' && !hasPurpose(text))
    violations.push(`${file}: the page begins with "This page …": what it is for`);
  for (const { line, words, sentence } of longSentences(text))
    violations.push(`${file}:${line} ${words} words, at most ${maxWords}: "${sentence.slice(0, 60)}…"`);
}

for (const { first, again, run } of repeatedRuns(
  new Map(
    [
      'README.md',
      'SECURITY.md',
      ...documentsIn('.', /^(?:CONTRIBUTING|ARCHITECTURE|AGENTS|REVIEW)\.md$/),
      'data/README.md',
    ]
      .concat(documentsIn('docs', /\.md$/, true))
      .map((file) => [file, readFileSync(file, 'utf8')]),
  ),
))
  violations.push(`${again} repeats ${first}: "${run}"`);

/** What users read on a screen. The simulator's texts are CloudStack's words. */
const texts = [
  ...filesIn('src')
    .filter((source) => !source.fileName.startsWith('src/simulator/'))
    .flatMap(textsOfSource),
  ...textsOfData(),
];
for (const { at, text } of texts) {
  for (const rule of rules)
    for (const { 0: found, index } of rule.inTexts ? text.matchAll(rule.inTexts) : [])
      if (!isAllowed(rule, text.slice(Math.max(0, index - 40), index + found.length + 40)))
        violations.push(`${at} "${found}": use ${rule.use}`);
  for (const { words, sentence } of longSentences(text.replace(/\n/g, '\n\n')))
    violations.push(`${at} ${words} words, at most ${maxWords}: "${sentence.slice(0, 60)}…"`);
}

for (const { allowed = {} } of vocabulary)
  for (const phrase of Object.keys(allowed))
    if (!usedAllowances.has(phrase)) violations.push(`scripts/vocabulary.ts: nothing needs the exception "${phrase}"`);

for (const violation of violations) process.stderr.write(`${violation}\n`);
if (violations.length) process.exitCode = 1;
else
  process.stdout.write(
    `vocabulary: names, prose and ${texts.length} texts keep to the ${vocabulary.length} entries of the list, sentences to ${maxWords} words\n`,
  );
