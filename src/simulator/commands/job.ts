import { listKind } from '../engine/list.ts';
import { isWithin } from '../rules/access.ts';
import { text, textArg } from '../rules/args.ts';
import type { Behaviour, Behaviours } from '../rules/call.ts';
import { object } from '../rules/results.ts';
import { forbidden, unknownId } from '../world/errors.ts';

const query: Behaviour = (call) => {
  const { world, caller } = call;
  const id = textArg(call, 'jobid') ?? '';
  const job = world.find('AsyncJob', id);
  if (!job) throw unknownId(call.command.name, 'jobid', id);
  const owner = world.get(job.owner ?? '');
  const mine =
    job.owner === caller.account.id ||
    (caller.role !== 'User' && isWithin(world, text(owner, 'domainid'), caller.domain.id));
  if (!caller.root && !mine) throw forbidden();
  return object(job);
};

/** Asynchronous jobs. */
export const job: Behaviours = {
  queryAsyncJobResult: query,
  listAsyncJobs: (call) => listKind(call, 'AsyncJob'),
};
