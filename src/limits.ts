/**
 * Whether there is a place for one more of those who share places: no one has more than `each`, nor more than are left, so that
 * the next to come finds one. `own`: the places that this one has, `all`: those that are taken.
 */
export const hasPlace = (own: number, all: number, { each, max }: { each: number; max: number }): boolean =>
  own < each && own < max - all;

/**
 * How much of anything is looked at. What comes in is measured against these before anything else reads it, and what goes
 * out is cut to them with a note.
 */
export const limits = {
  /** Characters of a tool's name. */
  toolName: 256,
  /** Arguments of one call. */
  args: 500,
  /** Characters of an argument's name, at any depth. */
  key: 256,
  /** Characters of one text among the arguments: CloudStack takes user data of a MiB. */
  text: 2 ** 20,
  /** Values in one call's arguments, all levels together. */
  values: 10_000,
  /** Levels that arguments may nest. */
  argumentDepth: 32,
  /** Values in one message of a client, with everything around the arguments. */
  messageValues: 20_000,
  /** Characters of one message on standard input. */
  frame: 16 * 2 ** 20,
  /** Levels that a message, an answer or JSON text may nest. */
  depth: 100,
  /** Characters of a search. */
  query: 1000,
  /** Words of a search that are looked for. */
  words: 40,
  /** Columns of a table with all fields: no response of CloudStack has as many. */
  columns: 300,
  /** Fields that one call may ask for, and characters of one's name. */
  fields: 300,
  field: 100,
  /** Names that one call may have looked up. */
  names: 100,
  /** Steps of one plan. */
  steps: 100,
  /** Resources that are looked at, one by one, for one call. */
  targets: 500,
  /** Rows that one question over a list looks at, and those that it holds for its answer where it is cut to a budget. */
  rows: 50_000,
  rowsHeld: 2000,
  /** Problems that one error tells of. */
  problems: 10,
  /** Characters of an error that are read; secrets are looked for in them. */
  errorText: 16_000,
  /** Characters of an error's message, and of its hint, that go out. */
  message: 2000,
} as const;
