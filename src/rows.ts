type Body = Readonly<Record<string, unknown>>;

/** One object of an answer. */
export type Row = Readonly<Record<string, unknown>>;

const isRow = (value: unknown): value is Row => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The rows of a list answer, whatever key they stand under. An answer without rows has none. */
export const rowsOf = (body: Body): Row[] => {
  const list = Object.values(body).find((value) => Array.isArray(value));
  return list ? list.map((row: unknown) => (isRow(row) ? row : { value: row })) : [];
};

/** The one object of an answer: what stands under its only key, else the answer itself. */
export const itemOf = (body: Body): Row => {
  const [only, ...others] = Object.values(body);
  return others.length === 0 && isRow(only) ? only : body;
};
