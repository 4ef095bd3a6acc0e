import { lookEverywhere } from '../catalog/list-scope.ts';
import type { Tool } from '../catalog/tool.ts';
import { CallError } from '../errors.ts';
import { isBounded } from '../guard/bounds.ts';
import { toReadWire, toWire } from '../request/to-wire.ts';
import { itemOf, rowsOf, type Row } from '../rows.ts';
import type { Answer, ApprovedCall, ListRows, PageAsked, Params, WireParams } from '../types.ts';
import type { Cloud, Jobs } from './composition.ts';
import { forgetTags } from './recent-tags.ts';
import type { Run } from './run.ts';

type RequestOptions = Parameters<Cloud['send']>[2];

const uniqueById = (rows: readonly Row[]): readonly Row[] => [
  ...new Map(rows.map((row, index) => [row['id'] ?? index, row])).values(),
];

/** Reads a list wherever the caller may look, or the one object of a command, for a call and in its time. */
export const listFor =
  ({ cloudstack, send, account }: Cloud, { request: { signal, caller }, deadline }: Run) =>
  async (tool: Tool, params: Params, isCached: boolean): Promise<readonly Row[]> => {
    const places = await lookEverywhere(tool.command, params, async () => (await account())?.role);
    const options = { signal, principal: caller.principal, deadline: Date.now() + deadline.left(), wait: 0 };
    const bodies = await Promise.all(
      places.map(async (place) => {
        const wire = toReadWire(tool, place);
        return (await (isCached ? send(tool, wire, options) : cloudstack.send(wire, options))).body;
      }),
    );
    const rows = bodies.flatMap((body) => (tool.command.result === 'list' ? rowsOf(body) : [itemOf(body)]));
    return places.length > 1 ? uniqueById(rows) : rows;
  };

/** The same as it is now. */
export const listNow =
  (cloud: Cloud, run: Run): ListRows =>
  (tool, params) =>
    listFor(cloud, run)(tool, params, false);

/** A list and what a second request shows beside it: the second is sent only where the first showed all of its own. */
const joinAnswers = async (first: Answer, ask: () => Promise<Answer>): Promise<Answer> => {
  const rows = rowsOf(first.body);
  const count = Number(first.body['count'] ?? rows.length);
  if (rows.length < count) return { ...first, isPart: true };
  const second = await ask();
  const known = new Set(rows.map((row) => row['id']));
  const shown = rowsOf(second.body);
  // What belongs to everyone stands in both.
  const more = shown.filter(({ id }) => id === undefined || !known.has(id));
  if (!more.length) return first;
  const key = Object.keys(second.body).find((name) => Array.isArray(second.body[name]))!;
  const total = count + Number(second.body['count'] ?? shown.length) - (shown.length - more.length);
  return { ...first, body: { ...first.body, count: total, [key]: [...rows, ...more] } };
};

/** How the requests of a call are sent: in its time, counted together. */
export const sendOptions = ({ request, deadline, record }: Run): RequestOptions => {
  let requests = 0;
  return {
    ...request,
    principal: request.caller.principal,
    deadline: Date.now() + deadline.left(),
    fresh: request.view.fresh,
    onSent: () => record({ requests: ++requests }),
  };
};

/** Sends an approved call. The job that comes of it is its caller's to ask about, however the call ends. */
export const sendCall = async (
  { cloudstack, send }: Cloud,
  jobs: Jobs,
  call: ApprovedCall,
  wire: WireParams,
  { request, record }: Run,
  options: RequestOptions,
): Promise<Answer> => {
  const began = async (job: string): Promise<void> => {
    record({ job });
    if (isBounded(call.role)) await jobs.add(request.caller, job);
  };
  forgetTags(cloudstack, call);
  let answer: Answer;
  try {
    answer = await send(call.tool, wire, options);
  } catch (error) {
    if (error instanceof CallError && error.job !== undefined) await began(error.job);
    throw error;
  } finally {
    forgetTags(cloudstack, call);
  }
  const also = call.scope?.also;
  if (also) return joinAnswers(answer, () => send(call.tool, toReadWire(call.tool, also), options));
  if (!answer.job) return answer;
  await began(answer.job.id);
  record({ pending: answer.job.status === 'pending' });
  return answer;
};

/** Asks for a page of the list that an approved call was answered with whole; what it counts may be all that is known. */
export const sendPage = async (
  { send }: Cloud,
  call: ApprovedCall,
  whole: Answer,
  page: PageAsked,
  options: RequestOptions,
): Promise<Answer> => {
  const answer = await send(call.tool, toWire(call, page), options);
  const isJoined = call.scope?.also !== undefined;
  const counts = [answer.body['count'], isJoined ? 0 : whole.body['count']].map((count) => Number(count ?? 0));
  return { ...answer, page, isPart: isJoined, body: { ...answer.body, count: Math.max(...counts) } };
};

/** A look-up as a plan sees it: what its earlier steps will make is found, too. */
export type LookAhead = (list: ReturnType<typeof listFor>) => ReturnType<typeof listFor>;
