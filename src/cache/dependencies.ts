import { kindOfParameter } from '../catalog/kinds.ts';
import type { Command } from '../catalog/types.ts';
import { canonicalKind, rowKindOf } from './canonical-kinds.ts';
import { loadSavedDependencies } from './saved-dependencies.ts';

let dependencies: ReadonlyMap<string, ReadonlySet<string>> | undefined;

/**
 * The dependencies of cached answers: the kind of their rows → every kind of which a row shows something (a name, a
 * state), itself included.
 */
export const loadDependencies = (): ReadonlyMap<string, ReadonlySet<string>> =>
  (dependencies ??= new Map(Object.entries(loadSavedDependencies()).map(([kind, shown]) => [kind, new Set(shown)])));

/** The kinds on which a cached answer depends: that of its rows, and those of its filters. */
export const dependenciesOf = (command: Command, params: Readonly<Record<string, string>>): readonly string[] => {
  const given = command.params.flatMap((parameter) => {
    const kind = params[parameter.name] === undefined ? undefined : kindOfParameter(command, parameter);
    return kind ? [canonicalKind(kind.name)] : [];
  });
  return [...new Set([rowKindOf(command), ...given])];
};
