import type { Field } from '../../catalog/types.ts';
import type { Item } from '../rules/call.ts';
import { isRow } from '../rules/results.ts';
import { typeOf } from '../world/kinds.ts';
import { type Expansion, expansionOf, kindOfId } from '../world/references.ts';
import type { Fields, Resource, Value } from '../world/types.ts';
import type { World } from '../world/world.ts';
import { fieldsSent, hasOwnShape, markFloat, shapeOf, writeFloats } from './shapes.ts';

/** Who sees a row, and in which answer. */
export interface Audience {
  root: boolean;
  /** The response type, where it is not the kind's own. */
  type?: string | undefined;
  command?: string;
  /** Parameters of the call that ask for more fields. */
  asked?: string;
}

interface ViewPlan {
  fields: ReadonlyMap<string, Field>;
  /** Id fields of the type with what is shown beside them. */
  references: [field: string, kind: string, shown: Expansion][];
  owned: boolean;
  fill: [field: string, value: Value][];
  omitEmpty: string[];
  floats: string[];
  tags: string[];
  job: boolean;
}

/** Turns stored resources into what the API shows, caching each one's JSON until the world changes. */
export interface Renderer {
  /** As an object. */
  show(item: Item, audience: Audience): Fields;
  /** As JSON text; `change` has the last word on its fields. */
  json(item: Item, audience: Audience, change?: (fields: Fields) => Fields): string;
  /** Each as JSON in UTF-8 with a comma before it, so that long lists are copied together rather than encoded each time. */
  page(items: readonly Item[], audience: Audience): readonly Buffer[];
}

/** Shows a resource that another one holds. */
export type Show = (row: Resource, type?: string) => Fields;

/** What is put together when a resource is shown: resources that other kinds hold, tags, totals. */
export type ResourceView = (world: World, row: Resource, show: Show) => Fields;

const coerce = (value: Value, field: Field): Value => {
  if (value === undefined || value === null) return undefined;
  if (field.list || field.type === 'object' || field.type === 'map') return value;
  if (typeof value === 'object') return Array.isArray(value) ? value.join(',') : value;
  if (field.type === 'boolean') return value === true || value === 'true';
  if (field.type === 'string' || field.type === 'date') return String(value);
  const number = Number(value);
  return Number.isNaN(number) ? undefined : number;
};

/** Owner's fields: an account's, or the project's it stands for. */
const showOwner = (world: World, row: Resource, plan: ViewPlan, out: Fields): void => {
  const account = row.owner === undefined ? undefined : world.get(row.owner);
  if (!account) return;
  const project = account.hidden['projectid'];
  if (typeof project === 'string' && plan.fields.has('projectid')) {
    out['projectid'] = project;
    out['project'] = world.get(project)?.fields['name'];
  } else if (plan.fields.has('account')) out['account'] = account.fields['name'];
  const domain = world.get(String(account.fields['domainid']));
  if (!domain || !plan.fields.has('domainid')) return;
  out['domainid'] ??= domain.id;
  if (plan.fields.has('domain')) out['domain'] ??= domain.fields['name'];
  if (plan.fields.has('domainpath')) out['domainpath'] ??= domain.fields['path'];
};

const frozen = new WeakMap<Fields, Buffer>();

/** JSON of what never changes, made once. */
const bytesOfFrozen = (item: Fields): Buffer => {
  const known = frozen.get(item) ?? Buffer.from(`,${JSON.stringify(item)}`);
  frozen.set(item, known);
  return known;
};

const pickFields = (fields: Fields, names: readonly string[]): Fields =>
  Object.fromEntries(names.map((name) => [name, fields[name]]));

/** A row's JSON in one form of one version of the world, and its other forms. */
interface CachedForm {
  version: number;
  key: string;
  form: Buffer;
  next: CachedForm | undefined;
}

/** The pieces of a page in one form of one version of the world. */
interface CachedPage {
  version: number;
  key: string;
  pieces: readonly Buffer[];
}

const isEmpty = (value: Value): boolean =>
  value === '' || (typeof value === 'object' && value !== null && Object.keys(value).length === 0);

