import { createCollector, type Collected } from '../ask/collect.ts';
import { baseOf } from '../ask/derived.ts';
import { fieldsOf, type Query } from '../ask/query.ts';
import { findKind } from '../catalog/kinds.ts';
import type { CallSettings } from '../config/call.ts';
import type { Confinement } from '../guard/guard.ts';
import { limits } from '../limits.ts';
import { cleanBody } from '../present/clean.ts';
import { toReadWire, toWire } from '../request/to-wire.ts';
import { decidingFields } from '../secrets/mask.ts';
import { rowsOf, type Row } from '../rows.ts';
import type { Answer, ApprovedCall, PageAsked } from '../types.ts';
import type { Cloud } from './composition.ts';
import type { Run } from './run.ts';
import type { sendOptions } from './send.ts';

/** What came of all pages of a list. */
export interface ReadAll extends Collected {
  /** How many rows there are, as far as the cloud said. */
  total: number;
  /** Why the rest was not looked at, where there is one. */
  cut: 'bound' | 'time' | undefined;
  /** Seconds since the oldest page was read, where one was cached. */
  age: number | undefined;
}

/** Pages that are asked for at a time. */
const atOnce = 4;

/** A page of the cloud's as the caller may see it. */
interface SeenPage {
  rows: readonly Row[];
  /** How many rows the cloud gave, and how many it says there are. */
  served: number;
  count: number;
}

/** Fields that say whether another field of the row is a secret, and which row it is. */
const alwaysRead = ['id', ...decidingFields];

/** Cuts rows to the fields that are looked at or shown: masking a large list whole would take most of the time. */
const createPick = ({ tool, request }: ApprovedCall, ask: Query): ((row: Row) => Row) => {
  const { fields, whole } = request.view;
  const shown = ask.group ? [] : (fields ?? findKind(tool.command.response)?.columns);
  if (!shown?.every((field) => field !== '*') || (whole && !ask.group && !fields)) return (row) => row;
  const names = [...fieldsOf(ask), ...shown.map(baseOf)].flatMap((field) => [field, field.split(/[.?]/, 1)[0]!]);
  const read = [...new Set([...names, ...alwaysRead])];
  return (row) => Object.fromEntries(read.flatMap((name) => (name in row ? [[name, row[name]]] : [])));
};

/** Reads all pages of a list for what is asked over its rows: each is confined and masked before anything looks at it. */
export const readAll = async (
  { send }: Cloud,
  confinement: Confinement,
  call: ApprovedCall,
  ask: Query,
  { request, deadline }: Run,
  options: ReturnType<typeof sendOptions>,
  { pageSizeLimit }: Pick<CallSettings, 'pageSizeLimit'>,
): Promise<ReadAll> => {
  const { tool, scope } = call;
  const held = request.view.whole ? Infinity : Math.max(limits.rowsHeld, (ask.page ?? 1) * (ask.pagesize ?? 0));
  const collector = createCollector(ask, held);
  const pick = createPick(call, ask);
  const ids = new Set<unknown>();
  const begun = Date.now();
  const isPaged = tool.command.params.some(({ name }) => name === 'pagesize');
  let [total, looked, slowest] = [0, 0, 0];
  let age: number | undefined;
  let cut: ReadAll['cut'];

  const ready = (answer: Answer): SeenPage => {
    if (answer.age !== undefined) age = Math.max(age ?? 0, answer.age);
    const confined = confinement.confineAnswer(call, answer);
    const picked = rowsOf(confined.body).map(pick);
    const rows = rowsOf(cleanBody({ rows: picked }, tool.command.name, undefined));
    const { rows: served = rows.length, count = Number(answer.body['count'] ?? rows.length) } = confined.served ?? {};
    return { rows, served, count };
  };
  /** Rows move between pages while they are read, and the two lists of a scope share some. */
  const add = ({ rows, served }: SeenPage): void => {
    const fresh = rows.filter(({ id }) => id === undefined || !ids.has(id));
    for (const { id } of fresh) if (id !== undefined) ids.add(id);
    collector.add(fresh);
    looked += served;
    // The last page is the answer.
    if (looked < total)
      request.progress?.({
        elapsed: (Date.now() - begun) / 1000,
        message: `${looked} of ${total} rows read`,
        part: looked / total,
      });
  };
  const mayGoOn = (): boolean => {
    if (looked >= limits.rows) cut = 'bound';
    else if (deadline.left() < 2 * slowest + 500) cut = 'time';
    return cut === undefined;
  };
  const timed = async (asking: () => Promise<Answer>): Promise<SeenPage> => {
    const from = Date.now();
    const page = ready(await asking());
    slowest = Math.max(slowest, Date.now() - from);
    return page;
  };

  const readList = async (ask: (page?: PageAsked) => Promise<Answer>): Promise<void> => {
    if (!isPaged) {
      const only = await timed(ask);
      total += only.count;
      add(only);
      return;
    }
    const pageOf = (page: number) => timed(() => ask({ page, pagesize: pageSizeLimit }));
    const first = await pageOf(1);
    total += Math.max(first.count, first.served);
    add(first);
    // Some lists count the rows of the page only: then a page that is not full is the last.
    const isCounted = first.count > first.served;
    let isFull = first.served >= pageSizeLimit;
    const last = Math.ceil(first.count / pageSizeLimit);
    for (let next = 2; isFull && (!isCounted || next <= last) && mayGoOn();) {
      const wanted = Math.ceil((limits.rows - looked) / pageSizeLimit);
      const pages = Array.from(
        { length: isCounted ? Math.min(atOnce, last - next + 1, wanted) : 1 },
        (_, at) => next + at,
      );
      for (const page of await Promise.all(pages.map(pageOf))) {
        if (!isCounted) total += page.served;
        add(page);
        isFull &&= page.served >= pageSizeLimit;
      }
      next += pages.length;
    }
  };
  await readList((page) => send(tool, toWire(call, page), options));
  const also = scope?.also;
  if (also && mayGoOn()) await readList((page) => send(tool, toReadWire(tool, { ...also, ...page }), options));
  return { ...collector.result(), total, cut, age };
};
