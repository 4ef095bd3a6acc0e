import { loadData } from '../data.ts';
import { spellingKey } from './names.ts';
import type { Field, ResponseType } from './types.ts';

let byName: ReadonlyMap<string, ReadonlyMap<string, Field>> | undefined;

const index = (): ReadonlyMap<string, ReadonlyMap<string, Field>> =>
  new Map(
    loadData<ResponseType[]>('responses.json').map(({ name, fields }) => [
      name,
      new Map(fields.map((field) => [spellingKey(field.name), field])),
    ]),
  );

/** The fields of a response type by `spellingKey`; undefined where nothing is known of it. */
export const fieldsOfResponse = (response: string): ReadonlyMap<string, Field> | undefined => {
  const fields = (byName ??= index()).get(response);
  return fields?.size ? fields : undefined;
};

/** Fields that every type has: a row that a job works on carries them. */
const inEveryType: ReadonlySet<string> = new Set(['jobid', 'jobstatus']);

/** A field as CloudStack spells it, or the part of it that the response type lacks. */
export type FoundField = { name: string } | { missing: string; of: ReadonlyMap<string, Field> };

/**
 * Looks for a field of a response type, in any spelling; a dot reaches into an object or a list. Undefined where the
 * catalog does not know the type, so that nothing can be said.
 */
export const findField = (response: string, path: string): FoundField | undefined => {
  const found: string[] = [];
  let fields = fieldsOfResponse(response);
  if (!fields) return undefined;
  const parts = path.split('.');
  for (const [at, part] of parts.entries()) {
    const field: Field | undefined = fields.get(spellingKey(part));
    if (!field && at === 0 && inEveryType.has(spellingKey(part))) return { name: spellingKey(part) };
    // A tag is named by its key, which only the cloud knows.
    if (!field && at > 0 && fields.has('key') && fields.has('value'))
      return { name: [...found, ...parts.slice(at)].join('.') };
    if (!field) return { missing: part, of: fields };
    found.push(field.name);
    const inner: ReadonlyMap<string, Field> | undefined =
      field.ref === undefined ? undefined : fieldsOfResponse(field.ref);
    // What is in a map, or in an object that is not described, is known to the cloud only.
    const isOpen = field.type === 'map' || (field.type === 'object' && !inner);
    if (isOpen) return { name: [...found, ...parts.slice(at + 1)].join('.') };
    if (!inner && at < parts.length - 1) return { missing: parts[at + 1]!, of: new Map() };
    fields = inner ?? fields;
  }
  return { name: found.join('.') };
};
