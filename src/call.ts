import { audited, type Audit, type Facts } from './audit/audit.ts';
import type { Catalog } from './catalog/catalog.ts';
import type { CloudStack } from './cloudstack/cloudstack.ts';
import { approve } from './guard/approve.ts';
import type { Approvals } from './guard/approvals.ts';
import { confine, confineAnswer, isSeen, type Bounds } from './guard/isolation.ts';
import type { Count } from './guard/limits.ts';
import { permit } from './guard/permit.ts';
import type { Policy } from './guard/policy.ts';
import type { Access } from './guard/roles.ts';
import { present } from './present/present.ts';
import { describeWire, toReadWire, toWire } from './request/to-wire.ts';
import { createDirectory, type Directory } from './resolve/directory.ts';
import { resolveNames } from './resolve/resolve.ts';
import { readPlaces, readTargets } from './resolve/targets.ts';
import { rowsOf } from './rows.ts';
import { maskSecrets } from './secrets.ts';
import type { CallRequest, Outcome, PermittedCall } from './types.ts';
import { validate } from './validate/validate.ts';

/** One CloudStack as one credential sees it. */
export interface Cloud {
  catalog: Catalog;
  cloudstack: CloudStack;
}

/** What the path is made of. */
export interface Parts {
  /** The cloud of a profile. Throws a CallError for a profile that does not exist. */
  cloud(profile: string): Promise<Cloud>;
  /** Replaced as a whole when the configuration is read again. */
  rules: { policy: Policy; access: Access };
  audit: Audit;
  approvals: Approvals;
  /** Where the caller's role may look; undefined: everywhere. */
  bounds(call: PermittedCall, cloud: Cloud): Promise<Bounds | undefined>;
  count: Count;
  once: (key: string) => Promise<boolean>;
  /** Tokens that one answer may take. */
  budget: number;
  pageSizeLimit: number;
}

/** Looks things up as the caller may: rows outside of its bounds do not exist. */
const openDirectory = ({ catalog, cloudstack }: Cloud, signal: AbortSignal, bounds: Bounds | undefined): Directory =>
  createDirectory(catalog, async (tool, params) => {
    const { body } = await cloudstack.send(toReadWire(tool, params), { signal, wait: 0 });
    const rows = rowsOf(body);
    return bounds ? rows.filter((row) => isSeen(bounds, tool, row)) : rows;
  });

/** The first half of the path: what is asked for, whether the caller may, and ids for names. */
const prepare = async (parts: Parts, request: CallRequest, note: (facts: Facts) => void) => {
  const { policy, access } = parts.rules;
  const cloud = await parts.cloud(request.caller.profile);
  const valid = validate(cloud.catalog, request, parts.pageSizeLimit);
  note({ command: valid.tool.command.name, params: valid.params });
  const permitted = permit(policy, access, valid);
  const { risk, severity } = permitted.tool.risk;
  note({ risk, severity, role: permitted.roleName, rule: permitted.decision?.rule });
  const bounds = await parts.bounds(permitted, cloud);
  const directory = openDirectory(cloud, request.signal, bounds);
  const resolved = await resolveNames(directory, permitted);
  const confined = bounds
    ? await confine(bounds, resolved, (named) => readTargets(directory, named, { all: true }))
    : resolved;
  note({ params: confined.params, ...(confined.names.length ? { names: confined.names } : {}) });
  return { cloud, policy, bounds, directory, confined };
};

/** The whole path of one call. Every door comes through here. Throws a CallError for every failure. */
export const call = (parts: Parts, request: CallRequest): Promise<Outcome> =>
  audited(parts.audit, request, async (note) => {
    const { cloud, policy, bounds, directory, confined } = await prepare(parts, request, note);
    const approved = await approve(
      {
        policy,
        targets: (asked, options) => readTargets(directory, asked, options),
        places: (asked) => readPlaces(directory, asked),
        once: parts.once,
        count: parts.count,
        approvals: parts.approvals,
        noteQuestion: (question) => note({ question }),
      },
      confined,
    );
    note({ rule: approved.decision?.rule, confirmation: approved.confirmation });
    let requests = 0;
    const answer = await cloud.cloudstack.send(toWire(approved), {
      ...request,
      sent: () => note({ requests: ++requests }),
    });
    if (answer.job) note({ job: answer.job.id, pending: answer.job.status === 'pending' });
    return present(approved, bounds ? confineAnswer(bounds, approved, answer) : answer, parts.budget);
  });

/** The request that a call would become, unsigned: everything but the human's yes and the sending. */
export const preview = async (parts: Parts, request: CallRequest): Promise<Record<string, unknown>> => {
  const { confined } = await prepare(parts, request, () => undefined);
  return maskSecrets({ ...describeWire(confined), decision: confined.decision, resolved: confined.names });
};
