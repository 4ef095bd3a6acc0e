import { spellingKey } from '../catalog/names.ts';
import { CallError } from '../errors.ts';
import { parseExact, pruneJson } from '../json.ts';
import { limits } from '../limits.ts';
import { isNothing, readFlag, readList, readNumber } from '../read-values.ts';
import { isRecord } from '../rows.ts';
import { cutText } from '../text.ts';
import {
  after,
  flag,
  listOf,
  objectOf,
  oneOf,
  optional,
  readShape,
  text,
  whole,
  type ReadValue,
  type InputShape,
  type Shaped,
} from './shapes.ts';

/** JSON text as its value, with so much of what is too much that the path refuses it. */
const parse = (text: string): unknown => {
  try {
    return parseExact(pruneJson(text, { depth: limits.argumentDepth + 1, values: limits.values + 1 }));
  } catch {
    return undefined;
  }
};

/** A model may hand over nested values as JSON text. What is in it, the path looks at. */
const jsonObject: ReadValue<Record<string, unknown>> = (given, wrong) => {
  const value = typeof given === 'string' ? parse(given) : (given ?? {});
  if (isRecord(value)) return value;
  wrong('Invalid input: expected an object');
  return {};
};

/** A few texts. More than can be right are not looked at one by one. */
const textsOf = (value: unknown): unknown[] => readList(value, limits.fields).filter((one) => !isNothing(one));
const texts = after(textsOf, listOf(text(limits.field), limits.fields));
/** A whole number, also as text. */
const number = (min: number, max = Number.MAX_SAFE_INTEGER) => after(readNumber, whole(min, max));
const yes = after(readFlag, flag);
const scope = after((value) => (typeof value === 'string' ? value.trim().toLowerCase() : value), oneOf('own', 'all'));
const name = text(limits.toolName);
const run = {
  tool: name,
  arguments: optional(jsonObject),
  fields: optional(texts),
  profile: optional(name),
};
const paging = { page: optional(number(1)), pagesize: optional(number(1)) };
// Lists that show credentials are changes here, and have pages, too.
const change = {
  ...run,
  tool: optional(name),
  ...paging,
  wait: optional(number(0, 45)),
  calls: optional(
    after(
      (value) => (typeof value === 'string' ? parse(value) : value),
      listOf(objectOf({ tool: name, arguments: optional(jsonObject) }), limits.steps),
    ),
  ),
  mode: optional(oneOf('plan', 'run')),
  plan: optional(name),
  undo: optional(name),
};

/** The arguments of one tool: their names by any spelling, and how they are read. */
interface Input<T> {
  names: ReadonlyMap<string, string>;
  read: ReadValue<T>;
}

const toInput = <S extends InputShape>(shape: S): Input<Shaped<S>> => ({
  names: new Map(Object.keys(shape).map((one) => [spellingKey(one), one])),
  read: objectOf(shape),
});

const oneToTwenty: ReadValue<string[]> = (value, wrong) => {
  let isWrong = false;
  const read = texts(value, (...problem) => {
    isWrong = true;
    wrong(...problem);
  });
  return isWrong ? read : listOf(text(), 20, 1)(read, wrong);
};

/** What the tools of the compact list take. */
const inputs = {
  'find-tools': toInput({
    query: text(limits.query),
    toolset: optional(name),
    limit: optional(number(1, 50)),
  }),
  'describe-tools': toInput({
    tools: oneToTwenty,
    parameters: optional(texts),
    script: optional(yes),
  }),
  read: toInput({
    ...run,
    ...paging,
    fresh: optional(yes),
    scope: optional(scope),
    where: optional(text(limits.query)),
    sort: optional(texts),
    group: optional(texts),
    all: optional(yes),
    wait: optional(number(0, 45)),
  }),
  change: toInput(change),
  destroy: toInput(change),
  'wait-for-job': toInput({ job: name, profile: optional(name) }),
  diagnose: toInput({
    kind: name,
    id: name,
    question: optional(text(limits.query)),
    profile: optional(name),
  }),
  whoami: toInput({ profile: optional(name) }),
  'run-script': toInput({
    code: optional(text(limits.text)),
    name: optional(name),
    inputs: optional(jsonObject),
    mode: optional(oneOf('plan', 'run', 'dry-run')),
    profile: optional(name),
  }),
};

type Inputs = typeof inputs;
type InputOf<N extends keyof Inputs> = Inputs[N] extends Input<infer T> ? T : never;

/** Names that are read of a tool's arguments: more than any tool has, so that one that it lacks is among them. */
const maxKeys = 20;

/** Other words for an argument: cloudmonkey's. */
const otherNames: Readonly<Record<string, string>> = { filter: 'fields' };

/** What was given, under the tool's own names; null and empty texts count as not given. */
const toGiven = (known: ReadonlyMap<string, string>, args: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(args)
      // More names than the tool has are not read one by one.
      .slice(0, maxKeys)
      .filter(([, value]) => !isNothing(value))
      .map(([given, value]) => {
        const key = spellingKey(given.slice(0, limits.field));
        return [known.get(key) ?? known.get(otherNames[key] ?? '') ?? given, value];
      }),
  );

/** Reads a tool's arguments. Throws a CallError that names the problems. */
export const readInput = <N extends keyof Inputs>(tool: N, args: unknown): InputOf<N> => {
  const given = args ?? {};
  const { names, read } = inputs[tool] as Input<InputOf<N>>;
  const found = readShape(read, isRecord(given) ? toGiven(names, given) : given, limits.problems);
  if (!('problems' in found)) return found.data;
  const problems = found.problems.map((problem) => cutText(problem, limits.key));
  throw new CallError(
    'invalid',
    `${tool}: ${problems.join('; ')}.`,
    "The command's own parameters go into `arguments`. Nothing was sent.",
  );
};
