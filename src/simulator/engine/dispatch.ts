import type { Command } from '../../catalog/types.ts';
import type { Behaviours, Call, CallingUser, Result, Work } from '../rules/call.ts';
import { list, success } from '../rules/results.ts';
import { ApiError } from '../world/errors.ts';
import type { World } from '../world/world.ts';
import { decodeParams } from './decode.ts';
import { checkEncodings } from './encodings.ts';
import { bodyOf, bytesOf } from './envelope.ts';
import { recordEnd, recordStart } from './events.ts';
import { genericBehaviour } from './generic.ts';
import type { JobFault, AsyncJobs } from './jobs.ts';
import type { Renderer } from './render.ts';
import { checkRequirements } from './requirements.ts';
import { resolveRows } from './resolve.ts';
import { checkValues } from './values.ts';

/** What running commands needs. */
export interface Engine {
  world: World;
  renderer: Renderer;
  jobs: AsyncJobs;
  /** What commands do that is more than their name says, by command. */
  behaviours: Behaviours;
}

/** Decodes a command's parameters and finds what they name: all that is checked before anything happens. */
export const prepare = (
  world: World,
  command: Command,
  params: ReadonlyMap<string, string>,
  caller: CallingUser,
): Call => {
  const args = decodeParams(command, params, caller.root);
  const matchesNothing = checkValues(command, args) && command.result === 'list';
  const rows = resolveRows(world, command, args, caller);
  checkRequirements(command, args);
  checkEncodings(command, args);
  return { world, command, args, rows, caller, matchesNothing };
};

const act = ({ behaviours }: Engine, call: Call): Result | Work =>
  call.matchesNothing ? list([]) : (behaviours[call.command.name] ?? genericBehaviour(call.command.name))(call);

const stub = (engine: Engine, call: Call, done: Work, custom?: string, fault?: JobFault): string => {
  const job = engine.jobs.start(call, done, custom, fault);
  const id = call.command.create && done.on ? `"id":${JSON.stringify(done.on.id)},` : '';
  return `${id}"jobid":${JSON.stringify(job.id)}`;
};

/** Runs a prepared call; the text is what goes inside its envelope. */
export const run = (engine: Engine, call: Call, custom?: string, fault?: JobFault): string | Uint8Array[] => {
  const result = act(engine, call);
  if (!call.command.async) {
    const outcome = result.form === 'work' ? result.finish() : result;
    if (!call.command.name.startsWith('list')) recordEnd(call, outcome);
    if (call.command.result === 'none') return '';
    const pieces = bytesOf(call, outcome, engine.renderer);
    if (pieces) return pieces;
    return bodyOf(
      call,
      call.command.result === 'success' && outcome.form === 'object' ? success() : outcome,
      engine.renderer,
    );
  }
  const done: Work = result.form === 'work' ? result : { form: 'work', finish: () => result };
  recordStart(call, done);
  return stub(engine, call, done, custom, fault);
};

/** Hides what only administrators may see of a failure. */
export const forCaller = (error: ApiError, caller: CallingUser | undefined): ApiError =>
  caller && !caller.root && [530, 533, 534].includes(error.status)
    ? new ApiError(error.status, 'Internal error executing command, please contact your system administrator', error.cs)
    : error;
