import type { Command, Parameter } from '../catalog/types.ts';
import { findValues } from '../catalog/values.ts';
import type { Expression } from './expression.ts';
import type { Query } from './query.ts';

/** Parameters that say whose things a list shows: giving one changes more than which rows fit. */
const scopes: ReadonlySet<string> = new Set(['account', 'domainid', 'projectid', 'listall', 'isrecursive']);

/** An equality that the cloud looks for itself. */
interface Filter {
  name: string;
  value: string;
  /** The cloud's filter means exactly the same, so that it need not be looked at again. */
  isExact: boolean;
}

const filterOf = (command: Command, expression: Expression): Filter | undefined => {
  if (expression.type !== 'compare' || expression.by !== '=') return undefined;
  const { left, right } = expression;
  if (left.type !== 'field' || right.type !== 'literal') return undefined;
  // Blanks around a value are none of it, here as in `keyOf`.
  const text = right.value.text.trim();
  if (text === '') return undefined;
  const parameter = command.params.find(({ name }) => name === left.name);
  if (!parameter || scopes.has(parameter.name) || !isForAll(parameter)) return undefined;
  const { name } = parameter;
  if (parameter.type === 'uuid') return { name, value: text, isExact: true };
  if (parameter.type === 'boolean')
    return /^(?:true|false)$/i.test(text) ? { name, value: text.toLowerCase(), isExact: true } : undefined;
  if (parameter.type !== 'string') return undefined;
  const set = findValues(command.name, name);
  if (!set) return { name, value: text, isExact: false };
  const value = set.values.map(String).find((one) => one.toLowerCase() === text.toLowerCase());
  return value === undefined ? undefined : { name, value, isExact: true };
};

/** CloudStack ignores parameters that an account or a release does not have. */
const isForAll = ({ admin, roles, releases, live }: Parameter): boolean =>
  admin !== true && live !== true && roles === undefined && releases === undefined;

/**
 * What of a question the cloud can look for itself: equalities of fields that are parameters of the command and that `isFree`,
 * with the question that is left. The question is undefined where the cloud answers all of it.
 */
export const splitQuery = (
  command: Command,
  ask: Query,
  isFree: (parameter: string) => boolean,
): { filters: Readonly<Record<string, string>>; left: Query } => {
  const { where } = ask;
  if (!where) return { filters: {}, left: ask };
  const parts = where.type === 'and' ? where.parts : [where];
  const filters: Record<string, string> = {};
  const left = parts.filter((part) => {
    const filter = filterOf(command, part);
    if (!filter || !isFree(filter.name) || filters[filter.name] !== undefined) return true;
    filters[filter.name] = filter.value;
    return !filter.isExact;
  });
  const [only] = left;
  return { filters, left: { ...ask, where: left.length > 1 ? { type: 'and', parts: left } : only } };
};
