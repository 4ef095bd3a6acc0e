import type { Row } from '../rows.ts';
import { toLabel } from '../text.ts';

/** A resource that a call acts on, as it was just read. */
export interface Target {
  /** The parameter that named it. */
  parameter: string;
  title: string;
  id: string;
  name?: string | undefined;
  /** Undefined where the kind cannot be read, or the resource cannot be seen. */
  row?: Row | undefined;
  /** What hangs on it, such as `2 volumes (data-1, root)`. */
  dependents?: readonly string[];
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

/** A target in one line: what, name, id, state, where and whose. */
export const describeTarget = ({ title, id, name, row, dependents = [] }: Target): string => {
  const place = ['zonename', 'account', 'project'].flatMap((field) => text(row?.[field]) ?? []);
  const state = text(row?.['state']) ?? text(row?.['allocationstate']);
  const parts = [
    name ? toLabel(name) : undefined,
    `id ${toLabel(id)}`,
    state && `state ${toLabel(state)}`,
    place.length ? toLabel(place.join(' / '), 90) : undefined,
  ];
  const hangs = dependents.length ? `; on it hang ${toLabel(dependents.join(', '), 300)}` : '';
  return `${title}: ${parts.filter(Boolean).join(', ')}${hangs}`;
};

/** What must not change between the question and the deed: which resources, called what, in which state. */
export const fingerprint = (targets: readonly Target[]): unknown =>
  targets.map(({ id, name, row }) => [id, name ?? null, row?.['state'] ?? null]);
