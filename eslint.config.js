import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
import regexp from 'eslint-plugin-regexp';
import tseslint from 'typescript-eslint';

const stdout = 'stdout is reserved for MCP frames: what a person reads goes through the Io of the command line.';

const environment = {
  object: 'process',
  property: 'env',
  message: 'Only src/main.ts reads the environment; everything else is given what it needs.',
};

/** The habits of this code that are no matter of types. Formatting is Prettier's. */
const shape = [
  { selector: 'ExportAllDeclaration', message: 'No barrels: import a thing from the file that has it.' },
  {
    selector: 'ExportNamedDeclaration[source][exportKind="value"]',
    message: 'No barrels: import a thing from the file that has it.',
  },
  {
    selector: 'ClassDeclaration:not([superClass.name=/Error$/])',
    message:
      'Classes are for errors; everything else is a plain value, a function, or a create… that closes over state.',
  },
  {
    selector:
      ':matches(TSInterfaceDeclaration, TSTypeAliasDeclaration, ClassDeclaration)[id.name=/.(Manager|Helper|Utils?|Service|Base|Impl)$/]',
    message: 'Name it after what it is; Manager, Helper, Util, Service, Base and Impl say nothing.',
  },
];

export default defineConfig(
  { ignores: ['dist/', 'coverage/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error', reportUnusedInlineConfigs: 'error' } },
  js.configs.recommended,
  tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: { allowDefaultProject: ['*.js'] }, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/consistent-type-exports': 'error',
      '@typescript-eslint/consistent-type-definitions': 'error',
      '@typescript-eslint/array-type': 'error',
      '@typescript-eslint/no-deprecated': [
        'error',
        {
          // The low-level Server and what it knows of an older client are meant: one server serves both protocol eras.
          allow: [
            {
              from: 'package',
              package: '@modelcontextprotocol/server',
              name: ['Server', 'getClientCapabilities', 'getClientVersion'],
            },
          ],
        },
      ],
      '@typescript-eslint/no-meaningless-void-operator': 'error',
      '@typescript-eslint/no-useless-default-assignment': 'error',
      '@typescript-eslint/only-throw-error': ['error', { allowThrowingUnknown: true, allowRethrowing: true }],
      '@typescript-eslint/prefer-promise-reject-errors': 'error',
      '@typescript-eslint/return-await': ['error', 'in-try-catch'],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/use-unknown-in-catch-callback-variable': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // Functions here close over their state and never use `this`, so that taking one from its object is safe.
      '@typescript-eslint/unbound-method': 'off',
      // What CloudStack says is unknown until it is printed, and String() is the honest way to print it.
      '@typescript-eslint/no-base-to-string': 'off',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true, allowNullish: true },
      ],
      eqeqeq: 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      'object-shorthand': 'error',
      'no-restricted-exports': [
        'error',
        {
          restrictDefaultExports: {
            direct: true,
            named: true,
            defaultFrom: true,
            namedFrom: true,
            namespaceFrom: true,
          },
        },
      ],
      'no-restricted-syntax': ['error', ...shape],
      'no-restricted-properties': ['error', environment],
    },
  },
  {
    files: ['src/**'],
    rules: {
      'max-lines': ['error', 400],
      'no-restricted-globals': ['error', { name: 'console', message: stdout }],
      'no-restricted-imports': [
        'error',
        { paths: [{ name: 'node:process', message: 'Take process from the global, so that its use can be checked.' }] },
      ],
      'no-restricted-properties': [
        'error',
        environment,
        { object: 'process', property: 'stdout', message: stdout },
        { object: 'process', property: 'exit', message: 'Return an exit status; only src/main.ts ends the process.' },
      ],
    },
  },
  {
    // What comes in may be long and made to be slow: no expression takes more than linear time.
    files: ['src/**'],
    plugins: { regexp },
    rules: {
      'regexp/no-super-linear-backtracking': ['error', { report: 'potential' }],
      'regexp/no-super-linear-move': ['error', { report: 'potential' }],
    },
  },
  { files: ['src/main.ts'], rules: { 'no-restricted-properties': 'off' } },
  // The simulator prints a world's fields into CloudStack's sentences; what a field holds, the seed and the call decide.
  { files: ['src/simulator/**'], rules: { '@typescript-eslint/restrict-template-expressions': 'off' } },
  { files: ['scripts/**'], rules: { 'max-lines': ['error', 400] } },
  {
    files: ['test/**'],
    rules: {
      // Tests reach into answers whose shape is the very thing they check.
      '@typescript-eslint/no-explicit-any': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  // What a tool reads is found by its default export.
  { files: ['*.config.{js,ts}'], rules: { 'no-restricted-exports': 'off' } },
  { files: ['*.js'], extends: [tseslint.configs.disableTypeChecked] },
);
