import { audited, type Audit } from '../audit/audit.ts';
import type { Facts } from '../audit/entry.ts';
import type { CachedCloudStack } from '../cache/cached-client.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { findKind } from '../catalog/kinds.ts';
import type { Tool } from '../catalog/tool.ts';
import type { CloudStack } from '../cloudstack/cloudstack.ts';
import { withDeadline } from './deadline.ts';
import { CallError } from '../errors.ts';
import { approve, type OpenQuestions } from '../guard/approve.ts';
import type { Approvals } from '../guard/approvals.ts';
import { narrowings, seenRow, isForAll, type Bounds } from '../guard/bounds.ts';
import { confine, confineAnswer } from '../guard/isolation.ts';
import type { Count } from '../guard/limits.ts';
import { permit } from '../guard/permit.ts';
import type { Policy } from '../guard/policy.ts';
import type { Access } from '../guard/roles.ts';
import { present } from '../present/present.ts';
import { describeWire, toReadWire, toWire } from '../request/to-wire.ts';
import { createDirectory, type Directory } from '../resolve/directory.ts';
import { resolveNames } from '../resolve/resolve.ts';
import { readPlaces, readTargets } from '../resolve/targets.ts';
import { itemOf, rowsOf, type Row } from '../rows.ts';
import { listSecrets, maskSecrets } from '../secrets/mask.ts';
import { scrubSecrets } from '../secrets/scrub.ts';
import type { Caller, CallRequest, Outcome, Params, PermittedCall } from '../types.ts';
import { validate } from '../validate/validate.ts';
import { stepOf, watched, type Watchers } from './observed.ts';

/** One CloudStack as one credential sees it. */
export interface Cloud {
  catalog: Catalog;
  cloudstack: CloudStack;
  /** Sends as `cloudstack` does; a read may be answered with what is kept of an earlier one. */
  send: CachedCloudStack['send'];
}

/** What the path is made of. */
export interface Parts extends Watchers {
  /** The cloud of a profile. Throws a CallError for a profile that does not exist. */
  cloud(profile: string): Promise<Cloud>;
  /** Replaced as a whole when the configuration is read again. */
  rules: { policy: Policy; access: Access };
  audit: Audit;
  approvals: Approvals;
  questions: OpenQuestions;
  /** Where the caller's role may look; undefined: everywhere. */
  bounds(call: PermittedCall, cloud: Cloud): Promise<Bounds | undefined>;
  /** Which jobs a caller began: CloudStack tells only whose key it was. */
  jobs: { add(caller: Caller, job: string): Promise<void>; isOf(caller: Caller, job: string): Promise<boolean> };
  /** The secrets that jobs which go on were given: their errors may repeat them later. */
  secrets: { keep(job: string, secrets: readonly string[]): void; of(job: string): readonly string[] };
  count: Count;
  once: (key: string) => Promise<boolean>;
  /** Tokens that one answer may take. */
  budget: number;
  pageSizeLimit: number;
  /** Milliseconds for one call whose door sets no deadline. */
  callTimeout: number;
}

/** Looks things up as the caller may: rows outside of its bounds do not exist. */
const openDirectory = (
  catalog: Catalog,
  send: Cloud['send'],
  request: CallRequest,
  bounds: Bounds | undefined,
): Directory => {
  const read = async (tool: Tool, params: Params): Promise<Row[]> => {
    // The deadline moves while a human is asked.
    const { signal, deadline } = request;
    const { body } = await send(tool, toReadWire(tool, params), { signal, deadline, wait: 0 });
    return tool.command.result === 'list' ? rowsOf(body) : [itemOf(body)];
  };
  if (!bounds) return createDirectory(catalog, read);
  return createDirectory(catalog, async (tool, params) => {
    const { response } = tool.command;
    const places = isForAll(response) ? [] : narrowings(bounds, tool, params);
    const found = await Promise.all((places.length ? places : [params]).map((place) => read(tool, place)));
    return found
      .flat()
      .map((row) => seenRow(bounds, response, row, places.length > 0))
      .filter((row) => row !== undefined);
  });
};

