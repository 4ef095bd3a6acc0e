/**
 * npm run imports: who may import whom, and a few habits that a reader should be able to rely on. One line a violation;
 * exits with 1 if there is one.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import ts from 'typescript';
import { brands, exceptions, table } from './imports/table.ts';

const longest = 400;

const violations: string[] = [];
const usedExceptions = new Set<string>();
const order = Object.keys(table);

const placeOf = (file: string): string => {
  const [first = '', ...rest] = file.replace(/^src\//, '').split('/');
  return rest.length || order.includes(first) ? first : file;
};

interface Import {
  to: string;
  typeOnly: boolean;
  at: ts.Node;
}

const isTypeOnly = (node: ts.ImportDeclaration | ts.ExportDeclaration): boolean => {
  if (ts.isExportDeclaration(node)) return node.isTypeOnly;
  const clause = node.importClause;
  if (!clause) return false;
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const named = clause.namedBindings;
  return !clause.name && !!named && ts.isNamedImports(named) && named.elements.every((element) => element.isTypeOnly);
};

const importsOf = (source: ts.SourceFile): Import[] => {
  const found: Import[] = [];
  const visit = (node: ts.Node): void => {
    if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier)
      found.push({ to: (node.moduleSpecifier as ts.StringLiteral).text, typeOnly: isTypeOnly(node), at: node });
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const [argument] = node.arguments;
      if (argument && ts.isStringLiteralLike(argument)) found.push({ to: argument.text, typeOnly: false, at: node });
      else violations.push(`${where(source, node)} import() of something that cannot be read here`);
    }
    if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
      found.push({ to: (node.argument.literal as ts.StringLiteral).text, typeOnly: true, at: node });
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
};

const where = (source: ts.SourceFile, node: ts.Node): string =>
  `${source.fileName}:${source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1}`;

const isAllowed = (from: string, to: string, typeOnly: boolean): boolean =>
  (table[from] ?? []).some((entry) => {
    const target = entry.replace(/^type /, '');
    return (target === to || target === placeOf(to)) && (typeOnly || target === entry);
  });

const checkImports = (source: ts.SourceFile): void => {
  const from = placeOf(source.fileName);
  if (!order.includes(from))
    violations.push(`${source.fileName}:1 "${from}" is not in the table of scripts/imports/table.ts`);
  for (const { to, typeOnly, at } of importsOf(source)) {
    if (!to.startsWith('.')) continue;
    const file = normalize(join(dirname(source.fileName), to));
    if (!file.startsWith('src/')) {
      violations.push(`${where(source, at)} imports ${file}: src imports nothing from outside src`);
      continue;
    }
    const target = file.slice('src/'.length);
    if (placeOf(target) === from || isAllowed(from, target, typeOnly)) continue;
    const exception = `${from} → ${placeOf(target)}`;
    if (exception in exceptions) usedExceptions.add(exception);
    else violations.push(`${where(source, at)} ${from} may not import ${typeOnly ? 'types of ' : ''}${target}`);
  }
};

const checkCasts = (source: ts.SourceFile): void => {
  const visit = (node: ts.Node): void => {
    if (ts.isAsExpression(node) || ts.isTypeAssertionExpression(node)) {
      const type = node.type.getText(source);
      const only = brands[type];
      if (only !== undefined && !source.fileName.startsWith(only))
        violations.push(`${where(source, node)} only ${only} makes values of the type ${type}`);
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
  if (lines > longest)
    violations.push(`${source.fileName}:${longest + 1} has ${lines} lines: what is its second subject?`);
};

/** Neither the bundle nor the tests are material for anything else. */
const checkOutside = (source: ts.SourceFile): void => {
  const closed = source.fileName.startsWith('test/') ? /^dist\// : /^(dist|test)\//;
  for (const { to, at } of importsOf(source)) {
    const file = to.startsWith('.') ? normalize(join(dirname(source.fileName), to)) : to;
    if (closed.test(file)) violations.push(`${where(source, at)} imports ${file}: nothing imports from dist or test`);
  }
};

const checkTable = (): void => {
  for (const [from, entries] of Object.entries(table))
    for (const entry of entries) {
      const to = placeOf(entry.replace(/^type /, ''));
      if (!order.includes(to)) violations.push(`the table: ${from} names ${to}, which is no place`);
      if (!entry.startsWith('type ') && order.indexOf(to) <= order.indexOf(from))
        violations.push(`the table: ${from} may not import values of ${to}, which does not stand below it`);
    }
  for (const exception of Object.keys(exceptions))
    if (!usedExceptions.has(exception)) violations.push(`the exceptions: ${exception} is no longer needed`);
};

const filesIn = (folder: string): ts.SourceFile[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .sort()
    .map((name) => join(folder, name))
    .map((file) => ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true));

const sources = filesIn('src');
for (const source of sources)
  for (const check of [checkImports, checkCasts, checkDocstrings, checkLength]) check(source);
for (const source of [...filesIn('scripts'), ...filesIn('test')]) {
  checkOutside(source);
  if (source.fileName.startsWith('scripts/')) checkCasts(source);
}
checkTable();

for (const violation of violations) process.stdout.write(`${violation}\n`);
process.stdout.write(
  violations.length
    ? `${violations.length} violations of the import rule (scripts/imports/table.ts)\n`
    : `imports: ${sources.length} files of src keep to the table\n`,
);
if (violations.length) process.exitCode = 1;