/** A renderer over one world; `views` are by kind. */
export const createRenderer = (world: World, views: Readonly<Record<string, ResourceView>>): Renderer => {
  const plans = new Map<string, ViewPlan>();
  const planned = new WeakMap<Audience, Map<string, ViewPlan>>();
  const cache = new WeakMap<Resource, CachedForm>();

  const keyOf = ({ root, type = '', command = '', asked = '' }: Audience): string =>
    `${root ? '+' : '-'}${type} ${hasOwnShape(command) ? command : ''} ${asked}`;

  const makePlan = (kind: string | undefined, type: string, { root, command = '', asked = '' }: Audience): ViewPlan => {
    const shape = shapeOf(kind, type, command);
    const known = new Map([...world.catalog.fields(type)].filter(([, field]) => world.catalog.hasField(field)));
    const fields = fieldsSent(known, shape, root, asked);
    const references = [...fields.keys()].flatMap((name): ViewPlan['references'] => {
      const target = kindOfId[name];
      if (target === undefined) return [];
      const shown = expansionOf(name).filter(([field]) => fields.has(field));
      return shown.length > 0 ? [[name, target, shown]] : [];
    });
    return {
      fields,
      references,
      owned: fields.has('account') || fields.has('projectid'),
      fill: Object.entries(shape.fill ?? {}).filter(([name]) => fields.has(name)),
      omitEmpty: shape.omitEmpty ?? [],
      floats: [...fields.values()].filter(({ type }) => type === 'float' || type === 'double').map(({ name }) => name),
      tags: shape.tags,
      job: shape.job === true,
    };
  };

  const findPlan = (kind: string, audience: Audience): ViewPlan => {
    const type = audience.type ?? typeOf(kind);
    const key = `${kind} ${keyOf({ ...audience, type })}`;
    const plan = plans.get(key) ?? makePlan(kind === '' ? undefined : kind, type, audience);
    plans.set(key, plan);
    return plan;
  };

  // One call shows many rows to one audience: the plan is looked up by that object first.
  const planOf = (kind: string, audience: Audience): ViewPlan => {
    let known = planned.get(audience);
    if (!known) planned.set(audience, (known = new Map<string, ViewPlan>()));
    let plan = known.get(kind);
    if (!plan) known.set(kind, (plan = findPlan(kind, audience)));
    return plan;
  };

  /** Shows rows inside of others, to a root administrator or not. */
  const insides = [false, true].map((root): Show => {
    const audiences = new Map<string | undefined, Audience>();
    return (row, type) => {
      const audience = audiences.get(type) ?? { root, type };
      audiences.set(type, audience);
      return showRow(row, audience);
    };
  });

  /** What a filling means for a row: literals as they are, `$id.field` looked up. */
  const valueOf = (source: Value, out: Fields): Value => {
    if (typeof source === 'object' && source !== null && !Array.isArray(source))
      return Object.fromEntries(Object.entries(source).map(([name, inner]) => [name, valueOf(inner, out)]));
    if (typeof source !== 'string' || !source.startsWith('$')) return source;
    const [name = '', field] = source.slice(1).split('.');
    const own = out[name];
    return field === undefined ? own : typeof own === 'string' ? world.get(own)?.fields[field] : undefined;
  };

  const fill = (out: Fields, plan: ViewPlan, stored: Fields): void => {
    for (const [name, source] of plan.fill) if (out[name] === undefined) out[name] = valueOf(source, stored);
  };

  const expand = (out: Fields, plan: ViewPlan): void => {
    for (const [name, kind, shown] of plan.references) {
      const id = out[name];
      const target = typeof id === 'string' ? world.find(kind, id) : undefined;
      if (!target) continue;
      for (const [field, source] of shown)
        out[field] ??= source.startsWith('$') ? source.slice(1) : target.fields[source];
    }
  };

  /** Details and tags that a resource was given by addResourceDetail and createTags. */
  const showExtras = (item: Resource, plan: ViewPlan, out: Fields): void => {
    if (plan.fields.get('details')?.type === 'map')
      for (const { fields } of world.where('ResourceDetail', 'resourceid', item.id))
        out['details'] = { ...(out['details'] as Fields | undefined), [String(fields['key'])]: fields['value'] };
    const tags = plan.fields.get('tags');
    if (tags && tags.type !== 'string')
      out['tags'] = Array.isArray(out['tags']) ? out['tags'].map((tag) => pickFields(tag as Fields, plan.tags)) : [];
    if (plan.fields.has('hasannotations')) out['hasannotations'] ??= false;
  };

  const drop = (out: Fields, plan: ViewPlan): void => {
    for (const name of plan.omitEmpty) if (isEmpty(out[name])) out[name] = undefined;
  };

  const put = (out: Fields, plan: ViewPlan, fields: Readonly<Fields>): void => {
    for (const name of Object.keys(fields)) {
      const field = plan.fields.get(name);
      if (field) out[name] = coerce(fields[name], field);
    }
  };

  const showRow = (item: Resource, audience: Audience): Fields => {
    const plan = planOf(item.kind, audience);
    const out: Fields = { id: item.id };
    const seen = views[item.kind]?.(world, item, insides[Number(audience.root)]!) ?? {};
    put(out, plan, item.fields);
    put(out, plan, seen);
    if (plan.owned) showOwner(world, item, plan, out);
    fill(out, plan, item.fields);
    expand(out, plan);
    showExtras(item, plan, out);
    drop(out, plan);
    if (plan.job)
      for (const job of world.where('AsyncJob', 'jobinstanceid', item.id))
        if (job.fields['jobstatus'] === 0) Object.assign(out, { jobid: job.id, jobstatus: 0 });
    const id = plan.fields.get('id');
    if (id) out['id'] = coerce(item.id, id);
    else if (item.kind === 'AsyncJob') [out['jobid'], out['id']] = [item.id, undefined];
    else out['id'] = undefined;
    return out;
  };

  /** What a command makes up rather than stores, as its response type has it; a type without fields takes all. */
  const showMade = (item: Fields, audience: Audience): Fields => {
    const plan = planOf('', audience);
    // What is nothing stays nothing: a machine that was expunged at once.
    if (plan.fields.size === 0 || Object.keys(item).length === 0) return item;
    const out: Fields = {};
    put(out, plan, item);
    fill(out, plan, item);
    expand(out, plan);
    drop(out, plan);
    return out;
  };

  const show: Renderer['show'] = (item, audience) => (isRow(item) ? showRow(item, audience) : showMade(item, audience));

  const json: Renderer['json'] = (item, audience, change) => {
    const { floats } = planOf(isRow(item) ? item.kind : '', audience);
    const shown = show(item, audience);
    const fields = change ? change(shown) : shown;
    if (floats.length === 0) return JSON.stringify(fields);
    return JSON.stringify({
      ...fields,
      ...Object.fromEntries(floats.filter((name) => name in fields).map((name) => [name, markFloat(fields[name])])),
    });
  };

  const encode = (item: Item, audience: Audience): Buffer => Buffer.from(`,${writeFloats(json(item, audience))}`);

  const bytes = (audience: Audience): ((item: Item) => Buffer) => {
    const key = keyOf(audience);
    const version = world.version();
    return (item) => {
      if (!isRow(item)) return Object.isFrozen(item) ? bytesOfFrozen(item) : encode(item, audience);
      const first = cache.get(item);
      const known = first?.version === version ? first : undefined;
      for (let each = known; each; each = each.next) if (each.key === key) return each.form;
      const form = encode(item, audience);
      cache.set(item, { version, key, form, next: known });
      return form;
    };
  };

  const pages = new WeakMap<readonly Item[], CachedPage>();

  const page: Renderer['page'] = (items, audience) => {
    const [key, version] = [keyOf(audience), world.version()];
    const known = pages.get(items);
    if (known?.version === version && known.key === key) return known.pieces;
    const pieces = items.map(bytes(audience));
    // A frozen page is read again and again: it does not look for each row's form each time.
    if (Object.isFrozen(items)) pages.set(items, { version, key, pieces });
    return pieces;
  };

  return { show, json, page };
};
