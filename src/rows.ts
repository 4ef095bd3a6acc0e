/** One object of an answer. */
export type Row = Readonly<Record<string, unknown>>;

/** Whether a value is an object with fields: neither a list nor null. */
export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The rows of a list answer, whatever key they stand under: the answer's own list where all are objects. Without rows there are none. */
export const rowsOf = (body: Row): readonly Row[] => {
  const list: readonly unknown[] = Object.values(body).find((value) => Array.isArray(value)) ?? [];
  return list.every(isRecord) ? list : list.map((row) => (isRecord(row) ? row : { value: row }));
};

/** The one object of an answer: what stands under its only key, else the answer itself. */
export const itemOf = (body: Row): Row => {
  const [only, ...others] = Object.values(body);
  return others.length === 0 && isRecord(only) ? only : body;
};

/** The same list or object with each value replaced; itself where nothing changed, so that large answers are not copied. */
export const copyChanged = <T extends readonly unknown[] | Readonly<Record<string, unknown>>>(
  value: T,
  change: (inner: unknown, name: string) => unknown,
): T => {
  let copy: Record<string, unknown> | undefined;
  for (const name of Object.keys(value)) {
    const before = (value as Readonly<Record<string, unknown>>)[name];
    const after = change(before, name);
    if (after === before) continue;
    copy ??= (Array.isArray(value) ? [...(value as unknown[])] : { ...value }) as Record<string, unknown>;
    copy[name] = after;
  }
  return (copy ?? value) as T;
};
