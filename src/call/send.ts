import { lookEverywhere } from '../catalog/list-scope.ts';
import type { Tool } from '../catalog/tool.ts';
import { CallError } from '../errors.ts';
import { isBounded } from '../guard/bounds.ts';
import { toReadWire } from '../request/to-wire.ts';
import { itemOf, rowsOf, type Row } from '../rows.ts';
import type { Answer, ApprovedCall, Params, WireParams } from '../types.ts';
import type { Cloud, Jobs } from './composition.ts';
import type { Run } from './run.ts';

const uniqueById = (rows: readonly Row[]): readonly Row[] => [
  ...new Map(rows.map((row, index) => [row['id'] ?? index, row])).values(),
];

/** Reads a list wherever the caller may look, or the one object of a command, for a call and in its time. */
export const listFor =
  ({ cloudstack, send, account }: Cloud, { request: { signal }, deadline }: Run) =>
  async (tool: Tool, params: Params, isCached: boolean): Promise<readonly Row[]> => {
    const places = await lookEverywhere(tool.command, params, async () => (await account())?.role);
    const options = { signal, deadline: Date.now() + deadline.left(), wait: 0 };
    const bodies = await Promise.all(
      places.map(async (place) => {
        const wire = toReadWire(tool, place);
        return (await (isCached ? send(tool, wire, options) : cloudstack.send(wire, options))).body;
      }),
    );
    const rows = bodies.flatMap((body) => (tool.command.result === 'list' ? rowsOf(body) : [itemOf(body)]));
    return places.length > 1 ? uniqueById(rows) : rows;
  };

/** A list and what a second request shows beside it: the second is sent only where the first showed all of its own. */
const joinAnswers = async (first: Answer, ask: () => Promise<Answer>): Promise<Answer> => {
  const rows = rowsOf(first.body);
  const count = Number(first.body['count'] ?? rows.length);
  if (rows.length < count) return { ...first, isPart: true };
  const second = await ask();
  const more = rowsOf(second.body);
  if (!more.length) return first;
  const key = Object.keys(second.body).find((name) => Array.isArray(second.body[name]))!;
  const total = count + Number(second.body['count'] ?? more.length);
  return { ...first, body: { ...first.body, count: total, [key]: [...rows, ...more] } };
};

/** Sends an approved call. The job that comes of it is its caller's to ask about, however the call ends. */
export const sendCall = async (
  { send }: Cloud,
  jobs: Jobs,
  call: ApprovedCall,
  wire: WireParams,
  { request, deadline, record }: Run,
): Promise<Answer> => {
  let requests = 0;
  const began = async (job: string): Promise<void> => {
    record({ job });
    if (isBounded(call.role)) await jobs.add(request.caller, job);
  };
  const options: Parameters<Cloud['send']>[2] = {
    ...request,
    deadline: Date.now() + deadline.left(),
    fresh: request.view.fresh,
    onSent: () => record({ requests: ++requests }),
  };
  const answer = await send(call.tool, wire, options).catch(async (error: unknown) => {
    if (error instanceof CallError && error.job !== undefined) await began(error.job);
    throw error;
  });
  const also = call.scope?.also;
  if (also) return joinAnswers(answer, () => send(call.tool, toReadWire(call.tool, also), options));
  if (!answer.job) return answer;
  await began(answer.job.id);
  record({ pending: answer.job.status === 'pending' });
  return answer;
};
