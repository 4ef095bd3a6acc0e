import { audited, type Audit } from './audit/audit.ts';
import type { Catalog } from './catalog/catalog.ts';
import type { CloudStack } from './cloudstack/cloudstack.ts';
import { approve } from './guard/approve.ts';
import { permit } from './guard/permit.ts';
import type { Policy } from './guard/policy.ts';
import { present } from './present/present.ts';
import { describeWire, toReadWire, toWire } from './request/to-wire.ts';
import { createDirectory, type Directory } from './resolve/directory.ts';
import { describeTargets, resolveNames } from './resolve/resolve.ts';
import { rowsOf } from './rows.ts';
import { maskSecrets } from './secrets.ts';
import type { CallRequest, Outcome } from './types.ts';
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
  policy: Policy;
  audit: Audit;
  once: (key: string) => Promise<boolean>;
  /** Tokens that one answer may take. */
  budget: number;
  pageSizeLimit: number;
}

const openDirectory = ({ catalog, cloudstack }: Cloud, signal: AbortSignal): Directory =>
  createDirectory(catalog, async (tool, params) =>
    rowsOf((await cloudstack.send(toReadWire(tool, params), { signal, wait: 0 })).body),
  );

/** The whole path of one call. Every door comes through here. Throws a CallError for every failure. */
export const call = (parts: Parts, request: CallRequest): Promise<Outcome> =>
  audited(parts.audit, request, async (note) => {
    const cloud = await parts.cloud(request.caller.profile);
    const directory = openDirectory(cloud, request.signal);

    const valid = validate(cloud.catalog, request, parts.pageSizeLimit);
    note({ command: valid.tool.command.name, params: valid.params });
    const permitted = permit(parts.policy, valid);
    note({ risk: permitted.tool.risk.risk, severity: permitted.tool.risk.severity, rule: permitted.decision.rule });
    const resolved = await resolveNames(directory, permitted);
    note({ params: resolved.params, ...(resolved.names.length ? { names: resolved.names } : {}) });
    const approved = await approve(
      {
        describe: (asked) => describeTargets(directory, asked),
        once: parts.once,
        noteQuestion: (question) => note({ question }),
      },
      resolved,
    );
    note({ confirmation: approved.confirmation });
    let requests = 0;
    const answer = await cloud.cloudstack.send(toWire(approved), {
      ...request,
      sent: () => note({ requests: ++requests }),
    });
    if (answer.job) note({ job: answer.job.id, pending: answer.job.status === 'pending' });
    return present(approved, answer, parts.budget);
  });

/** The request that a call would become, unsigned: everything but the human's yes and the sending. */
export const preview = async (parts: Parts, request: CallRequest): Promise<Record<string, unknown>> => {
  const cloud = await parts.cloud(request.caller.profile);
  const permitted = permit(parts.policy, validate(cloud.catalog, request, parts.pageSizeLimit));
  const resolved = await resolveNames(openDirectory(cloud, request.signal), permitted);
  return maskSecrets({ ...describeWire(resolved), decision: resolved.decision, resolved: resolved.names });
};
