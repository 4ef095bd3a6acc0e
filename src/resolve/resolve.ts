import { kindOfName, takesName, typeParameterOf, type Kind } from '../catalog/kinds.ts';
import type { Command, Parameter } from '../catalog/types.ts';
import { CallError } from '../errors.ts';
import { limits } from '../limits.ts';
import { toKebab } from '../catalog/names.ts';
import type { Row } from '../rows.ts';
import { quoteName } from '../secrets/text.ts';
import { countTypos } from '../spelling.ts';
import { cutText, isId, isShortId, toLabel } from '../text.ts';
import type { NamedCall, ParamValue, PermittedCall, ResolvedCall, ResolvedName } from '../types.ts';
import type { Directories } from './directories.ts';
import { nameOf, type Directory } from './directory.ts';

/** More candidates help no one. */
const max = 10;

const isGiven = (value: string): boolean => isId(value) || value === '-1';

/** Rows of one name told apart: the id, where each is and whose, its name last. */
const toMatches = (kind: Kind, rows: readonly Row[]): string[] =>
  rows.slice(0, max).map((row) => {
    const where = ['zonename', 'account', 'domainpath', 'project'].flatMap((field) =>
      row[field] ? `${field} ${quoteName(String(row[field]))}` : [],
    );
    return `${toLabel(String(row['id']))} (${[...where, `name ${quoteName(nameOf(kind, row) ?? '')}`].join(', ')})`;
  });

/** Names by how near they come to the one that was given; of a long one, its beginning counts. */
const nearestFirst = (names: readonly string[], name: string): string[] => {
  const wanted = cutText(name, 100).toLowerCase();
  const far = new Map(names.map((each) => [each, countTypos(wanted, cutText(each, 100).toLowerCase())]));
  return names.toSorted((a, b) => far.get(a)! - far.get(b)!);
};

const lookUp = async (
  directory: Directory,
  kind: Kind,
  parameter: string,
  name: string,
  scope: Row,
): Promise<string> => {
  const called = await directory.find(kind, name, scope);
  const short = called?.length === 0 && isShortId(name) ? await directory.begins(kind, name, scope) : undefined;
  const rows = short?.rows ?? called;
  // Another one may begin so among those that were not looked at.
  if (short && !short.isAll && rows?.length === 1)
    throw new CallError(
      'invalid',
      `${parameter}: there are too many ${kind.plural} to find the one whose id begins with "${toLabel(name)}".`,
      'Give the full id. Nothing was sent.',
      { candidates: toMatches(kind, rows) },
    );
  if (rows?.length === 1) return String(rows[0]!['id']);
  if (rows && rows.length > 1)
    throw new CallError(
      'invalid',
      `${parameter}: ${rows.length} ${kind.plural} ${called?.length ? 'are called' : 'have ids that begin with'} "${toLabel(name)}".`,
      'Give the id of the one you mean. Nothing was sent.',
      { candidates: toMatches(kind, rows) },
    );
  if (!rows)
    throw new CallError(
      'invalid',
      `${parameter}: "${toLabel(name)}" is not an id, and this cloud does not list ${kind.plural} to look the name up.`,
      'Give the id. Nothing was sent.',
    );
  const others = nearestFirst(await directory.names(kind, scope), name);
  throw new CallError(
    'not-found',
    `${parameter}: there is no ${kind.title} "${toLabel(name)}" that this account can see.`,
    others.length
      ? 'Give the name or the id of an existing one. Nothing was sent.'
      : `Look with [[${toKebab(kind.list ?? '')}]]. Nothing was sent.`,
    { candidates: others.length ? others.slice(0, max).map((other) => quoteName(other, 40)) : undefined },
  );
};

const named = new WeakMap<Command, readonly Parameter[]>();

/** The parameters that take names, some with a type beside them. Projects first: they narrow where the other names are looked up. */
const namedParameters = (command: Command): readonly Parameter[] => {
  let found = named.get(command);
  if (!found) {
    const takes = command.params.filter(
      (parameter) => takesName(command, parameter) || typeParameterOf(command, parameter) !== undefined,
    );
    found = takes.sort((a, b) => rank(b) - rank(a));
    named.set(command, found);
  }
  return found;
};

const rank = ({ name }: Parameter): number => Number(name === 'zoneid' || name === 'projectid');

/**
 * Why a value that is no id cannot be looked up where the type stands beside it; undefined where it can. CloudStack finds nothing by
 * such a value, and says so by silence, or takes a number of its database, of which nothing can be read.
 */
const whyNoName = (
  command: Command,
  parameter: Parameter,
  params: Readonly<Record<string, ParamValue>>,
): string | undefined => {
  const type = typeParameterOf(command, parameter);
  const other = [params[parameter.name]].flat().find((value) => !isGiven(String(value)));
  if (type === undefined || other === undefined) return undefined;
  const why = /^\d+$/.test(String(other))
    ? 'numbers of the database are not accepted'
    : params[type] === undefined
      ? `${type} is missing, which says what it is the name of`
      : kindOfName(command, parameter, params)
        ? undefined
        : `no names are looked up for ${type} ${toLabel(String(params[type]))}`;
  return why && `${parameter.name}: "${toLabel(String(other))}" is not an id (uuid): ${why}.`;
};

const resolveIn = async (directory: () => Directory, call: PermittedCall): Promise<ResolvedCall> => {
  const { command } = call.tool;
  const params: Record<string, ParamValue> = { ...call.params };
  const names: ResolvedName[] = [];
  for (const parameter of namedParameters(command)) {
    const value = params[parameter.name];
    if (value === undefined) continue;
    const kind = kindOfName(command, parameter, params);
    const wrong = whyNoName(command, parameter, params);
    if (wrong) throw new CallError('invalid', wrong, 'Give the id, or a name and its type. Nothing was sent.');
    if (!kind) continue;
    const { [parameter.name]: _own, ...scope } = params;
    const resolved: string[] = [];
    const known = new Map<string, string>();
    for (const name of Array.isArray(value) ? (value as string[]) : [String(value)]) {
      const id = isGiven(name)
        ? name
        : (known.get(name) ?? (await lookUp(directory(), kind, parameter.name, name, scope)));
      if (!known.has(name) && id !== name && names.length >= limits.names)
        throw new CallError(
          'invalid',
          `The call names more than ${limits.names} things by name.`,
          'Give their ids, or make several calls. Nothing was sent.',
        );
      known.set(name, id);
      if (id !== name) names.push({ parameter: parameter.name, name, id });
      resolved.push(id);
    }
    params[parameter.name] = Array.isArray(value) ? resolved : resolved[0]!;
  }
  const { tool, request, notes, role, roleName, decision } = call;
  const resolved: NamedCall = { tool, params, request, notes, role, roleName, decision, names };
  return resolved as ResolvedCall;
};

/**
 * Puts ids for names. Two things of one name are an error that lists them; nothing is guessed. Only reads are sent, and
 * none when everything is an id already.
 */
export const resolveNames = ({ cached, now }: Directories, call: PermittedCall): Promise<ResolvedCall> =>
  cached
    ? resolveIn(cached, call).catch((error: unknown) => {
        // What was just made elsewhere is not in the cache.
        if (error instanceof CallError && error.kind === 'not-found') return resolveIn(now, call);
        throw error;
      })
    : resolveIn(now, call);
