import { loadCatalog } from '../catalog/catalog.ts';
import { kindOfParameter } from '../catalog/kinds.ts';
import type { Command, ResponseType } from '../catalog/types.ts';
import { loadData } from '../data.ts';
import { lifetimeOf } from './lifetimes.ts';
import { plain } from './plain.ts';

/** Fields that tell of a kind without an id of it; data/touches.json. */
const oddFields = (): Record<string, string> => loadData<{ fields: Record<string, string> }>('touches.json').fields;

let byParameter: ReadonlyMap<string, ReadonlySet<string>> | undefined;

/** The kinds whose ids a parameter of that name takes, in whatever command. */
const kindsByParameter = (): ReadonlyMap<string, ReadonlySet<string>> => {
  if (byParameter) return byParameter;
  const found = new Map<string, Set<string>>();
  for (const { command } of loadCatalog().tools)
    for (const parameter of command.params) {
      const kind = kindOfParameter(command, parameter);
      // What `id` means is the command's own kind.
      if (!kind || parameter.name === 'id' || parameter.name === 'ids') continue;
      found.set(parameter.name, (found.get(parameter.name) ?? new Set()).add(plain(kind.name)));
    }
  byParameter = found;
  return found;
};

const kindsOfField = (name: string): readonly string[] => {
  const odd = oddFields()[name];
  const stem = /^(.+?)(?:display)?(?:name|text|state|type)$/.exec(name)?.[1];
  return [
    ...(odd === undefined ? [] : [odd]),
    ...(kindsByParameter().get(name) ?? []),
    ...((stem && kindsByParameter().get(`${stem}id`)) || []),
  ];
};

let types: ReadonlyMap<string, ResponseType> | undefined;

const collect = (response: string, into: Set<string>, seen: Set<string>): void => {
  types ??= new Map(loadData<ResponseType[]>('responses.json').map((type) => [type.name, type]));
  if (seen.has(response)) return;
  seen.add(response);
  for (const { name, ref } of types.get(response)?.fields ?? []) {
    for (const kind of kindsOfField(name)) into.add(kind);
    if (ref === undefined) continue;
    into.add(plain(ref));
    collect(ref, into, seen);
  }
};

let views: ReadonlyMap<string, ReadonlySet<string>> | undefined;

/**
 * What cached answers show: the kind of their rows → every kind that a row tells something of (names, states), itself
 * included.
 */
export const loadViews = (): ReadonlyMap<string, ReadonlySet<string>> => {
  if (views) return views;
  const found = new Map<string, Set<string>>();
  for (const { command } of loadCatalog().tools) {
    if (lifetimeOf(command.name) === undefined) continue;
    const view = viewOf(command);
    const shown = found.get(view) ?? new Set([view]);
    collect(command.response, shown, new Set());
    found.set(view, shown);
  }
  views = found;
  return found;
};

/** The kind of a command's rows. */
export const viewOf = ({ response }: Command): string => plain(response);

/** The kinds on which a cached answer depends: of its rows, and of what narrows it. */
export const kindsIn = (command: Command, params: Readonly<Record<string, string>>): readonly string[] => {
  const given = command.params.flatMap((parameter) => {
    const kind = params[parameter.name] === undefined ? undefined : kindOfParameter(command, parameter);
    return kind ? [plain(kind.name)] : [];
  });
  return [...new Set([viewOf(command), ...given])];
};
