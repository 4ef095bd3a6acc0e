import { loadCatalog } from '../catalog/catalog.ts';
import { kindOfParameter } from '../catalog/kinds.ts';
import type { ResponseType } from '../catalog/types.ts';
import { loadData } from '../data.ts';
import { canonicalKind, rowKindOf } from './canonical-kinds.ts';
import { lifetimeOf } from './lifetimes.ts';

/** Fields that show a resource of a kind without its id; data/invalidations.json. */
const fieldKinds = (): Record<string, string> =>
  loadData<{ fieldKinds: Record<string, string> }>('invalidations.json').fieldKinds;

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
      found.set(parameter.name, (found.get(parameter.name) ?? new Set()).add(canonicalKind(kind.name)));
    }
  byParameter = found;
  return found;
};

const kindsOfField = (name: string): readonly string[] => {
  const odd = fieldKinds()[name];
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
    into.add(canonicalKind(ref));
    collect(ref, into, seen);
  }
};

/** The kind of a cached answer's rows → every kind of which a row shows something (a name, a state), itself included. */
export const computeDependencies = (): Record<string, readonly string[]> => {
  const found = new Map<string, Set<string>>();
  for (const { command } of loadCatalog().tools) {
    if (lifetimeOf(command.name) === undefined) continue;
    const rowKind = rowKindOf(command);
    const shown = found.get(rowKind) ?? new Set([rowKind]);
    collect(command.response, shown, new Set());
    found.set(rowKind, shown);
  }
  return Object.fromEntries([...found].map(([kind, shown]) => [kind, [...shown]]));
};
