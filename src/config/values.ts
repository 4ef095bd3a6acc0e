import * as z from 'zod';

/** The longest delay of a timer in milliseconds: Node runs one that is set for longer at once (`setTimeout`, 2^31 − 1). */
const maxTimerMs = 2 ** 31 - 1;

/** Whether a URL may be sent what is secret: clear text only on this machine. */
export const isSafeUrl = (value: string): boolean => {
  if (!URL.canParse(value)) return false;
  const { protocol, hostname } = new URL(value);
  return protocol === 'https:' || (protocol === 'http:' && /^(localhost|127\.[\d.]+|\[::1\])$/.test(hostname));
};

/** A yes or a no, also as text. */
export const flag = z
  .stringbool({ truthy: ['true', '1', 'yes', 'on'], falsy: ['false', '0', 'no', 'off'] })
  .or(z.boolean());

/** A whole number, also as text. */
export const wholeNumber = (min = 0, max = Number.MAX_SAFE_INTEGER) => z.coerce.number().int().min(min).max(max);

/** A number of units of so many milliseconds, as long as a timer can wait. */
const duration = (unitMs: number) => (min: number, max: number) =>
  wholeNumber(min, Math.min(max, Math.floor(maxTimerMs / unitMs)));

/** A duration in milliseconds. */
export const milliseconds = (min = 0, max = Infinity) => duration(1)(min, max);
/** A duration in seconds. */
export const seconds = (min = 0, max = Infinity) => duration(1000)(min, max);
/** A duration in minutes. */
export const minutes = (min = 0, max = Infinity) => duration(60_000)(min, max);

/** One value or several; what is wrong is said as of the one form that was meant. */
export const oneOrMore = <T extends z.ZodType>(value: T) =>
  z
    .union([value, z.array(value).min(1)], {
      error: (issue) =>
        issue.code === 'invalid_union' ? issue.errors[Array.isArray(issue.input) ? 1 : 0]?.[0]?.message : undefined,
    })
    .transform((given) => [given].flat() as z.output<T>[]);

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;
