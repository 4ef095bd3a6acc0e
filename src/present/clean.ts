import { maskSecrets } from '../secrets.ts';
import { stripUnsafe } from '../text.ts';
import type { Row } from '../rows.ts';

const stripped = (value: unknown): unknown => {
  if (typeof value === 'string') return stripUnsafe(value);
  if (Array.isArray(value)) return value.map(stripped);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [stripUnsafe(key), stripped(inner)]));
};

/** A row as it may be shown: credentials masked unless a person asked for them, hiding characters gone. */
export const cleanRow = (row: Row, command: string, secrets: boolean): Row =>
  stripped(secrets ? row : maskSecrets(row, command)) as Row;
