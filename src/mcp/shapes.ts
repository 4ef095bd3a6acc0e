/** Where a value stands: names and indexes. */
type Path = readonly (string | number)[];

/** Reads a value, or notes what is wrong with it; what it then gives is not used. */
export type ReadValue<T> = (value: unknown, wrong: (message: string, path?: Path) => void) => T;

/** A read of what may be left out. */
interface Optional<T> {
  optional: ReadValue<T>;
}

/** What an object holds, by name. */
export type InputShape = Readonly<Record<string, ReadValue<unknown> | Optional<unknown>>>;

/** An object as its shape reads it. */
export type Shaped<S extends InputShape> = {
  [N in keyof S as S[N] extends ReadValue<unknown> ? N : never]: S[N] extends ReadValue<infer T> ? T : never;
} & {
  [N in keyof S as S[N] extends ReadValue<unknown> ? never : N]?: S[N] extends Optional<infer T> ? T : never;
};

const nameOf = (value: unknown): string => {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : typeof value;
};

const expected = (what: string, value: unknown): string => `Invalid input: expected ${what}, received ${nameOf(value)}`;

/** A text of at most so many characters. */
export const text =
  (max = Infinity): ReadValue<string> =>
  (value, wrong) => {
    if (typeof value !== 'string') wrong(expected('string', value));
    else if (value.length > max) wrong(`Too big: expected string to have <=${max} characters`);
    return value as string;
  };

/** A yes or a no. */
export const flag: ReadValue<boolean> = (value, wrong) => {
  if (typeof value !== 'boolean') wrong(expected('boolean', value));
  return value as boolean;
};

/** A whole number within bounds. */
export const whole =
  (min: number, max: number): ReadValue<number> =>
  (value, wrong) => {
    if (typeof value !== 'number' || !Number.isFinite(value)) wrong(expected('number', value));
    else if (!Number.isInteger(value)) wrong(expected('int', value));
    else {
      const { MIN_SAFE_INTEGER: smallest, MAX_SAFE_INTEGER: largest } = Number;
      if (value > largest) wrong(`Too big: expected int to be <=${largest}`);
      if (value < smallest) wrong(`Too small: expected int to be >=${smallest}`);
      if (value < min) wrong(`Too small: expected number to be >=${min}`);
      if (value > max) wrong(`Too big: expected number to be <=${max}`);
    }
    return value as number;
  };

/** One of a few words. */
export const oneOf =
  <const W extends string>(...words: W[]): ReadValue<W> =>
  (value, wrong) => {
    if (!words.includes(value as W))
      wrong(`Invalid option: expected one of ${words.map((word) => `"${word}"`).join('|')}`);
    return value as W;
  };

/** A list of between so many values. */
export const listOf =
  <T>(read: ReadValue<T>, max: number, min = 0): ReadValue<T[]> =>
  (value, wrong) => {
    if (!Array.isArray(value)) {
      wrong(expected('array', value));
      return [];
    }
    if (value.length < min) wrong(`Too small: expected array to have >=${min} items`);
    // More than can be right are not looked at one by one.
    if (value.length > max) {
      wrong(`Too big: expected array to have <=${max} items`);
      return [];
    }
    return (value as unknown[]).map((one, at) => read(one, (message, path = []) => wrong(message, [at, ...path])));
  };

/** What was made of a value first. */
export const after =
  <T>(prepare: (value: unknown) => unknown, read: ReadValue<T>): ReadValue<T> =>
  (value, wrong) =>
    read(prepare(value), wrong);

/** What may be left out. */
export const optional = <T>(read: ReadValue<T>): Optional<T> => ({ optional: read });

/** An object of this shape and nothing else. */
export const objectOf =
  <S extends InputShape>(shape: S): ReadValue<Shaped<S>> =>
  (value, wrong) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      wrong(expected('object', value));
      return {} as Shaped<S>;
    }
    const given = value as Record<string, unknown>;
    const read: Record<string, unknown> = {};
    for (const name in shape) {
      const part = shape[name]!;
      const one = Object.hasOwn(given, name) ? given[name] : undefined;
      if (typeof part === 'function') read[name] = part(one, (message, path = []) => wrong(message, [name, ...path]));
      else if (one !== undefined)
        read[name] = part.optional(one, (message, path = []) => wrong(message, [name, ...path]));
    }
    const others = Object.keys(given).filter((name) => !Object.hasOwn(shape, name));
    if (others.length)
      wrong(`Unrecognized key${others.length > 1 ? 's' : ''}: ${others.map((name) => `"${name}"`).join(', ')}`);
    return read as Shaped<S>;
  };

/** What `read` makes of a value, or what is wrong with it: at most so many problems. */
export const readShape = <T>(read: ReadValue<T>, value: unknown, max: number): { data: T } | { problems: string[] } => {
  const problems: string[] = [];
  const data = read(value, (message, path = []) => {
    if (problems.length < max) problems.push(path.length ? `${path.join('.')}: ${message}` : message);
  });
  return problems.length ? { problems } : { data };
};
