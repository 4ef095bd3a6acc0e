import { behaviours } from './commands/index.ts';
import { views } from './commands/views.ts';
import { type Engine, forCaller, prepare, run } from './engine/dispatch.ts';
import { respond, respondError } from './engine/envelope.ts';
import { recordJobEnd } from './engine/events.ts';
import { createJobs } from './engine/jobs.ts';
import { createRenderer } from './engine/render.ts';
import { authenticate, systemCaller } from './protocol/authenticate.ts';
import { createFaults, type FaultPlan, serveFaults } from './protocol/faults.ts';
import { readRequest, type Received } from './protocol/request.ts';
import { createSessions } from './protocol/session.ts';
import type { AcceptedAlgorithm } from './protocol/signature.ts';
import { createThrottle } from './protocol/throttle.ts';
import { toXml } from './protocol/xml.ts';
import { createOutbox } from './outbox.ts';
import { restore } from './restore.ts';
import type { CallingUser } from './rules/call.ts';
import { isOffered, isPermitted } from './rules/permit.ts';
import { type Credentials, jobExpiryMs, knownCredentials, seedWorld } from './seed.ts';
import { loadCatalog } from './world/catalog.ts';
import { type Clock, realClock } from './world/clock.ts';
import { ApiError, unauthenticated } from './world/errors.ts';
import { makeAny } from './world/insert.ts';
import { createQueue } from './world/queue.ts';
import { createRandom } from './world/random.ts';
import { fillWorld, readSaved, type WorldRecords } from './world/state.ts';
import { createWorld, type World } from './world/world.ts';

export type { Clock } from './world/clock.ts';
export type { Fault, FaultPlan } from './protocol/faults.ts';
export type { Credentials } from './seed.ts';

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
  /** The one way to sign requests that it takes; both by default. */
  signature?: AcceptedAlgorithm | undefined;
  /** What the user admin logs in with; else a password of the simulator's own. */
  adminPassword?: string | undefined;
  /** Settings that are not as an installation brings them, such as `quota.enable.service` for a plug-in's commands. */
  settings?: Readonly<Record<string, string>> | undefined;
  /** Hosts beside this machine that webhooks may be delivered to; by default there is none. */
  webhookHosts?: readonly string[] | undefined;
  onCall?: (call: SimulatedCall) => void;
  /** File in which the world is saved; made when there is none. */
  state?: string;
  /** What was wrong with the file, and is passed over. */
  onWarning?: (text: string) => void;
  /** The records of a world to begin with instead of a seeded one. */
  world?: WorldRecords;
  /** What goes wrong on purpose; also `PUT /simulator/faults`. */
  faults?: FaultPlan;
}

/** A CloudStack in memory, speaking its HTTP API at /client/api. */
export interface Simulator {
  fetch(request: Request): Promise<Response>;
  /** The same without a signature, in the name of the system account: what comes by the integration port. */
  fetchTrusted(request: Request): Promise<Response>;
  credentials: Credentials;
  world: World;
  clock: Clock;
  /** Resolves when nothing is on its way to a webhook. */
  delivered(): Promise<void>;
  /** Saves the world, if it has a file. */
  close(): void;
}

const wrapperOf = (world: World, name: string | undefined): string => {
  if (name === undefined) return 'null';
  const command = world.catalog.commands.get(name);
  return command && isOffered(world, command) ? command.wrapper : 'errorresponse';
};

const servedMethods = 'GET, HEAD, POST, OPTIONS';

/** What Jetty says of methods that the servlet does not have. */
const refuseMethod = (method: string): Response => {
  const text = `HTTP ERROR 405 HTTP method ${method} is not supported by this URL`;
  const headers = { 'content-type': 'text/html;charset=iso-8859-1', allow: servedMethods };
  return new Response(`<html><body><h2>${text}</h2></body></html>`, { status: 405, headers });
};

