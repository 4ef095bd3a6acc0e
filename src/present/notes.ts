import { findField } from '../catalog/response-fields.ts';
import type { Row } from '../rows.ts';
import { toLabel } from '../text.ts';
import type { Answer, ApprovedCall, ResolvedName } from '../types.ts';
import { isEmpty, valueAt } from './columns.ts';

/** Names that an answer repeats with their ids. */
export const maxNames = 20;

/** What names became. */
export const namesText = (names: readonly ResolvedName[]): string[] => [
  ...names.slice(0, maxNames).map(({ parameter, name, id }) => `${parameter}: ${toLabel(name)} is ${id}`),
  ...(names.length > maxNames ? [`and ${names.length - maxNames} more names`] : []),
];

/** The same for programs. */
export const namesIn = ({ names }: ApprovedCall): Row =>
  names.length ? { resolved: names.slice(0, maxNames).map((one) => ({ ...one, name: toLabel(one.name) })) } : {};

/** How old a cached answer is, and how to get a new one. */
export const ageText = ({ age }: Pick<Answer, 'age'>): string[] =>
  age === undefined ? [] : [`As of ${age} s ago; fresh: true asks again.`];

/** The same for programs. */
export const ageIn = ({ age }: Pick<Answer, 'age'>): { age?: number } => (age === undefined ? {} : { age });

const isKnownField = (response: string, field: string): boolean => {
  const found = findField(response, field);
  return found !== undefined && 'name' in found;
};

/** Fields that were asked for and stay empty: told from those that do not exist, which validate/ refuses where it can. */
export const emptyFields = (call: ApprovedCall, rows: readonly Row[]): string[] => {
  const { fields } = call.request.view;
  if (!rows.length || !fields || fields.includes('*')) return [];
  const empty = fields.filter((field) => rows.every((row) => isEmpty(valueAt(row, field))));
  const { response } = call.tool.command;
  const known = empty.filter((field) => isKnownField(response, field));
  const unknown = empty.filter((field) => !isKnownField(response, field));
  return [
    ...(known.length ? [`Empty in these rows: ${known.join(', ')}.`] : []),
    ...(unknown.length ? [`None of these rows has ${unknown.map((field) => toLabel(field)).join(', ')}.`] : []),
  ];
};
