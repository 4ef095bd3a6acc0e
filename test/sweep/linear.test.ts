import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import ts from 'typescript';
import { createCollector } from '../../src/ask/collect.ts';
import { readExpression } from '../../src/ask/expression.ts';
import { readQuery } from '../../src/ask/query.ts';
import { splitQuery } from '../../src/ask/cloud-filters.ts';
import { maskParams, scrubText } from '../../src/audit/scrub.ts';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { argumentCandidates, beginningWith, toolCandidates } from '../../src/complete/candidates.ts';
import { loadPlans } from '../../src/diagnose/plans.ts';
import { symptomsIn, toVerdict } from '../../src/diagnose/verdict.ts';
import { createSearch } from '../../src/search/search.ts';
import { classify } from '../../src/cloudstack/classify.ts';
import { openEnvelope } from '../../src/cloudstack/envelope.ts';
import { readRetryAfter } from '../../src/cloudstack/retry-after.ts';
import { renderHint } from '../../src/hints.ts';
import { readInput } from '../../src/mcp/input.ts';
import { showItem } from '../../src/present/item.ts';
import { showList } from '../../src/present/list.ts';
import { parseExact } from '../../src/json.ts';
import { readMap } from '../../src/read-values.ts';
import { listSecrets, maskSecrets } from '../../src/secrets/mask.ts';
import { scrubSecrets } from '../../src/secrets/scrub.ts';
import { toLine } from '../../src/text.ts';
import { findProblems } from '../../src/validate/check.ts';
import { readFields } from '../../src/validate/fields.ts';
import { problemWith } from '../../src/validate/formats.ts';
import { readLeniently } from '../../src/validate/lenient.ts';

// Every function that reads a text takes time by its length, whatever stands in it: on 100 KB of each pair of kinds of
// characters, alternating and one after the other.

const kinds = ['a', 'Z', '7', ' ', '\n', '-', '.', ':', '/', '://', '@', '=', '&', '"', '\\', '[', '{', '<', 'é', '🙂'];

/** So many characters of two kinds: one after the other in turn, and all of one before all of the other. */
const makers = kinds.flatMap((a, first) =>
  kinds.flatMap((b, second) => [
    (length: number): string => a.repeat(length / 2 / a.length) + b.repeat(length / 2 / b.length),
    // In turn, which of the two begins makes no difference.
    ...(first <= second ? [(length: number): string => (a + b).repeat(length / (a.length + b.length))] : []),
  ]),
);
const size = 100_000;

/**
 * Milliseconds of processor time; how busy the machine is does not count. What takes less than `minMillis` by the clock, takes no
 * more of the processor: the system is not asked again, which takes longer than many a function.
 */
const timeOf = (run: () => unknown, minMillis = 0): number => {
  const begun = performance.now();
  const { user, system } = process.cpuUsage();
  try {
    // One that begins something ends it later, as it likes.
    void Promise.resolve(run()).catch(() => undefined);
  } catch {
    // Refused, which is as good as any other end.
  }
  const passed = performance.now() - begun;
  if (passed < minMillis) return passed;
  const used = process.cpuUsage({ user, system });
  return (used.user + used.system) / 1000;
};

/** A square of 100,000 takes seconds; what takes less milliseconds than this needs no second look. */
const quick = 150;
/**
 * Texts are tried at these parts of their length first: what takes `quick` at the whole by a square, takes 1/64 of it at an
 * eighth. What is quicker than that at one of them is not tried longer.
 */
const parts = [8, 4, 2] as const;
/** Of so many texts, one is whole at once: for what takes another path where a text is long. */
const wholeEvery = 16;

// Every function is given the same texts: those that all are given are made once.
const texts = makers.map((make, at) => make(at % wholeEvery === 0 ? size : size / parts[0]));

/** The text of which a function takes more than twice as long when it is twice as long. */
const worstOf = (run: (text: string) => unknown): string | undefined => {
  // What takes the same time at each length is slow at a part, too: the whole at once takes less.
  let isFlat = false;
  for (const [at, make] of makers.entries()) {
    const isWhole = at % wholeEvery === 0 || isFlat;
    let last = 0;
    const isQuick = (part: number): boolean => {
      const one = part === parts[0] ? texts[at]! : make(size / part);
      const maxMillis = quick / part ** 2;
      last = timeOf(() => run(one), maxMillis);
      return last < maxMillis;
    };
    if (!isWhole && parts.some(isQuick)) continue;
    const text = at % wholeEvery === 0 ? texts[at]! : make(size);
    const once = timeOf(() => run(text));
    isFlat ||= last > 0 && once < quick && once < 1.5 * last;
    if (once < quick) continue;
    const least = (one: string): number => Math.min(...[1, 2, 3, 4].map(() => timeOf(() => run(one))));
    const [whole, half] = [least(text), least(make(size / 2))];
    if (whole > quick && whole > 3 * half)
      return `${JSON.stringify(text.slice(0, 12))} … ${JSON.stringify(text.slice(-6))}: ${half} ms, ${whole} ms`;
  }
  return undefined;
};

