import { kindOfParameter } from '../catalog/kinds.ts';
import { once } from '../catalog/once.ts';
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

/** The kinds of a command's rows and of its parameters. */
const kindsOf = once((command: Command) => ({
  rows: rowKindOf(command),
  params: command.params.flatMap((parameter) => {
    const kind = kindOfParameter(command, parameter);
    return kind ? [{ name: parameter.name, kind: canonicalKind(kind.name) }] : [];
  }),
}));

/** The kinds on which a cached answer depends: that of its rows, and those of its filters. */
export const dependenciesOf = (command: Command, params: Readonly<Record<string, string>>): readonly string[] => {
  const { rows, params: filters } = kindsOf(command);
  return [...new Set([rows, ...filters.filter(({ name }) => params[name] !== undefined).map(({ kind }) => kind)])];
};
