/** The habits of this code that are no matter of types, as rules of the linter. Formatting is oxfmt's. */

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

const noGuess = 'A test that waits for a time fails on a slow machine: wait for what shall be, with eventually.';
const ownTimeout = 'The time-outs of vitest.config.ts serve; a shorter one fails on a slow machine.';
const noSpeed =
  'Speed is measured by the bench alone. To show that a time-out was not waited for, compare with promptMs of eventually.ts.';
const afterAnswer = 'What a server counts may change after its answer has arrived: look at it within eventually.';

const isCallOf = (node, object, ...names) =>
  node.callee.type === 'MemberExpression' &&
  node.callee.object.name === object &&
  names.includes(node.callee.property.name);

const isRandom = (node) => node?.callee?.object?.name === 'Math' && node.callee.property.name === 'random';

/** `new Promise((resolve) => setTimeout(resolve, …))`, but for a moment by chance: what comes then must be as good at any. */
const isPause = ({ callee, arguments: [executor] }) => {
  const body = executor?.body?.type === 'BlockStatement' ? executor.body.body[0]?.expression : executor?.body;
  return (
    callee.name === 'Promise' &&
    body?.type === 'CallExpression' &&
    body.callee.name === 'setTimeout' &&
    body.arguments[0]?.name === executor.params[0]?.name &&
    !isRandom(body.arguments[1]?.left) &&
    !isRandom(body.arguments[1]?.right)
  );
};

/** `Date.now() - begun` compared with a number. */
const isTiming = ({ callee, arguments: [limit] }) =>
  /^toBeLess/.test(callee.property?.name) &&
  limit?.type === 'Literal' &&
  callee.object.arguments?.[0]?.type === 'BinaryExpression' &&
  callee.object.arguments[0].operator === '-' &&
  callee.object.arguments[0].left.callee?.property?.name === 'now';

const isWithin = (node, name) => {
  for (let at = node; at; at = at.parent) if (at.type === 'CallExpression' && at.callee.name === name) return true;
  return false;
};

const patientTests = rule((report) => ({
  NewExpression: (node) => {
    if (isPause(node)) report(node, noGuess);
  },
  CallExpression: (node) => {
    if (isCallOf(node, 'vi', 'waitFor', 'waitUntil') || isCallOf(node, 'expect', 'poll')) report(node, noGuess);
    if (node.callee.type === 'MemberExpression' && isTiming(node)) report(node, noSpeed);
    const [, body, timeout] = node.arguments;
    const isTest = /^(test|it)$/.test(node.callee.name ?? node.callee.callee?.object?.name);
    if (isTest && /Function/.test(body?.type) && timeout?.type === 'Literal') report(timeout, ownTimeout);
  },
  MemberExpression: (node) => {
    if (node.property.name !== 'mcp' || node.object.property?.name !== 'components') return;
    if (isWithin(node, 'expect') && !isWithin(node, 'eventually')) report(node, afterAnswer);
  },
}));

export default {
  meta: { name: 'shape' },
  rules: {
    'no-barrels': noBarrels,
    'no-default-export': noDefaultExport,
    'only-error-classes': onlyErrorClasses,
    'no-empty-names': noEmptyNames,
    'patient-tests': patientTests,
  },
};
