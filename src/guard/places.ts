import type { ResponseType } from '../catalog/types.ts';
import { loadData } from '../data.ts';
import type { Row } from '../rows.ts';
import type { Target } from '../types.ts';

/** A field of a rule that a row may leave open. */
export type OpenPlace = 'zone' | 'domain';

/** The fields of rows that tell a place: any of `shownBy` is enough, and a row of a type that has any of `fields` has one. */
const fieldsOf: Readonly<Record<OpenPlace, { fields: readonly string[]; shownBy: readonly string[] }>> = {
  zone: { fields: ['zoneid', 'zonename', 'zone'], shownBy: ['zonename'] },
  domain: { fields: ['domainid', 'domain', 'domainpath'], shownBy: ['domainpath'] },
};

let fieldsByType: ReadonlyMap<string, ReadonlySet<string>> | undefined;

/** Whether things of a kind lie in such a place at all, by data/responses.json. */
const hasPlace = (kind: string | undefined, fields: readonly string[]): boolean => {
  fieldsByType ??= new Map(
    loadData<ResponseType[]>('responses.json').map(({ name, fields }) => [
      name,
      new Set(fields.map((one) => one.name)),
    ]),
  );
  const known = fieldsByType.get(kind ?? '');
  return fields.some((field) => known?.has(field));
};

/** The places that a target has and its row does not tell: releases of CloudStack differ in what they give. */
export const unknownPlaces = ({ kind, row }: Target, named: readonly Row[]): OpenPlace[] =>
  (Object.keys(fieldsOf) as OpenPlace[]).filter((place) => {
    const { fields, shownBy } = fieldsOf[place];
    const isKnown = [row, ...named].some((one) => shownBy.some((field) => typeof one?.[field] === 'string'));
    return !isKnown && hasPlace(kind, fields);
  });
