import { authenticate } from './authenticate.ts';
import { makeAny } from './birth.ts';
import { loadCatalog } from './catalog.ts';
import { realClock, type Clock } from './clock.ts';
import { forCaller, prepare, run, type Engine } from './dispatch.ts';
import { respond, respondError } from './envelope.ts';
import { ApiError, unauthenticated } from './errors.ts';
import { createJobs } from './jobs.ts';
import { isPermitted } from './permit.ts';
import { createQueue } from './queue.ts';
import { createRandom } from './random.ts';
import { recordJobEnd } from './record.ts';
import { createRenderer } from './render.ts';
import { readRequest, type Received } from './request.ts';
import { plant, type Credentials } from './seed.ts';
import { createSessions } from './session.ts';
import type { Caller } from './types.ts';
import { createWorld, type World } from './world.ts';

export type { Clock } from './clock.ts';

/** A request that was authenticated, as tests and demonstrations like to see it. */
export interface SimulatedCall {
  command: string;
  params: Record<string, string>;
  method: 'GET' | 'POST';
  user: string;
}

/** How a simulator is set up. */
export interface SimulatorOptions {
  /** A world that looks lived in (data/seed.json), or only what CloudStack itself installs. */
  seed?: 'default' | 'empty';
  clock?: Clock;
  /** How long a job takes, in milliseconds; 0 is done at the first poll. */
  jobMillis?: number;
  /** Offers only this release's commands and parameters. */
  release?: string;
  /** So many more virtual machines. */
  vms?: number;
  /** Seed of uuids and chance, so that runs repeat. */
  random?: number;
  onCall?: (call: SimulatedCall) => void;
}

/** A CloudStack in memory, speaking its HTTP API at /client/api. */
export interface Simulator {
  fetch(request: Request): Promise<Response>;
  credentials: Credentials;
  world: World;
  clock: Clock;
}

const wrapperOf = (world: World, name: string | undefined): string => {
  if (name === undefined) return 'null';
  return world.catalog.commands.get(name)?.wrapper ?? 'errorresponse';
};

/** Makes a CloudStack in memory. */
export const createSimulator = (options: SimulatorOptions = {}): Simulator => {
  const clock = options.clock ?? realClock;
  // The story of the seed happened in the past.
  const shift = { ms: 0 };
  const worldClock: Clock = { now: () => clock.now() - shift.ms, sleep: (ms) => clock.sleep(ms) };
  const random = createRandom(options.random ?? 20260122);
  const queue = createQueue(worldClock);
  const world = createWorld(loadCatalog(options.release), worldClock, random, queue, makeAny);
  const renderer = createRenderer(world);
  const jobs = createJobs(renderer, queue, options.jobMillis ?? 200, (call, job, error) => {
    const on = world.get(String(job.fields['jobinstanceid'] ?? ''));
    recordJobEnd(call, on, error);
  });
  const engine: Engine = { world, renderer, jobs };
  const sessions = createSessions(world);
  const credentials = plant(engine, shift, { seed: options.seed ?? 'default', vms: options.vms ?? 0 });

  const answer = (received: Received, name: string | undefined): Response => {
    if (name !== undefined && /^log(in|out)$/i.test(name))
      return name.toLowerCase() === 'login' ? sessions.login(received) : sessions.logout(received);
    let caller: Caller | undefined;
    try {
      const proof = authenticate(world, sessions, received);
      caller = proof.caller;
      const command = world.catalog.commands.get(name ?? '');
      if (!command) {
        if (!proof.session) throw unauthenticated();
        throw new ApiError(432, `Unknown API command: ${name}`, 9999);
      }
      if (!isPermitted(world, caller, command)) {
        const text = `The API [${command.name}] does not exist or is not available for the account for user id [${caller.user.id}].`;
        return respondError('errorresponse', new ApiError(432, text, 9999));
      }
      options.onCall?.({
        command: command.name,
        params: Object.fromEntries(received.raw),
        method: received.method,
        user: String(caller.user.fields['username']),
      });
      const call = prepare(world, command, received.params, caller);
      return respond(command.wrapper, run(engine, call, received.params.get('customjobid')));
    } catch (error) {
      throw error instanceof ApiError ? forCaller(error, caller) : error;
    }
  };

  return {
    world,
    clock,
    credentials,
    fetch: async (request) => {
      const received = await readRequest(request);
      queue.settle();
      const name = received.params.get('command');
      try {
        return answer(received, name);
      } catch (error) {
        if (error instanceof ApiError) return respondError(wrapperOf(world, name), error);
        throw error;
      }
    },
  };
};
