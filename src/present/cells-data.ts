import { loadData } from '../data.ts';

/** How values are told to people and models; data/cells.json. The values themselves stay CloudStack's. */
interface Cells {
  /** A field with objects → which of their fields tell them. */
  parts: Record<string, readonly string[]>;
  /** Response type → fields that count bytes. */
  bytes: Record<string, readonly string[]>;
  /** Response type → fields that count bytes in rows of which another field has one of these values. */
  bytesWhere: Record<string, { field: string; values: readonly string[]; fields: readonly string[] }>;
  /** Response type → field → value → what it means. */
  words: Record<string, Record<string, Record<string, string>>>;
  /** Response types whose field `schedule` is told in words. */
  schedules: readonly string[];
  /** Response type → states that an object has while its job works on it. */
  passing: Record<string, readonly string[]>;
}

/** The whole of data/cells.json. */
export const cells = (): Cells => loadData<Cells>('cells.json');

/** The parts of nested objects that tell what they are: what a column shows of them unless all of it was asked for. */
export const partsOf = (field: string): readonly string[] | undefined => {
  const { parts } = cells();
  return Object.hasOwn(parts, field) ? parts[field] : undefined;
};