/** Makes a CloudStack in memory. Throws for an unknown release, a state file or a fault plan it cannot use. */
export const createSimulator = (options: SimulatorOptions = {}): Simulator => {
  const clock = options.clock ?? realClock;
  const faults = createFaults(clock, options.faults);
  // The calls of the seed were made in the past; a skewed clock is ahead.
  const shift = { ms: 0 };
  const worldClock: Clock = { now: () => clock.now() - shift.ms + faults.skew(), sleep: (ms) => clock.sleep(ms) };
  const queue = createQueue(worldClock);
  const outbox = createOutbox(worldClock, options.webhookHosts);
  const world = createWorld(
    loadCatalog(options.release),
    worldClock,
    createRandom(options.random ?? 20260122),
    queue,
    outbox,
    makeAny,
  );
  const renderer = createRenderer(world, views);
  const jobs = createJobs({
    renderer,
    queue,
    millis: options.jobMillis ?? 200,
    onEnd: (call, job, error) => recordJobEnd(call, world.get(String(job.fields['jobinstanceid'] ?? '')), error),
    isForgotten: () => shift.ms > jobExpiryMs,
  });
  const engine: Engine = { world, renderer, jobs, behaviours };
  const sessions = createSessions(world);
  const throttle = createThrottle(world);
  const file =
    options.state === undefined ? undefined : readSaved(world, options.state, options.onWarning ?? (() => {}));
  if (options.world !== undefined) fillWorld(world, options.world);
  const filled = file?.found === true || options.world !== undefined;
  const credentials = filled
    ? knownCredentials(world)
    : seedWorld(engine, shift, {
        seed: options.seed ?? 'default',
        vms: options.vms ?? 0,
        adminPassword: options.adminPassword,
        settings: options.settings,
      });
  const saver = file?.open();
  if (filled) restore(world);

  const perform = (
    received: Received,
    name: string,
    caller: CallingUser,
    session: boolean,
  ): Response | Promise<Response> => {
    const command = world.catalog.commands.get(name);
    if (!command || !isOffered(world, command)) {
      if (!session) throw unauthenticated();
      throw new ApiError(432, `Unknown API command: ${name}`, 9999);
    }
    if (!isPermitted(world, caller, command)) {
      const text = `The API [${command.name}] does not exist or is not available for the account for user id [${caller.user.id}].`;
      return respondError('errorresponse', new ApiError(432, text, 9999));
    }
    throttle(caller);
    const { raw, method, params } = received;
    options.onCall?.({
      command: name,
      params: Object.fromEntries(raw),
      method,
      user: String(caller.user.fields['username']),
    });
    const call = prepare(world, command, params, caller);
    const text = run(engine, call, params.get('customjobid'), command.async ? faults.faultOf(name) : undefined);
    return call.until ? call.until.then(() => respond(command.wrapper, text())) : respond(command.wrapper, text());
  };

  const answer = (received: Received, name: string | undefined, trusted: boolean): Response | Promise<Response> => {
    let caller: CallingUser | undefined;
    try {
      if (name !== undefined && /^login$/i.test(name)) return sessions.login(received);
      if (name !== undefined && /^logout$/i.test(name)) return sessions.logout(received);
      if (name === 'validateUserTwoFactorAuthenticationCode') return sessions.verify(received);
      if (trusted) return perform(received, name ?? '', (caller = systemCaller(world)), true);
      const proof = authenticate(world, sessions, received, options.signature && [options.signature]);
      caller = proof.caller;
      return perform(received, name ?? '', caller, proof.session);
    } catch (error) {
      if (error instanceof ApiError)
        return respondError(
          wrapperOf(world, name?.toLowerCase() === 'login' ? 'login' : name),
          forCaller(error, caller),
        );
      throw error;
    }
  };

  const handle = async (request: Request, trusted: boolean): Promise<Response> => {
    if (/^(?:PUT|DELETE|PATCH)$/.test(request.method)) return refuseMethod(request.method);
    // Jetty answers itself: nothing of the query is looked at.
    if (request.method === 'OPTIONS') return new Response(null, { headers: { allow: servedMethods } });
    const received = await readRequest(request);
    const name = received.params.get('command');
    const respondNow = async (): Promise<Response> => {
      queue.settle();
      const response = await answer(received, name, trusted);
      saver?.saveSoon();
      const json =
        received.params.get('response')?.toLowerCase() === 'json' || name === undefined || response.status === 405;
      return json ? response : toXml(response, world.catalog.release);
    };
    return faults.get().rules.length === 0 ? respondNow() : faults.around(name ?? '', request, respondNow);
  };

  return {
    world,
    clock,
    credentials,
    delivered: () => outbox.idle(),
    close: () => {
      outbox.close();
      saver?.close();
    },
    fetch: async (request) =>
      new URL(request.url).pathname === '/simulator/faults' ? serveFaults(faults, request) : handle(request, false),
    fetchTrusted: (request) => handle(request, true),
  };
};
