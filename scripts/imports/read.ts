import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import ts from 'typescript';

/** An import of a file, static or not, of a type or a value. */
export interface Import {
  /** As it is written: a relative path or a package. */
  specifier: string;
  /** The file from the root of the repository; undefined for a package. */
  file?: string | undefined;
  typeOnly: boolean;
  line: number;
}

/** Every TypeScript file of a folder, parsed. */
export const filesIn = (folder: string): ts.SourceFile[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .sort()
    .map((name) => join(folder, name))
    .map((file) => ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true));

/** The line of a node, from 1. */
export const lineOf = (source: ts.SourceFile, node: ts.Node): number =>
  source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;

const isTypeOnly = (node: ts.ImportDeclaration | ts.ExportDeclaration): boolean => {
  if (ts.isExportDeclaration(node)) return node.isTypeOnly;
  const clause = node.importClause;
  if (!clause) return false;
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const named = clause.namedBindings;
  return !clause.name && !!named && ts.isNamedImports(named) && named.elements.every((element) => element.isTypeOnly);
};

/** What a file imports. Throws for an import() whose file cannot be read from the code. */
export const importsOf = (source: ts.SourceFile): Import[] => {
  const found: Import[] = [];
  const add = (specifier: string, typeOnly: boolean, node: ts.Node): void => {
    const file = specifier.startsWith('.') ? normalize(join(dirname(source.fileName), specifier)) : undefined;
    found.push({ specifier, file, typeOnly, line: lineOf(source, node) });
  };
  const visit = (node: ts.Node): void => {
    if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier)
      add((node.moduleSpecifier as ts.StringLiteral).text, isTypeOnly(node), node);
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const [argument] = node.arguments;
      if (!argument || !ts.isStringLiteralLike(argument))
        throw new Error(`${source.fileName}:${lineOf(source, node)} import() of something that cannot be read here`);
      add(argument.text, false, node);
    }
    if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
      add((node.argument.literal as ts.StringLiteral).text, true, node);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
};