test('what takes time by the square of its text is found', () => {
  const squares: Record<string, (text: string) => unknown> = {
    // Of a part of the text: the whole would take seconds. Both take twice what needs a second look, or they would be found late.
    'backtracking at spaces': (text) => /\s+$/.test(`${text.slice(0, text.length / 4)}x`),
    'a look at all that follows each place': (text) => {
      for (let at = 0; at < text.length; at += 100) text.slice(at).split('').reverse();
    },
  };
  expect(Object.keys(squares).filter((name) => worstOf(squares[name]!) === undefined)).toEqual([]);
});

const deploy = loadCatalog().find('deployVirtualMachine')!;

const machines = loadCatalog().find('listVirtualMachines')!.command;
/** One of each type, and those whose texts are looked at more closely. */
const parameters = deploy.command.params.filter(
  ({ name, type }, at, all) =>
    all.findIndex((other) => other.type === type) === at || ['ipaddress', 'macaddress', 'zoneid'].includes(name),
);
const search = createSearch(loadCatalog());
const settings = { wait: 1, questionTimeout: 1, budget: 12_000, pageSizeLimit: 500 };
const list = { kind: undefined, budget: 12_000, filters: [] };
const page = { page: 1, count: 1, isAtLeast: false, next: undefined };

/** Functions that take a text within something else. */
const within: Record<string, (text: string) => unknown> = {
  maskSecrets: (text) => maskSecrets({ a: text, b: [{ name: text, value: text }] }),
  listSecrets: (text) => listSecrets({ a: text, password: text }),
  'scrubSecrets, as a secret': (text) => scrubSecrets(text, [text, text.slice(0, 3), text.slice(0, 20)]),
  maskParams: (text) => maskParams({ a: text, [text]: 1 }),
  scrubText: (text) => scrubText(text, { a: text, password: text.slice(0, 100) }),
  showItem: (text) => showItem({ id: 'x', a: text }, 12_000),
  showList: (text) => showList({ ...page, rows: [{ id: 'x', a: text }] }, ['id', 'a'], list),
  openEnvelope: (text) => openEnvelope('listZones', { status: 200, headers: {}, body: text }),
  'openEnvelope, an error': (text) =>
    openEnvelope('listZones', {
      status: 431,
      headers: {},
      body: JSON.stringify({ x: { errorcode: 431, errortext: text } }),
    }),
  classify: (text) => classify('listZones', { code: 431, text }),
  readRetryAfter: (text) => readRetryAfter({ status: 503, headers: { 'retry-after': text }, body: text }),
  'renderHint, of one step to a person': (text) => renderHint(`[[${text}]]`, 'person'),
  readQuery: (text) =>
    readQuery(
      machines,
      { where: text, sort: [text, `-${text}`], group: [text, `sum(${text})`, `count > ${text}`] },
      (name) => ({ name }),
    ),
  'readQuery, of texts and names': (text) =>
    readQuery(machines, { where: `name = ${JSON.stringify(text)}`, sort: [text.slice(0, 60)] }, (name) => ({ name })),
  'splitQuery, with a text that the cloud may look for': (text) =>
    splitQuery(machines, { where: readExpression(`name = ${JSON.stringify(text)}`, () => true), sort: [] }, () => true),
  'what is asked over rows': (text) => {
    const fields = ['name', 'tags', 'details.k'];
    const where = readExpression(
      fields.map((one) => `${one} = "x" or ${one} contains "x" or ${one} < "m" or ${one} * 2 > 1`).join(' or '),
      (word) => fields.includes(word),
    );
    const rows = [text, `${text}x`].map((value, id) => ({
      id,
      name: value,
      tags: [{ key: value, value }],
      details: { k: value },
    }));
    const sort = fields.map((field) => ({ field, descending: false }));
    const totals = fields.flatMap((field) =>
      (['sum', 'min', 'max', 'distinct'] as const).map((by) => ({ by, field, name: `${by}(${field})` })),
    );
    for (const query of [
      { where, sort },
      { sort: [], group: { keys: ['name', 'tags'], totals, having: [] } },
    ]) {
      const collector = createCollector(query, 1);
      collector.add(rows);
      collector.result();
    }
  },
  beginningWith: (text) => beginningWith([{ value: text, about: text }], text.slice(0, -1)),
  'argumentCandidates, of a list': (text) =>
    void argumentCandidates(deploy.command, { name: 'networkids', typed: text, args: { [text]: text } }, () =>
      Promise.resolve([text]),
    ),
  toolCandidates: (text) => toolCandidates(loadCatalog(), text),
  'a verdict of what was read': (whole) => {
    const [plan] = loadPlans();
    const text = whole.slice(0, 20_000);
    const rows = [{ id: text, name: text, state: text, created: text, type: text, description: text }];
    const names = [...plan!.reads, ...plan!.picks].map(({ as, single }) => [as, single ? rows[0] : rows] as const);
    const facts = { id: text, ...Object.fromEntries(names) };
    toVerdict(plan!, symptomsIn(plan!, text.slice(0, 1000)), { facts, sources: new Map(), unseen: [], requests: 1 });
  },
  'catalog.find': (text) => loadCatalog().find(text),
  'catalog.nearest': (text) => loadCatalog().nearest(text),
  search: (text) => search(text, { limit: 10 }),
  'readInput of find-tools': (text) => readInput('find-tools', { query: text, [text]: text }),
  'readInput of read': (text) => readInput('read', { tool: text, arguments: text, fields: text, page: text }),
  parseExact: (text) => parseExact(JSON.stringify([text, Number.MAX_VALUE])),
  readMap,
  readFields: (text) => readFields(deploy.command, text, undefined),
  'readInput of describe-tools': (text) => readInput('describe-tools', { tools: text }),
  readLeniently: (text) =>
    readLeniently(deploy, { ...Object.fromEntries(parameters.map(({ name }) => [name, text])), [text]: text }),
  findProblems: (text) =>
    findProblems(deploy.command, { [text]: text, name: text, zoneid: text, networkids: [text] }, settings),
  problemWith: (text) => parameters.map((parameter) => problemWith(deploy.command, parameter, text, true)),
};

