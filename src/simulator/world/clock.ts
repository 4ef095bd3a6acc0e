/** Time as the simulator sees it, in milliseconds; tests put their own in. */
export interface Clock {
  now(): number;
  sleep(ms: number): Promise<void>;
}

/** The machine's own clock. */
export const realClock: Clock = {
  now: () => Date.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};

/** CloudStack's way of writing a moment: `2024-01-31T12:34:56+0000`. */
export const formatDate = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}+0000`;

/** Milliseconds of a date in one of CloudStack's three formats; a date alone means its first or last second. */
export const parseDate = (text: string, end = false): number | undefined => {
  const plain = /^(\d{4}-\d\d-\d\d)$/.exec(text);
  if (plain) return valid(Date.parse(`${plain[1]}T${end ? '23:59:59' : '00:00:00'}Z`));
  const local = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)$/.exec(text);
  if (local) return valid(Date.parse(`${local[1]}T${local[2]}Z`));
  const zoned = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d):?(\d\d)?$/.exec(text);
  if (!zoned) return undefined;
  return valid(Date.parse(`${zoned[1]}${zoned[2] ?? ''}${zoned[3] === 'Z' ? 'Z' : `${zoned[3]}:${zoned[4] ?? '00'}`}`));
};

const valid = (ms: number): number | undefined => (Number.isNaN(ms) ? undefined : ms);
