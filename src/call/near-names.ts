import { takes } from '../catalog/given.ts';
import { findKind, type Kind } from '../catalog/kinds.ts';
import { rowsOf, type Row } from '../rows.ts';
import { quoteName } from '../secrets/text.ts';
import { countTypos } from '../spelling.ts';
import type { Answer, ApprovedCall, ListRows, NearNames, Params } from '../types.ts';

/** Rows that are looked through for near names: one page. */
const maxRows = 500;
/** Names that are told. */
const maxNames = 3;
/** Longer names are not compared: the distance takes time by the product of both lengths. */
const maxLength = 100;

/** Parameters that say whose things are listed: near names are looked for among the same. */
const scopes = new Set(['listall', 'isrecursive', 'projectid', 'account', 'domainid']);

const namesOf = ({ names = ['name'] }: Kind, row: Row): string[] =>
  names.flatMap((field) => (typeof row[field] === 'string' && row[field].length <= maxLength ? [row[field]] : []));

/** The names that come nearest to a word, or that it is a part of. */
const nearest = (names: readonly string[], word: string): string[] => {
  const wanted = word.toLowerCase();
  const far = (name: string): number => countTypos(wanted, name.toLowerCase());
  const limit = Math.max(2, Math.floor(word.length / 3));
  return names
    .filter((name) => far(name) <= limit || name.toLowerCase().includes(wanted))
    .sort((a, b) => far(a) - far(b))
    .slice(0, maxNames);
};

/**
 * The names nearest to the one by which a list shows nothing, among what it shows without its filters: one read more, of one page.
 * Undefined where the list was not narrowed by a name, shows something, or nothing is near.
 */
export const readNearNames = (
  call: ApprovedCall,
  answer: Answer,
  list: ListRows,
): Promise<NearNames | undefined> | undefined => {
  const { tool, params, request } = call;
  const { command } = tool;
  const kind = findKind(command.response);
  const word = [kind?.filter ?? 'name', 'name', 'keyword']
    .map((name) => params[name])
    .find((value) => value !== undefined);
  const isFirst = (request.view.page ?? params['page'] ?? 1) === 1;
  if (kind?.list !== command.name || typeof word !== 'string' || word.length > maxLength || !isFirst) return undefined;
  return rowsOf(answer.body).length ? undefined : lookForNear(call, kind, word, list);
};

const lookForNear = async (
  { tool, params }: ApprovedCall,
  kind: Kind,
  word: string,
  list: ListRows,
): Promise<NearNames | undefined> => {
  const { command } = tool;
  const filters = command.params.flatMap(({ name, required }) =>
    params[name] !== undefined && (required || scopes.has(name)) ? [[name, params[name]] as const] : [],
  );
  const paged = takes(command, 'pagesize') ? { page: 1, pagesize: maxRows } : {};
  const asked: Params = { ...Object.fromEntries(filters), ...paged };
  // An empty list is better shown without near names than not at all.
  const rows = await list(tool, asked).catch(() => []);
  const names = [...new Set(rows.flatMap((row) => namesOf(kind, row)))];
  const near = nearest(names, word);
  if (!near.length) return undefined;
  const isThere = near.some((name) => name.toLowerCase() === word.toLowerCase());
  return { names: near.map((name) => quoteName(name, 40)), isThere };
};
