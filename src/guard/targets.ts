import { quoteName } from '../secrets/text.ts';
import { isId, toLabel, toQuoted } from '../text.ts';
import type { Target } from '../types.ts';

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

const states = ['state', 'status', 'allocationstate', 'resourcestate'];

/**
 * A target in one line: what, id, state, where and whose, its name last. What tenants choose stands in quotes of its own,
 * so that no name poses as an id or a state.
 */
export const describeTarget = ({ title, id, name, row, isReadable, dependents = [], unread = [] }: Target): string => {
  const domain = text(row?.['domainpath']) ?? text(row?.['domain']);
  const place = [row?.['zonename'], domain, row?.['account'], row?.['project']].flatMap((one) => text(one) ?? []);
  const state = states.map((field) => text(row?.[field])).find(Boolean);
  const parts = [
    `id ${isId(id) ? id : toQuoted(id)}`,
    state && `state ${toLabel(state)}`,
    place.length ? `in ${place.map((one) => quoteName(one)).join(' / ')}` : undefined,
    isReadable && !row ? 'which this account cannot see' : undefined,
    name ? `name ${quoteName(name)}` : undefined,
  ];
  const hangs = dependents.length
    ? `; depending on it: ${toLabel(dependents.map(({ line }) => line).join(', '), 500)}`
    : '';
  const open = unread.length ? `; not looked at: ${unread.join(', ')}` : '';
  return `${title}: ${parts.filter(Boolean).join(', ')}${hangs}${open}`;
};

const ownerFields = ['account', 'domainid', 'projectid'];

/** What must not change between the question and the deed: which resources, called what, in which state, whose, with what on them. */
export const fingerprint = (targets: readonly Target[]): unknown =>
  targets.map(({ id, name, row, dependents = [] }) => [
    id,
    name ?? null,
    states.map((field) => row?.[field] ?? null),
    ownerFields.map((field) => row?.[field] ?? null),
    dependents.map(({ title, rows, count }) => [title, count ?? rows.map((other) => String(other['id'])).sort()]),
  ]);
