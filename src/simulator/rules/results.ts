import type { Fields, Resource } from '../world/types.ts';
import type { Item, Result, Work } from './call.ts';

/** A list; `count` is of all matches, of which `items` is the page. */
export const list = (items: readonly Item[], count = items.length, key?: string): Result =>
  key === undefined ? { form: 'list', items, count } : { form: 'list', items, count, key };

/** A single object. */
export const object = (item: Item, key?: string): Result =>
  key === undefined ? { form: 'object', item } : { form: 'object', item, key };

/** A plain success. */
export const success = (text?: string): Result =>
  text === undefined ? { form: 'success' } : { form: 'success', text };

/** A job on a resource (or on none), whose effect comes when it ends. */
export const work = (on: Resource | undefined, finish: () => Result, factor?: number): Work => ({
  form: 'work',
  finish,
  ...(on ? { on } : {}),
  ...(factor === undefined ? {} : { factor }),
});

/** Distinguishes a resource from a made-up object. */
export const isRow = (item: Item): item is Resource => 'hidden' in item && 'fields' in item && 'kind' in item;

/** A row that is put together for one answer and not stored; its kind's view may show the resources that `hidden` names. */
export const madeRow = (kind: string, id: string, fields: Fields, hidden: Fields = {}, owner?: string): Resource => ({
  kind,
  no: 0,
  id,
  fields,
  hidden,
  ...(owner === undefined ? {} : { owner }),
});
