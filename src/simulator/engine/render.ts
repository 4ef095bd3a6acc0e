import type { Field } from '../../catalog/types.ts';
import type { Item } from '../rules/call.ts';
import { isRow } from '../rules/results.ts';
import { typeOf } from '../world/kinds.ts';
import { type Expansion, expansionOf, kindOfId } from '../world/references.ts';
import type { Fields, Resource, Value } from '../world/types.ts';
import type { World } from '../world/world.ts';

interface ViewPlan {
  fields: ReadonlyMap<string, Field>;
  /** Id fields of the type with what is shown beside them. */
  references: [field: string, kind: string, shown: Expansion][];
  owned: boolean;
}

/** Turns stored resources into what the API shows, caching each one's JSON until the world changes. */
export interface Renderer {
  /** As an object; `root` includes what only root administrators see. */
  show(item: Item, root: boolean, type?: string): Fields;
  /** As JSON text. */
  json(item: Item, root: boolean, type?: string): string;
  /** As JSON in UTF-8, so that long lists are copied together rather than encoded each time. */
  bytes(item: Item, root: boolean, type?: string): Buffer;
}

/** Shows a resource that another one holds. */
export type Show = (row: Resource, type?: string) => Fields;

/** What is put together when a resource is shown: resources that other kinds hold, tags, totals. */
export type ResourceView = (world: World, row: Resource, show: Show) => Fields;

/** What only root administrators are shown of a kind, beside what the catalog says of roles. */
const rootOnly: Record<string, ReadonlySet<string>> = {
  UserVm: new Set(['instancename', 'hostid', 'hostname', 'hostcontrolstate']),
  Volume: new Set(['path', 'storage', 'storageid', 'clusterid', 'clustername', 'podid', 'podname', 'chaininfo']),
  Network: new Set(['vlan', 'broadcasturi', 'physicalnetworkid']),
  IPAddress: new Set(['vlanid', 'vlanname', 'physicalnetworkid']),
  Nic: new Set(['broadcasturi', 'isolationuri', 'vlanid']),
  DomainRouter: new Set(['hostid', 'hostname', 'podid', 'podname', 'linklocalip', 'linklocalnetmask']),
};

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
  if (plan.fields.has('domainpath')) out['domainpath'] ??= domain.hidden['path'];
};

const frozen = new WeakMap<Fields, Buffer>();

/** JSON of what never changes, made once. */
const bytesOfFrozen = (item: Fields): Buffer => {
  const known = frozen.get(item) ?? Buffer.from(JSON.stringify(item));
  frozen.set(item, known);
  return known;
};

/** A renderer over one world; `views` are by kind. */
export const createRenderer = (world: World, views: Readonly<Record<string, ResourceView>>): Renderer => {
  const plans = new Map<string, ViewPlan>();
  const cache = new WeakMap<Resource, { version: number; forms: Map<string, Buffer> }>();

  const planOf = (type: string): ViewPlan => {
    const known = plans.get(type);
    if (known) return known;
    const fields = new Map([...world.catalog.fields(type)].filter(([, field]) => world.catalog.hasField(field)));
    const references = [...fields.keys()].flatMap((name): ViewPlan['references'] => {
      const kind = kindOfId[name];
      if (kind === undefined) return [];
      const shown = expansionOf(name).filter(([field]) => fields.has(field));
      return shown.length > 0 ? [[name, kind, shown]] : [];
    });
    const plan = { fields, references, owned: fields.has('account') || fields.has('projectid') };
    plans.set(type, plan);
    return plan;
  };

  const expand = (out: Fields, plan: ViewPlan): void => {
    for (const [name, kind, shown] of plan.references) {
      const id = out[name];
      const target = typeof id === 'string' ? world.find(kind, id) : undefined;
      if (!target) continue;
      for (const [field, source] of shown) {
        if (out[field] !== undefined) continue;
        out[field] = source.startsWith('$')
          ? source === '$path'
            ? target.hidden['path']
            : source.slice(1)
          : target.fields[source];
      }
    }
  };

  const show = (item: Item, root: boolean, type?: string): Fields => {
    if (!isRow(item)) return item;
    const plan = planOf(type ?? typeOf(item.kind));
    const out: Fields = { id: item.id };
    const stored: Fields = {
      ...item.fields,
      ...views[item.kind]?.(world, item, (row, as) => show(row, root, as)),
    };
    for (const [name, value] of Object.entries(stored)) {
      const field = plan.fields.get(name);
      if (!field) continue;
      if (!root && (rootOnly[item.kind]?.has(name) || (field.roles !== undefined && !field.roles.includes('User'))))
        continue;
      out[name] = coerce(value, field);
    }
    if (plan.owned) showOwner(world, item, plan, out);
    expand(out, plan);
    for (const name of ['tags', 'hasannotations'] as const) {
      const field = plan.fields.get(name);
      if (field && out[name] === undefined && field.type !== 'string') out[name] = name === 'tags' ? [] : false;
    }
    // A resource that a job is under way for shows the job.
    for (const job of item.kind === 'AsyncJob' ? [] : world.where('AsyncJob', 'jobinstanceid', item.id))
      if (job.fields['jobstatus'] === 0) Object.assign(out, { jobid: job.id, jobstatus: 0 });
    const id = plan.fields.get('id');
    if (id) out['id'] = coerce(item.id, id);
    else if (item.kind === 'AsyncJob') [out['jobid'], out['id']] = [item.id, undefined];
    else out['id'] = undefined;
    return out;
  };

  const formsOf = (row: Resource): Map<string, Buffer> => {
    const known = cache.get(row);
    if (known?.version === world.version()) return known.forms;
    const forms = new Map<string, Buffer>();
    cache.set(row, { version: world.version(), forms });
    return forms;
  };

  const bytes: Renderer['bytes'] = (item, root, type) => {
    if (!isRow(item)) return Object.isFrozen(item) ? bytesOfFrozen(item) : Buffer.from(JSON.stringify(item));
    const forms = formsOf(item);
    const key = root ? `+${type ?? ''}` : `-${type ?? ''}`;
    let form = forms.get(key);
    if (form === undefined) forms.set(key, (form = Buffer.from(JSON.stringify(show(item, root, type)))));
    return form;
  };

  return { show, bytes, json: (item, root, type) => JSON.stringify(show(item, root, type)) };
};
