import { takes } from '../catalog/given.ts';
import type { Kind } from '../catalog/kinds.ts';
import type { CallSettings } from '../config/call.ts';
import { rowsOf, type Row } from '../rows.ts';
import type { Answer, ValidCall, PageAsked } from '../types.ts';
import { chooseColumns, fitColumns, pickRows } from './columns.ts';
import { costsOf, fitsFor, type Page } from './list.ts';
import { narrowRows } from './shown-fields.ts';

/** Which page was asked for; all that CloudStack gives at once without a size. */
interface RequestedPage {
  page: number;
  size: number | undefined;
}

/**
 * A page size of at most `fit` rows with which the same rows can be asked for from where the page begins. Each size divides
 * the larger ones, so that what follows a page begins at a whole page of every smaller size.
 */
export const smallerSize = (fit: number, { page, size }: RequestedPage): number => {
  if (page === 1 || size === undefined) return 2 ** Math.floor(Math.log2(Math.max(1, fit)));
  let smaller = Math.max(1, fit);
  while (size % smaller !== 0) smaller--;
  return smaller;
};

const isPagedByServer = ({ tool }: ValidCall): boolean => takes(tool.command, 'pagesize');

/** Rows with the newest first, where a date of their kind leads. */
const newestFirst = (rows: readonly Row[], kind: Kind | undefined): readonly Row[] => {
  const date = kind?.newestBy;
  if (date === undefined) return rows;
  const time = (row: Row): number => Date.parse(String(row[date])) || 0;
  return rows.toSorted((a, b) => time(b) - time(a));
};

/** What was asked for; of a smaller page the answer says it. CloudStack gives everything for the size -1. */
const askedOf = (call: ValidCall, { page: cut }: Answer): RequestedPage => {
  if (cut) return { page: cut.page, size: cut.pagesize };
  const isPaged = isPagedByServer(call);
  const { view } = call.request;
  const { page = 1, pagesize } = (isPaged ? call.params : view) as Partial<PageAsked>;
  if (pagesize === -1) return { page, size: undefined };
  return { page, size: pagesize ?? (isPaged || view.page === undefined ? undefined : 100) };
};

/** Tokens of the cheapest row that was seen of each list. */
export interface RowCosts {
  note(call: ValidCall, cost: number): void;
  of(call: ValidCall): number | undefined;
}

/** Lists whose costs are remembered: of one server they are few. */
const maxLists = 1000;

const listOf = ({ tool, request }: ValidCall): string =>
  JSON.stringify([request.caller.profile, tool.command.name, request.view.fields]);

/** What is remembered of the rows of one server's lists. */
export const createRowCosts = (): RowCosts => {
  const cheapest = new Map<string, number>();
  return {
    note: (call, cost) => {
      const list = listOf(call);
      if (cheapest.size >= maxLists) cheapest.clear();
      cheapest.set(list, Math.min(cost, cheapest.get(list) ?? Infinity));
    },
    of: (call) => cheapest.get(listOf(call)),
  };
};

/** How many rows of a page fit into the budget, whichever they are; undefined where all do. `onCheapest`: told what the cheapest costs. */
const fittingRows = (
  call: ValidCall,
  rows: readonly Row[],
  kind: Kind | undefined,
  budget: number,
  onCheapest: (cost: number) => void = () => undefined,
) => {
  const { whole, fields } = call.request.view;
  if (whole) return undefined;
  const columns = fitColumns(chooseColumns(rows, kind, fields), budget);
  const items = pickRows(rows, columns, !fields);
  const texts = items.map((item) => JSON.stringify(item));
  if (fitsFor(items, texts, columns.length, budget)) return undefined;
  // A row that is longer than all others is cut rather than shown alone.
  const costs = costsOf(items, columns, texts)
    .map((cost) => Math.min(cost, budget / 2))
    .sort((a, b) => b - a);
  onCheapest(costs.at(-1)!);
  let left = budget;
  const fit = costs.findIndex((cost) => (left -= cost) < 0);
  return fit === -1 ? undefined : fit;
};

/** A list that CloudStack does not page, or gives whole whatever page was asked for. */
const isUnpaged = (call: ValidCall, rows: readonly Row[], size: number | undefined): boolean =>
  !isPagedByServer(call) || (size !== undefined && rows.length > size);

