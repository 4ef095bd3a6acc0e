/** The texts that users read on a screen, for `npm run vocabulary`: those of src and of the data files, each with its place. */
import { readFileSync } from 'node:fs';
import ts from 'typescript';

/** A text with its place. */
export interface PlacedText {
  at: string;
  text: string;
}

/** More than one word, with a small letter: a text, not a name, a query or a style. */
const isText = (text: string): boolean => /[a-z]{2,},? [a-z0-9"{]/i.test(text);

/** Files of src with long literals that are no texts for people: shell code, and the words that the search leaves out. */
const withoutTexts = new Set(['src/cli/completion-scripts.ts', 'src/search/words.ts']);

/** The texts of a source file; what is put in when the program runs counts as one word. */
export const textsOfSource = (source: ts.SourceFile): PlacedText[] => {
  const found: PlacedText[] = [];
  if (withoutTexts.has(source.fileName)) return found;
  const add = (node: ts.Node, text: string): void => {
    const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
    if (isText(text)) found.push({ at: `${source.fileName}:${line}`, text });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isTemplateExpression(node)) {
      const literals = [node.head, ...node.templateSpans.map((span) => span.literal)];
      add(node, literals.map((literal) => literal.text).join('{}'));
    } else if (ts.isStringLiteralLike(node) || ts.isJsxText(node)) add(node, node.text);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
};

/** Data files with texts of our own, and the keys of them that hold something else. */
const files = [
  'connection-problems',
  'diagnoses',
  'empty-lists',
  'errors',
  'hints',
  'hosts',
  'inverses',
  'leads',
  'list-scopes',
  'needless',
  'parameter-risks',
  'plans',
  'prompts',
  'risk-review',
  'risks',
  'side-effects',
  'skills',
  'texts',
  'toolsets',
];
const noTexts = new Set(['match', 'when', 'where', 'parameters', 'commands', 'question', 'words', 'inverse', 'empty']);

/** The texts of the data files. */
export const textsOfData = (): PlacedText[] =>
  files.flatMap((name) => {
    const path = `data/${name}.json`;
    const found: PlacedText[] = [];
    const visit = (value: unknown, key: string): void => {
      if (typeof value === 'string') {
        if (isText(value)) found.push({ at: `${path} ${key}`, text: value });
      } else if (Array.isArray(value)) for (const each of value) visit(each, key);
      else if (typeof value === 'object' && value !== null)
        for (const [name, each] of Object.entries(value))
          if (name !== 'texts' && !(noTexts.has(name) && key !== '')) visit(each, name);
    };
    visit(JSON.parse(readFileSync(path, 'utf8')), '');
    return found;
  });