test.each(Object.entries(within))('%s', (_name, run) => {
  expect(worstOf(run)).toBeUndefined();
});

/** Files and places whose texts nobody but the operator gives. */
const trusted: Readonly<Record<string, string>> = {
  'src/data.ts': 'names of our own files',
  'src/folder.ts': 'a path',
  'src/catalog/releases.ts': 'releases of the catalog, and the one that the cloud tells',
  'src/cloudstack/wait.ts': 'waits; its value is passed on',
  'src/simulator/': 'stands in for a cloud in tests and rehearsals; nobody else reaches it',
  'src/config/': 'the configuration and the environment',
  'src/store/connection.ts': 'errors of a library',
  'src/guard/approvals.ts': 'a folder',
  'src/audit/find-receipt.ts': 'paths from the configuration',
  'src/audit/receipt.ts#writeReceipt': 'lines of our own audit log, joined and signed',
  'src/guard/counts.ts': 'a folder',
  'src/guard/roles.ts#checkRole': 'a role from the configuration',
  'src/plan/plans.ts': 'a folder',
  'src/plan/look-ahead.ts': 'the seed of a plan, which this program made',
  'src/mcp/direct.ts#listDirectTools': 'a setting',
  'src/cloudstack/pool.ts': 'an address from the configuration',
  'src/cloudstack/jobs.ts': 'waits; the text is passed on',
  'src/page/': 'runs in the browser of one person',
  'src/audit/chained-file.ts': 'a path',
  'src/audit/claim.ts': 'a path',
  'src/audit/files.ts': 'a path',
  'src/audit/find-link.ts': 'a setting',
  'src/audit/head.ts': 'a path',
  'src/audit/ledger.ts': 'a path',
  'src/audit/open-file.ts': 'a path',
  'src/audit/recover.ts': 'a path',
  'src/audit/tail.ts': 'a path',
  'src/audit/targets.ts': 'a setting',
  'src/audit/verify.ts': 'a path',
  'src/setup/': 'the files and the variables of the person who sets the program up',
  // Questions and help are broken into lines there (wrap), and both have a length.
  'src/cli/': 'what a person types at a terminal, and how it is printed there',
};
const isTrusted = (name: string): boolean =>
  !/^src\/cli\/width\.ts#(cut|pad|widthOf)$/.test(name) && Object.keys(trusted).some((place) => name.startsWith(place));

interface Found {
  file: string;
  name: string;
  /** What else it wants, as types. */
  others: string[];
}

const takesText = /^(string|unknown|T|(readonly )?string\[\])( \| undefined)?$/;

