/**
 * npm run imports: who may import whom in src, scripts and test, no circles anywhere, and a few habits that a reader
 * should be able to rely on. One line a violation; exits with 1 if there is one.
 */
import ts from 'typescript';
import { findCircles } from './imports/circles.ts';
import { filesIn, importsOf, lineOf, type Import } from './imports/read.ts';
import { brands, makers, table } from './imports/table.ts';

const maxLines = 400;

const violations: string[] = [];
const order = Object.keys(table);
const sources = { src: filesIn('src'), scripts: filesIn('scripts'), test: filesIn('test') };
const all = Object.values(sources).flat();
const imports = new Map(all.map((source) => [source.fileName, importsOf(source)]));

/** The place of a file: the longest name of the table that it lies in. Files of src are named from there. */
const placeOf = (file: string): string => {
  const path = file.replace(/^src\//, '');
  const places = order.filter((place) => path === place || path.startsWith(`${place}/`));
  return places.sort((a, b) => b.length - a.length)[0] ?? file;
};

const where = (source: ts.SourceFile, node: ts.Node): string => `${source.fileName}:${lineOf(source, node)}`;

/** An entry names a place, a folder or a file; `src` stands for all of it. */
const covers = (entry: string, file: string): boolean => {
  if (entry === 'src') return file.startsWith('src/');
  const path = file.replace(/^src\//, '');
  return entry === path || entry === placeOf(file);
};

const isAllowed = (from: string, file: string, typeOnly: boolean): boolean =>
  (table[from] ?? []).some(
    (entry) => covers(entry.replace(/^type /, ''), file) && (typeOnly || !entry.startsWith('type ')),
  );

const checkImport = (source: ts.SourceFile, from: string, { file, specifier, typeOnly, line }: Import): void => {
  const at = `${source.fileName}:${line}`;
  if (/^dist\//.test(file ?? specifier)) violations.push(`${at} imports ${specifier}: nothing imports the bundle`);
  if (file === undefined || placeOf(file) === from || isAllowed(from, file, typeOnly)) return;
  violations.push(`${at} ${from} may not import ${typeOnly ? 'types of ' : ''}${file}`);
};

const checkImports = (source: ts.SourceFile): void => {
  const from = placeOf(source.fileName);
  if (!order.includes(from))
    violations.push(`${source.fileName}:1 "${from}" is not in the table of scripts/imports/table.ts`);
  for (const one of imports.get(source.fileName)!) checkImport(source, from, one);
};

const checkCircles = (): void => {
  const graph = new Map([...imports].map(([file, found]) => [file, found.flatMap((one) => one.file ?? [])]));
  for (const circle of findCircles(graph)) violations.push(`${circle[0]}:1 imports itself, by ${circle.join(', ')}`);
};

const checkBrands = (source: ts.SourceFile): void => {
  const visit = (node: ts.Node): void => {
    if (ts.isAsExpression(node) || ts.isTypeAssertionExpression(node)) {
      const type = node.type.getText(source);
      const only = brands[type];
      if (only !== undefined && !source.fileName.startsWith(only))
        violations.push(`${where(source, node)} only ${only} makes values of the type ${type}`);
    }
    if (ts.isImportSpecifier(node)) {
      const only = makers[(node.propertyName ?? node.name).text];
      if (only !== undefined && !source.fileName.startsWith(only))
        violations.push(`${where(source, node)} only ${only} may use ${node.name.text}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
};

const isExported = (node: ts.Statement): boolean =>
  ts.canHaveModifiers(node) && !!ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);

const hasDocstring = (source: ts.SourceFile, node: ts.Node): boolean => {
  const last = ts.getLeadingCommentRanges(source.text, node.getFullStart())?.at(-1);
  if (!last || !source.text.startsWith('/**', last.pos)) return false;
  return /^\r?\n[ \t]*$/.test(source.text.slice(last.end, node.getStart(source)));
};

const checkDocstrings = (source: ts.SourceFile): void => {
  for (const node of source.statements) {
    if (!isExported(node) || hasDocstring(source, node)) continue;
    const names = ts.isVariableStatement(node)
      ? node.declarationList.declarations.map(({ name }) => name.getText(source)).join(', ')
      : (node as ts.DeclarationStatement).name?.getText(source);
    violations.push(`${where(source, node)} ${names ?? 'an export'} is exported without a sentence above it`);
  }
};

const checkLength = (source: ts.SourceFile): void => {
  const lines = source.text.trimEnd().split('\n').length;
  if (lines > maxLines)
    violations.push(`${source.fileName}:${maxLines + 1} has ${lines} lines: what is its second subject?`);
};

const checkTable = (): void => {
  for (const [from, entries] of Object.entries(table))
    for (const entry of entries) {
      const to = placeOf(entry.replace(/^type /, ''));
      if (to === 'src') continue;
      if (!order.includes(to)) violations.push(`the table: ${from} names ${to}, which is no place`);
      if (!entry.startsWith('type ') && order.indexOf(to) <= order.indexOf(from))
        violations.push(`the table: ${from} may not import values of ${to}, which does not stand below it`);
    }
};

for (const source of all) checkImports(source);
for (const source of sources.src) for (const check of [checkDocstrings, checkLength]) check(source);
for (const source of [...sources.src, ...sources.scripts]) checkBrands(source);
checkCircles();
checkTable();

for (const violation of violations) process.stdout.write(`${violation}\n`);
process.stdout.write(
  violations.length
    ? `${violations.length} violations of the import rule (scripts/imports/table.ts)\n`
    : `imports: ${sources.src.length} files of src, ${sources.scripts.length} of scripts and ${sources.test.length} of test keep to the table; no circles\n`,
);
if (violations.length) process.exitCode = 1;