/**
 * The page to ask for instead where an answer does not fit into the budget: it begins where this one does, and any rows of
 * this one that may be on it fit. CloudStack cuts pages in an order of its own and gives the rows of a page in any order
 * (EventJoinDaoImpl.searchByIds), so that the first rows of a larger page would not be the first page of a smaller size.
 */
export const smallerPage = (
  call: ValidCall,
  answer: Answer,
  kind: Kind | undefined,
  { budget }: CallSettings,
  costs: RowCosts,
): PageAsked | undefined => {
  const asked = askedOf(call, answer);
  const rows = rowsOf(narrowRows(call, answer.body, kind));
  if (rows.length < 2 || isUnpaged(call, rows, asked.size)) return undefined;
  const fit = fittingRows(call, rows, kind, budget, (cost) => costs.note(call, cost));
  if (fit === undefined) return undefined;
  const pagesize = smallerSize(fit, asked);
  const before = (asked.page - 1) * (asked.size ?? 0);
  return { page: before / pagesize + 1, pagesize };
};

/**
 * The page to ask for first where so many rows as were asked for cannot fit, by the cheapest row of this list that was seen: the
 * cloud makes, and sends, no rows that no one sees. Undefined where all may fit, or nothing is known.
 */
export const firstPage = (call: ValidCall, { budget }: CallSettings, costs: RowCosts): PageAsked | undefined => {
  const { page, pagesize } = call.params;
  if (call.request.view.whole || call.tool.risk.risk !== 'read' || typeof pagesize !== 'number') return undefined;
  const cost = isPagedByServer(call) ? costs.of(call) : undefined;
  const asked = { page: typeof page === 'number' ? page : 1, size: pagesize };
  if (cost === undefined || pagesize * cost <= budget) return undefined;
  const size = smallerSize(Math.floor(budget / cost), asked);
  return size < pagesize ? { page: ((asked.page - 1) * pagesize) / size + 1, pagesize: size } : undefined;
};

/** A part of a list that is paged here, cut to the budget. */
const partOf = (
  call: ValidCall,
  all: readonly Row[],
  kind: Kind | undefined,
  asked: RequestedPage,
  budget: number,
): Page => {
  const { page, size } = asked;
  const before = (page - 1) * (size ?? 0);
  const rows = all.slice(before, before + (size ?? all.length));
  const fit = fittingRows(call, rows, kind, budget);
  const used = fit === undefined ? (size ?? all.length) : smallerSize(fit, asked);
  const isMore = rows.length > 0 && before + used < all.length;
  const next = isMore ? { page: before / used + 2, pagesize: used } : undefined;
  return { rows: rows.slice(0, used), page, count: all.length, isAtLeast: false, next };
};

/** The page of a list answer. The few lists that CloudStack does not page are paged here. */
export const pageOf = (
  call: ValidCall,
  answer: Answer,
  kind: Kind | undefined,
  { budget, pageSizeLimit }: CallSettings,
): Page => {
  const asked = askedOf(call, answer);
  const { page, size } = asked;
  const rows = newestFirst(rowsOf(answer.body), kind);
  if (isUnpaged(call, rows, size)) return partOf(call, rows, kind, asked, budget);
  const before = (page - 1) * (size ?? 0);
  const { count = 0 } = answer.body as { count?: number };
  // A role that sees a part of the cloud is not told how much there is beside it, but that there may be more.
  const served = answer.served ?? { rows: rows.length, count };
  // Some lists count the rows of the page only (metrics of 4.13): a full page then does not tell whether it is the last.
  const isUnsure =
    call.params['pagesize'] !== -1 && served.rows >= (size ?? pageSizeLimit) && served.count <= served.rows;
  const isMore = served.rows > 0 && (isUnsure || before + served.rows < served.count);
  return {
    rows,
    page,
    count: Math.max(count, rows.length ? before + rows.length : 0),
    isAtLeast: isMore && (isUnsure || answer.served !== undefined),
    next: isMore ? { page: page + 1, pagesize: size ?? served.rows } : undefined,
  };
};
