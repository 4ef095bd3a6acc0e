import type { Clock } from '../world/clock.ts';
import { ApiError } from '../world/errors.ts';
import { respondError } from '../engine/envelope.ts';
import type { JobFault } from '../engine/jobs.ts';
import { matches } from '../rules/permit.ts';
import { createRandom } from '../world/random.ts';

/** One way in which the cloud misbehaves on purpose. */
export interface Fault {
  /** Commands it strikes, with `*` for any letters; all when left out. */
  command?: string;
  /** How often, from 0 to 1; always when left out. */
  probability?: number;
  /**
   * `latency` waits `ms`; `status` answers with an HTTP error; `html` with a proxy's page; `truncate` cuts the JSON off;
   * `reset` breaks the connection, before or `after` the command was carried out; `hang` never answers; `job-fail` and
   * `job-hang` spoil jobs; `clock-skew` puts the server's clock `ms` ahead.
   */
  kind: 'latency' | 'status' | 'html' | 'truncate' | 'reset' | 'hang' | 'job-fail' | 'job-hang' | 'clock-skew';
  ms?: number;
  status?: number;
  after?: boolean;
  /** Strikes at most so many times. */
  times?: number;
}

/** What goes wrong, and the seed of the chance with which it does. */
export interface FaultPlan {
  seed?: number;
  rules: Fault[];
}

/** The plan in force. */
export interface Faults {
  get(): FaultPlan;
  set(plan: FaultPlan): void;
  /** Milliseconds by which the server's clock is ahead. */
  skew(): number;
  /** What happens to a job of the command. */
  faultOf(command: string): JobFault;
  /** Lets a request through, or something else happen to it. */
  around(command: string, request: Request, answer: () => Promise<Response>): Promise<Response>;
}

const faultKinds = ['latency', 'status', 'html', 'truncate', 'reset', 'hang', 'job-fail', 'job-hang', 'clock-skew'];

const concerns = ({ command }: Fault, name: string): boolean => command === undefined || matches(command, name);

/** The error that a broken connection gives a client; the HTTP server closes its socket on it. */
const connectionReset = (): TypeError =>
  new TypeError('fetch failed', { cause: Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }) });

const checkPlan = (plan: FaultPlan): FaultPlan => {
  if (!Array.isArray(plan.rules)) throw new TypeError('A fault plan is {"seed": number, "rules": [{"kind": …}]}.');
  for (const { kind } of plan.rules)
    if (!faultKinds.includes(kind))
      throw new TypeError(`There is no fault ${String(kind)}. There are ${faultKinds.join(', ')}.`);
  return plan;
};

const statusTexts: Record<number, string> = {
  401: 'unable to verify user credentials and/or request signature',
  429: 'The given user has reached his/her account api limit, please retry after [1000] ms.',
  503: 'Service Unavailable',
};

const failWith = (status: number): Response => {
  if (status === 502 || status === 504) return page(status);
  return respondError(
    'errorresponse',
    new ApiError(status, statusTexts[status] ?? `Simulated failure ${status}`, status === 401 ? undefined : 9999),
  );
};

const page = (status: number): Response =>
  new Response(
    `<html><head><title>${status} Bad Gateway</title></head><body><center><h1>${status} Bad Gateway</h1></center></body></html>`,
    {
      status,
      headers: { 'content-type': 'text/html' },
    },
  );

const never = (request: Request): Promise<never> =>
  new Promise((_, reject) => {
    if (request.signal.aborted) reject(request.signal.reason as Error);
    request.signal.addEventListener('abort', () => reject(request.signal.reason as Error));
  });

/** A plan of faults on a clock; chance comes from the plan's seed, so that a run can be repeated. */
export const createFaults = (clock: Clock, first: FaultPlan = { rules: [] }): Faults => {
  let plan = checkPlan(first);
  let random = createRandom(plan.seed ?? 1);
  let struck = new Map<Fault, number>();
  const strikes = (fault: Fault, command: string): boolean => {
    if (!concerns(fault, command) || (struck.get(fault) ?? 0) >= (fault.times ?? Infinity)) return false;
    if (random.next() >= (fault.probability ?? 1)) return false;
    struck.set(fault, (struck.get(fault) ?? 0) + 1);
    return true;
  };
  return {
    get: () => plan,
    set: (next) => {
      plan = checkPlan(next);
      random = createRandom(plan.seed ?? 1);
      struck = new Map();
    },
    skew: () => plan.rules.filter(({ kind }) => kind === 'clock-skew').reduce((sum, { ms = 0 }) => sum + ms, 0),
    faultOf: (command) => {
      for (const fault of plan.rules) {
        if (fault.kind === 'job-fail' && strikes(fault, command)) return 'fail';
        if (fault.kind === 'job-hang' && strikes(fault, command)) return 'hang';
      }
      return undefined;
    },
    around: async (command, request, answer) => {
      let cut = false;
      let broken = false;
      for (const fault of plan.rules) {
        if (fault.kind.startsWith('job-') || fault.kind === 'clock-skew' || !strikes(fault, command)) continue;
        if (fault.kind === 'latency') await clock.sleep(fault.ms ?? 1000);
        else if (fault.kind === 'status') return failWith(fault.status ?? 503);
        else if (fault.kind === 'html') return page(fault.status ?? 502);
        else if (fault.kind === 'hang') return never(request);
        else if (fault.kind === 'truncate') cut = true;
        else if (fault.after) broken = true;
        else throw connectionReset();
      }
      const response = await answer();
      if (broken) throw connectionReset();
      if (!cut) return response;
      const text = await response.text();
      return new Response(text.slice(0, Math.ceil(text.length / 2)), {
        status: response.status,
        headers: response.headers,
      });
    },
  };
};

/** `GET`, `PUT` and `DELETE /simulator/faults`: the plan, read, replaced, emptied. */
export const serveFaults = async (faults: Faults, request: Request): Promise<Response> => {
  try {
    if (request.method === 'PUT' || request.method === 'POST') faults.set((await request.json()) as FaultPlan);
    else if (request.method === 'DELETE') faults.set({ rules: [] });
    else if (request.method !== 'GET')
      return new Response(null, { status: 405, headers: { allow: 'GET, PUT, DELETE' } });
    return Response.json(faults.get());
  } catch (error) {
    return Response.json({ error: error instanceof Error ? error.message : String(error) }, { status: 400 });
  }
};
