import { loadCatalog } from '../catalog/catalog.ts';
import { findKind, kindOfParameter } from '../catalog/kinds.ts';
import type { Tool } from '../catalog/tool.ts';
import type { Command } from '../catalog/types.ts';
import { loadData } from '../data.ts';
import { plain } from './plain.ts';
import { loadViews } from './shows.ts';

interface Touches {
  /** Responses that say nothing of what was changed. */
  nothing: string[];
  /** Where things are put and what they are made from: named, but not changed, where the command begins with a verb of `making`. */
  around: string[];
  making: string[];
  /** Kinds that change along with a kind. */
  along: Record<string, string[]>;
  /** Kinds whose own rows show figures of a kind; `*`: of every kind. */
  figures: Record<string, string[]>;
  /** Changes after which nothing that is cached can be relied on: who sees what may be another. */
  everything: { toolsets: string[]; commands: string[] };
  /** Kinds that a command changes beside those that its facts tell of. */
  commands: Record<string, string[]>;
  /** Beginnings of event types that no command has → the kinds they tell of. */
  events: Record<string, string[]>;
}

/** The kinds of cached answers that a change drops; `everything` where nothing can be relied on. */
export type Touched = ReadonlySet<string> | 'everything';

const load = (): Touches => loadData<Touches>('touches.json');

/** `deletePortForwardingRule` → `PortForwardingRule`, where there is such a kind. */
const kindInName = (name: string): string | undefined => {
  const noun = name.replace(/^[a-z]+/, '');
  const found = [noun, noun.replace(/s$/, ''), noun.replace(/ies$/, 'y')].find((one) => findKind(one));
  return found === undefined ? undefined : plain(found);
};

/** The kinds that a change is about, by the catalog's facts: what it answers with, acts on and takes the id of. */
export const changedBy = ({ name, response, entity = [], params }: Command): ReadonlySet<string> => {
  const { nothing, around, making, commands } = load();
  const isMaking = making.some((verb) => name.startsWith(verb));
  const own = [response, ...entity].filter((kind) => !nothing.includes(kind)).map(plain);
  const named = params.flatMap((parameter) => {
    const kind = kindOfParameter(loadCatalog().find(name)!.command, parameter);
    if (!kind) return [];
    const isOwn = parameter.name === 'id' || parameter.name === 'ids' || (parameter.required && !isMaking);
    return isOwn || !around.includes(plain(kind.name)) ? [plain(kind.name)] : [];
  });
  return new Set([...own, ...named, ...[kindInName(name) ?? []].flat(), ...(commands[name] ?? [])]);
};

/** With all that these lead to, and with what that leads to. */
const grow = (kinds: Iterable<string>, leads: Record<string, string[]>): ReadonlySet<string> => {
  const all = new Set(kinds);
  // A set that grows while it is walked is walked to its end.
  for (const kind of all) for (const other of leads[kind] ?? []) all.add(other);
  return all;
};

const viewsOf = (kinds: ReadonlySet<string>): ReadonlySet<string> => {
  const { figures } = load();
  const counted = grow(
    ['*', ...kinds].flatMap((kind) => figures[kind] ?? []),
    figures,
  );
  const shows = [...loadViews()]
    .filter(([, shown]) => [...shown].some((kind) => kinds.has(kind)))
    .map(([view]) => view);
  // Kinds without rows of their own are dropped, too: answers may be narrowed by them.
  return new Set([...kinds, ...counted, ...shows]);
};

const touch = ({ command, toolset }: Tool): Touched => {
  const { everything } = load();
  if (everything.toolsets.includes(toolset) || everything.commands.includes(command.name)) return 'everything';
  const changed = changedBy(command);
  return changed.size ? viewsOf(grow(changed, load().along)) : 'everything';
};

const known = new Map<string, Touched>();

/** What a command that is no read makes stale. Commands that only give out secrets change nothing. */
export const touchedBy = (name: string): Touched => {
  let found = known.get(name);
  if (found === undefined) {
    const tool = loadCatalog().find(name);
    if (!tool || tool.command.name !== name) found = 'everything';
    else found = tool.command.get && !load().commands[name] ? new Set<string>() : touch(tool);
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

/** What an event tells to be stale: all that the commands with this type of event touch; everything for an unknown type. */
export const touchedByEvent = (type: string): Touched => {
  const { events, along } = load();
  const [prefix] = Object.keys(events)
    .filter((beginning) => type.startsWith(beginning))
    .sort((a, b) => b.length - a.length);
  const commands = commandsByEvent().get(type);
  if (!commands) {
    if (prefix === undefined) return 'everything';
    const kinds = events[prefix]!;
    return kinds.length ? viewsOf(grow(kinds, along)) : new Set();
  }
  const all = commands.map(touchedBy);
  return all.includes('everything') ? 'everything' : new Set(all.flatMap((kinds) => [...kinds]));
};