/** The first half of the path: what is asked for, whether the caller may, and ids for names. */
const prepare = async (parts: Parts, request: CallRequest, note: (facts: Facts) => void) => {
  const { policy, access } = parts.rules;
  const cloud = await parts.cloud(request.caller.profile);
  const step = stepOf(parts);
  // Also of a call that is refused for its arguments: what was meant is known.
  const meant = cloud.catalog.find(request.tool);
  if (meant) note({ command: meant.command.name });
  const valid = step('validate', () => validate(cloud.catalog, request, parts.pageSizeLimit));
  note({ command: valid.tool.command.name, params: valid.params });
  const permitted = step('permit', () => permit(policy, access, valid));
  const { risk, severity } = permitted.tool.risk;
  note({ risk, severity, role: permitted.roleName, rule: permitted.decision?.rule });
  const bounds = await parts.bounds(permitted, cloud);
  const straight: Cloud['send'] = (_tool, wire, options) => cloud.cloudstack.send(wire, options);
  const now = openDirectory(cloud.catalog, straight, request, bounds);
  // What is changed, judged by a rule or shown to a human is looked at as it is now: kept answers serve plain reads only.
  const isNow = risk !== 'read' || permitted.decision?.action !== 'allow' || request.view.fresh === true;
  const directory = isNow ? now : openDirectory(cloud.catalog, cloud.send, request, bounds);
  const resolved = await step('resolve', () =>
    resolveNames(directory, permitted).catch((error: unknown) => {
      // What was just made elsewhere is not among what is kept.
      if (!isNow && error instanceof CallError && error.kind === 'not-found') return resolveNames(now, permitted);
      throw error;
    }),
  );
  const confined = bounds
    ? await confine(bounds, resolved, {
        named: (asked) => readTargets(directory, asked, { all: true }),
        hasProject: async (id) => (await directory.get(findKind('Project')!, id)) !== undefined,
        hasBegun: (job) => parts.jobs.isOf(request.caller, job),
      })
    : resolved;
  note({ params: confined.params, ...(confined.names.length ? { names: confined.names } : {}) });
  return { cloud, policy, bounds, directory, confined };
};

/** CloudStack's errors repeat what they were given: they go on without its secrets. */
const withoutSecrets = (error: unknown, secrets: readonly string[]): unknown => {
  if (!(error instanceof CallError)) return error;
  const [message, hint] = [error.message, error.hint].map((text) => scrubSecrets(text, secrets)) as [string, string];
  return message === error.message && hint === error.hint ? error : new CallError(error.kind, message, hint, error);
};

/** The whole path of one call. Every door comes through here. Throws a CallError for every failure. */
export const call = (parts: Parts, request: CallRequest): Promise<Outcome> =>
  watched(parts, request, (learn, trace) =>
    audited(parts.audit, request, async (tell) => {
      const facts: Facts = {};
      const note = (learned: Facts): void => {
        Object.assign(facts, learned);
        tell(learned);
        learn(learned);
      };
      note({ request: request.origin?.request, trace });
      const secrets = () => listSecrets(request.args, facts.params);
      try {
        const outcome = await run(parts, withDeadline(request, parts.callTimeout), note);
        if (facts.pending && facts.job) parts.secrets.keep(facts.job, secrets());
        return outcome;
      } catch (error) {
        throw withoutSecrets(error, [...secrets(), ...parts.secrets.of(String(facts.params?.['jobid']))]);
      }
    }),
  );

const run = async (parts: Parts, request: CallRequest, note: (facts: Facts) => void): Promise<Outcome> => {
  const { cloud, policy, bounds, directory, confined } = await prepare(parts, request, note);
  const step = stepOf(parts);
  const mustBeKept = confined.tool.risk.risk !== 'read';
  // Before a human is asked for nothing, and again before it leaves.
  if (mustBeKept) parts.audit.ready();
  const approved = await step('approve', () =>
    approve(
      {
        policy,
        targets: (asked, options) => readTargets(directory, asked, options),
        places: (asked) => readPlaces(directory, asked),
        once: parts.once,
        count: parts.count,
        approvals: parts.approvals,
        questions: parts.questions,
        onQuestion: (question) => note({ question }),
        onConfirmation: (result) => parts.observe?.({ type: 'confirmation', result }),
      },
      confined,
    ),
  );
  note({ rule: approved.decision?.rule, confirmation: approved.confirmation });
  if (mustBeKept) parts.audit.ready();
  let requests = 0;
  const wire = step('request', () => toWire(approved));
  /** The job is the caller's to ask about, however the call ends. */
  const began = async (job: string): Promise<void> => {
    note({ job });
    if (bounds) await parts.jobs.add(request.caller, job);
  };
  const answer = await step('cloudstack', () =>
    cloud
      .send(approved.tool, wire, {
        ...request,
        fresh: request.view.fresh,
        sent: () => note({ requests: ++requests }),
      })
      .catch(async (error: unknown) => {
        if (error instanceof CallError && error.job !== undefined) await began(error.job);
        throw error;
      }),
  );
  if (answer.job) {
    await began(answer.job.id);
    note({ pending: answer.job.status === 'pending' });
  }
  return step('present', () =>
    present(approved, bounds ? confineAnswer(bounds, approved, answer) : answer, parts.budget),
  );
};

/** The request that a call would become, unsigned: everything but the human's yes and the sending. */
export const preview = async (parts: Parts, request: CallRequest): Promise<Record<string, unknown>> => {
  const { confined } = await prepare(parts, withDeadline(request, parts.callTimeout), () => undefined);
  // Masked before they are encoded: on the wire, a map's name and its value stand apart.
  const shown = { ...confined, params: maskSecrets(confined.params) };
  return maskSecrets({ ...describeWire(shown), decision: confined.decision, resolved: confined.names });
};