/** Every exported function whose first argument is a text, or may be one. */
const discover = (): Found[] => {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join('src', name));
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile('tsconfig.json', ts.sys.readFile).config,
    ts.sys,
    '.',
  );
  const program = ts.createProgram(files, options);
  const checker = program.getTypeChecker();
  return files.flatMap((file) => {
    const module = checker.getSymbolAtLocation(program.getSourceFile(file)!);
    return (module ? checker.getExportsOfModule(module) : []).flatMap((symbol): Found[] => {
      if (!(symbol.flags & ts.SymbolFlags.Value)) return [];
      const [signature] = checker.getTypeOfSymbol(symbol).getCallSignatures();
      const [first, ...others] = (signature?.getParameters() ?? []).map((one) =>
        checker.typeToString(checker.getTypeOfSymbol(one)),
      );
      return first !== undefined && takesText.test(first) ? [{ file, name: symbol.name, others }] : [];
    });
  });
};

/** Values for the arguments after the first. */
const fill: Readonly<Record<string, (text: string) => unknown>> = {
  string: (text) => text,
  number: () => 60,
  boolean: () => true,
  'readonly string[]': (text) => [text],
  'Record<string, string>': (text) => ({ a: text }),
  'ReadonlyMap<string, string>': (text) => new Map([[text, text]]),
  Request: () => new Request('http://localhost/'),
  'Readonly<Record<string, string>>': (text) => ({ a: text }),
  'Readonly<Record<string, unknown>>': (text) => ({ a: text }),
  '(Readonly<Record<string, unknown>> | undefined)[]': (text) => ({ a: text }),
  Link: () => ({ seq: 1, prev: '', hash: '' }),
  Report: () => () => undefined,
  AuditEntry: (text) => ({ command: text, result: 'done' }),
  CopiedEntry: (text) => ({ command: text, result: 'done' }),
  Failure: (text) => ({ code: 431, text }),
  HttpResponse: (text) => ({ status: 200, headers: {}, body: text }),
  Secret: (text) => ({ apiKey: text, secretKey: text }),
  Policy: () => ({ name: 'operator', rules: [], actions: {} }),
  Reader: () => 'model',
  Reasons: (text) => ({ score: 1, phrasing: text, similarity: 1 }),
  Tool: () => deploy,
  AbortSignal: () => AbortSignal.abort(),
  unknown: (text) => [{ name: text }],
  'readonly unknown[]': (text) => [{ name: text }],
  Expression: (text) => readExpression(`name = ${JSON.stringify(text)}`, () => true),
  Cloud: () => ({ catalog: loadCatalog(), account: () => Promise.resolve(undefined) }),
  ListRows: () => () => Promise.resolve([]),
  '(message: string, path?: Path | undefined) => void': () => () => undefined,
  'string[]': () => [],
  '(name: string) => string': () => (name: string) => name,
  '(field: string, value: Literal) => Literal': () => (_field: string, value: unknown) => value,
  Literal: (text) => ({ text, number: 1, isSize: true }),
  '(text: string) => string': () => toLine,
  '(inner: unknown, name: string) => unknown': () => (inner: unknown) => inner,
  '(word: string) => boolean': () => () => true,
  '((inner: string) => boolean)': () => () => true,
  '(at: number) => readonly unknown[]': (text) => () => [text],
  '(last: string) => Completion[] | Promise<Completion[]>': (text) => () => [{ value: text, about: text }],
  'Readonly<Record<string, string | undefined>>': (text) => ({ CLOUDSTACK_API_URL: text, CLOUDSTACK_DOMAIN: text }),
  PreparedOpening: () => ({ initialize: {}, list: '', stateless: {}, settings: {} }),
};
const valueFor = (type: string): ((text: string) => unknown) | undefined =>
  fill[type.replace(/ \| undefined$/, '')] ?? (type.startsWith('{') ? () => ({}) : undefined);

describe('every exported function whose first argument is a text', () => {
  let found: Found[] = [];
  beforeAll(() => {
    found = discover();
  });

  test('is called here, or given its texts by the operator only', () => {
    expect(found.length).toBeGreaterThan(60);
    const names = found.map(({ file, name }) => `${file}#${name}`);
    const unreachable = found
      .filter(({ file, name, others }) => !isTrusted(`${file}#${name}`) && others.some((type) => !valueFor(type)))
      .map(({ file, name, others }) => `${file}#${name} (${others.join('; ')})`);
    expect(unreachable).toEqual([]);
    expect(Object.keys(trusted).filter((place) => !names.some((name) => name.startsWith(place)))).toEqual([]);
  });

  test('takes time by the length of its text', async () => {
    const slow: string[] = [];
    for (const { file, name, others } of found) {
      if (isTrusted(`${file}#${name}`)) continue;
      const module = await vi.importActual<Record<string, (...args: unknown[]) => unknown>>(resolve(file));
      const values = others.map((type) => valueFor(type)!);
      const worst = worstOf((text) => module[name]!(text, ...values.map((value) => value(text))));
      if (worst !== undefined) slow.push(`${file}#${name}: ${worst}`);
    }
    expect(slow).toEqual([]);
  });
});
