import { loadCatalog } from '../catalog/catalog.ts';
import { findKind, kindOfParameter } from '../catalog/kinds.ts';
import type { Tool } from '../catalog/tool.ts';
import type { Command } from '../catalog/types.ts';
import { loadData } from '../data.ts';
import { canonicalKind } from './canonical-kinds.ts';
import { loadDependencies } from './dependencies.ts';

/** What data/invalidations.json says. */
export interface InvalidationRules {
  /** Responses that do not show what was changed. */
  withoutSubject: string[];
  /** Kinds in which resources are placed or from which they are made: not changed by a command that begins with one of `createVerbs`. */
  containers: string[];
  createVerbs: string[];
  /** Kind → the kinds that change together with it. */
  changedTogether: Record<string, string[]>;
  /** Kind (`*`: any) → the kinds whose rows count its resources. */
  countedBy: Record<string, string[]>;
  /** Changes that invalidate everything: who may see what may differ afterwards. */
  everything: { toolsets: string[]; commands: string[] };
  /** Command → the kinds it changes beside those in its facts. */
  commands: Record<string, string[]>;
  /** Prefixes of event types that no command has → the kinds that changed. */
  eventPrefixes: Record<string, string[]>;
}

/** The kinds that a change invalidates; `everything` where that cannot be narrowed down. */
export type Invalidated = ReadonlySet<string> | 'everything';

const load = (): InvalidationRules => loadData<InvalidationRules>('invalidations.json');

/** `deletePortForwardingRule` → `PortForwardingRule`, where there is such a kind. */
const kindInName = (name: string): string | undefined => {
  const noun = name.replace(/^[a-z]+/, '');
  const found = [noun, noun.replace(/s$/, ''), noun.replace(/ies$/, 'y')].find((one) => findKind(one));
  return found === undefined ? undefined : canonicalKind(found);
};

/** The kinds that a command changes by the catalog's facts: those of its response, its entities and the ids it takes. */
export const changedBy = ({ name, response, entity = [], params }: Command): ReadonlySet<string> => {
  const { withoutSubject: nothing, containers: around, createVerbs: making, commands } = load();
  const isMaking = making.some((verb) => name.startsWith(verb));
  const own = [response, ...entity].filter((kind) => !nothing.includes(kind)).map(canonicalKind);
  const named = params.flatMap((parameter) => {
    const kind = kindOfParameter(loadCatalog().find(name)!.command, parameter);
    if (!kind) return [];
    const isOwn = parameter.name === 'id' || parameter.name === 'ids' || (parameter.required && !isMaking);
    return isOwn || !around.includes(canonicalKind(kind.name)) ? [canonicalKind(kind.name)] : [];
  });
  return new Set([...own, ...named, ...[kindInName(name) ?? []].flat(), ...(commands[name] ?? [])]);
};

/** The kinds and everything reachable from them. */
const closureOf = (kinds: Iterable<string>, edges: Record<string, string[]>): ReadonlySet<string> => {
  const all = new Set(kinds);
  // A Set that grows during the iteration is iterated to its end.
  for (const kind of all) for (const other of edges[kind] ?? []) all.add(other);
  return all;
};

const dependentsOf = (kinds: ReadonlySet<string>): ReadonlySet<string> => {
  const { countedBy: figures } = load();
  const counted = closureOf(
    ['*', ...kinds].flatMap((kind) => figures[kind] ?? []),
    figures,
  );
  const shows = [...loadDependencies()]
    .filter(([, shown]) => [...shown].some((kind) => kinds.has(kind)))
    .map(([view]) => view);
  // Kinds without rows of their own are included: answers may be filtered by them.
  return new Set([...kinds, ...counted, ...shows]);
};

const invalidatedByTool = ({ command, toolset }: Tool): Invalidated => {
  const { everything } = load();
  if (everything.toolsets.includes(toolset) || everything.commands.includes(command.name)) return 'everything';
  const changed = changedBy(command);
  return changed.size ? dependentsOf(closureOf(changed, load().changedTogether)) : 'everything';
};

const known = new Map<string, Invalidated>();

/** What a command that is no read invalidates. Commands that only return secrets change nothing. */
export const invalidatedBy = (name: string): Invalidated => {
  let found = known.get(name);
  if (found === undefined) {
    const tool = loadCatalog().find(name);
    if (!tool || tool.command.name !== name) found = 'everything';
    else found = tool.command.get && !load().commands[name] ? new Set<string>() : invalidatedByTool(tool);
    known.set(name, found);
  }
  return found;
};

let byEvent: ReadonlyMap<string, readonly string[]> | undefined;

/** Commands by the event type that they leave, as the catalog and data/events.json say. */
const commandsByEvent = (): ReadonlyMap<string, readonly string[]> => {
  if (byEvent) return byEvent;
  const more = loadData<Record<string, string>>('events.json');
  const found = new Map<string, string[]>();
  for (const { command } of loadCatalog().tools)
    for (const type of [command.event ?? more[command.name] ?? []].flat())
      found.set(type, [...(found.get(type) ?? []), command.name]);
  byEvent = found;
  return found;
};

const invalidatedByPrefix = (prefix: string): Invalidated => {
  const { eventPrefixes, changedTogether } = load();
  const kinds = eventPrefixes[prefix]!;
  return kinds.length ? dependentsOf(closureOf(kinds, changedTogether)) : new Set();
};

const invalidatedByAll = (commands: readonly string[]): Invalidated => {
  const all = commands.map(invalidatedBy);
  return all.includes('everything') ? 'everything' : new Set(all.flatMap((kinds) => [...kinds]));
};

/** By event type, or by the prefix of one that no command has: clouds make up no end of the former. */
const knownEvents = new Map<string, Invalidated>();

/** What an event invalidates: the same as all commands with this event type; everything for an unknown type. */
export const invalidatedByEvent = (type: string): Invalidated => {
  const commands = commandsByEvent().get(type);
  const [prefix] = commands
    ? []
    : Object.keys(load().eventPrefixes)
        .filter((beginning) => type.startsWith(beginning))
        .sort((a, b) => b.length - a.length);
  const subject = commands ? type : prefix;
  if (subject === undefined) return 'everything';
  let found = knownEvents.get(subject);
  if (found === undefined) {
    found = commands ? invalidatedByAll(commands) : invalidatedByPrefix(subject);
    knownEvents.set(subject, found);
  }
  return found;
};
