/** The habits of this code that are no matter of types, as rules of the linter. Formatting is Prettier's. */

const barrel = 'No barrels: import a thing from the file that has it.';
const byName = 'No default export: what is exported has a name, by which it is found.';
const errorsOnly =
  'Classes are for errors; everything else is a plain value, a function, or a create… that closes over state.';
const saysNothing = 'Name it after what it is; Manager, Helper, Util, Service, Base and Impl say nothing.';

const rule = (visitors) => ({ create: (context) => visitors((node, message) => context.report({ node, message })) });

const noBarrels = rule((report) => ({
  ExportAllDeclaration: (node) => report(node, barrel),
  ExportNamedDeclaration: (node) => {
    if (node.source && node.exportKind !== 'type') report(node, barrel);
  },
}));

const noDefaultExport = rule((report) => ({
  ExportDefaultDeclaration: (node) => report(node, byName),
  ExportSpecifier: (node) => {
    if ((node.exported.name ?? node.exported.value) === 'default') report(node, byName);
  },
}));

const onlyErrorClasses = rule((report) => ({
  ClassDeclaration: (node) => {
    if (!node.superClass?.name?.endsWith('Error')) report(node, errorsOnly);
  },
}));

const noEmptyNames = rule((report) => {
  const check = (node) => {
    if (/.(?:Manager|Helper|Utils?|Service|Base|Impl)$/.test(node.id?.name ?? '')) report(node, saysNothing);
  };
  return { TSInterfaceDeclaration: check, TSTypeAliasDeclaration: check, ClassDeclaration: check };
});

export default {
  meta: { name: 'shape' },
  rules: {
    'no-barrels': noBarrels,
    'no-default-export': noDefaultExport,
    'only-error-classes': onlyErrorClasses,
    'no-empty-names': noEmptyNames,
  },
};
