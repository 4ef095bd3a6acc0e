import type { Command } from '../../catalog/types.ts';
import type { Behaviours, Call, CallingUser, Result, Work } from '../rules/call.ts';
import { checkOfferings } from '../rules/offering-access.ts';
import { list, success } from '../rules/results.ts';
import { ApiError, badValue, forbidden } from '../world/errors.ts';
import type { Fields } from '../world/types.ts';
import type { World } from '../world/world.ts';
import { checkRefusedValues } from './refused-values.ts';
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

/** Refuses an id that a caller chose where only root may, or that is no UUID or another's (UUIDManagerImpl). */
const checkCustomId = (world: World, { customid }: Fields, { root }: CallingUser): void => {
  if (typeof customid !== 'string') return;
  if (!root) throw forbidden('Please check your permissions, only root admin can create/update the custom id');
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(customid))
    throw badValue(`UUID:${customid} doesn't follow the UUID format`);
  if (world.get(customid)) throw badValue(`The UUID: ${customid} is already used`);
};

/** Decodes a command's parameters and finds what they name: all that is checked before anything happens. */
export const prepare = (
  world: World,
  command: Command,
  params: ReadonlyMap<string, string>,
  caller: CallingUser,
): Call => {
  const args = decodeParams(command, params, caller.root);
  const wrong = failureOf(command, () => checkValues(command, args));
  const rows = resolveRows(world, command, args, caller);
  const unmet = failureOf(command, () => {
    checkRequirements(command, args);
    checkRefusedValues(world, command, args);
    checkEncodings(command, args);
    checkCustomId(world, args, caller);
  });
  const failure = [wrong, unmet].find((each) => each instanceof ApiError);
  return {
    world,
    command,
    args,
    rows,
    caller,
    matchesNothing: wrong === true && command.result === 'list',
    ...(failure instanceof ApiError ? { failure } : {}),
  };
};

/**
 * CloudStack makes the job of a command that creates nothing before it looks further than at the parameters and their
 * owners: what it refuses later fails the job.
 */
const failsInJob = ({ async, create }: Command, error: unknown): error is ApiError =>
  async === true && create !== true && error instanceof ApiError && error.cs !== 9999 && error.status !== 531;

const failureOf = <T>(command: Command, check: () => T): T | ApiError => {
  try {
    return check();
  } catch (error) {
    if (failsInJob(command, error)) return error;
    throw error;
  }
};

const act = ({ behaviours }: Engine, call: Call): Result | Work => {
  if (call.failure) throw call.failure;
  checkOfferings(call);
  return call.matchesNothing ? list([]) : (behaviours[call.command.name] ?? genericBehaviour(call.command.name))(call);
};

const stub = (engine: Engine, call: Call, done: Work, custom?: string, fault?: JobFault): string => {
  const job = engine.jobs.start(call, done, custom, fault);
  const id = call.command.create && done.on ? `"id":${JSON.stringify(done.on.id)},` : '';
  return `${id}"jobid":${JSON.stringify(job.id)}`;
};

/** What a job is for, if only to fail. */
const jobOf = (engine: Engine, call: Call): Work => {
  try {
    const result = act(engine, call);
    return result.form === 'work' ? result : { form: 'work', finish: () => result };
  } catch (error) {
    if (!failsInJob(call.command, error)) throw error;
    const [on] = call.rows.get('id') ?? [];
    return {
      form: 'work',
      ...(on ? { on } : {}),
      // What is refused is refused soon: the job ends at its first poll.
      factor: 0,
      finish: () => {
        throw error;
      },
    };
  }
};

/** Runs a prepared call; what is returned makes the text that goes inside its envelope, for those who want to read it. */
export const run = (engine: Engine, call: Call, custom?: string, fault?: JobFault): (() => string | Uint8Array[]) => {
  if (!call.command.async) {
    const result = act(engine, call);
    const outcome = result.form === 'work' ? result.finish() : result;
    if (!call.command.name.startsWith('list')) recordEnd(call, outcome);
    if (call.command.result === 'none') return () => '';
    const shown = call.command.result === 'success' && outcome.form === 'object' ? success() : outcome;
    return () => bytesOf(call, outcome, engine.renderer) ?? bodyOf(call, shown, engine.renderer);
  }
  const done = jobOf(engine, call);
  recordStart(call, done);
  const text = stub(engine, call, done, custom, fault);
  return () => text;
};

/** Hides what only administrators may see of a failure. */
export const forCaller = (error: ApiError, caller: CallingUser | undefined): ApiError =>
  caller && !caller.root && [530, 533, 534].includes(error.status)
    ? new ApiError(error.status, 'Internal error executing command, please contact your system administrator', error.cs)
    : error;
