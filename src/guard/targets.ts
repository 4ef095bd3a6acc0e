import { toLabel } from '../text.ts';
import type { Target } from '../types.ts';

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

/** A target in one line: what, name, id, state, where and whose. */
export const describeTarget = ({ title, id, name, row, isReadable, dependents = [] }: Target): string => {
  const place = ['zonename', 'account', 'project'].flatMap((field) => text(row?.[field]) ?? []);
  const state = text(row?.['state']) ?? text(row?.['allocationstate']);
  const parts = [
    name ? toLabel(name) : undefined,
    `id ${toLabel(id)}`,
    state && `state ${toLabel(state)}`,
    place.length ? toLabel(place.join(' / '), 90) : undefined,
    isReadable && !row ? 'which this account cannot see' : undefined,
  ];
  const hangs = dependents.length ? `; on it hang ${toLabel(dependents.map(({ line }) => line).join(', '), 300)}` : '';
  return `${title}: ${parts.filter(Boolean).join(', ')}${hangs}`;
};

const states = ['state', 'status', 'allocationstate', 'resourcestate'];

/** What must not change between the question and the deed: which resources, called what, in which state, with what on them. */
export const fingerprint = (targets: readonly Target[]): unknown =>
  targets.map(({ id, name, row, dependents = [] }) => [
    id,
    name ?? null,
    states.map((field) => row?.[field] ?? null),
    dependents.map(({ title, rows }) => [title, rows.map((other) => String(other['id'])).sort()]),
  ]);
