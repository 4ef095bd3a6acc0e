import type { Tool } from '../catalog/tool.ts';
import { CallError } from '../errors.ts';
import { isBounded } from '../guard/bounds.ts';
import { toReadWire } from '../request/to-wire.ts';
import { itemOf, rowsOf, type Row } from '../rows.ts';
import type { Answer, ApprovedCall, Params, WireParams } from '../types.ts';
import type { Cloud, Jobs } from './composition.ts';
import type { Run } from './run.ts';

/** Reads a list, or the one object of a command, for a call and in its time. */
export const listFor =
  ({ cloudstack, send }: Cloud, { request: { signal }, deadline }: Run) =>
  async (tool: Tool, params: Params, isCached: boolean): Promise<readonly Row[]> => {
    const wire = toReadWire(tool, params);
    const options = { signal, deadline: Date.now() + deadline.left(), wait: 0 };
    const { body } = await (isCached ? send(tool, wire, options) : cloudstack.send(wire, options));
    return tool.command.result === 'list' ? rowsOf(body) : [itemOf(body)];
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
  if (!answer.job) return answer;
  await began(answer.job.id);
  record({ pending: answer.job.status === 'pending' });
  return answer;
};
