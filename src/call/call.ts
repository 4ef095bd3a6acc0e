import type { Facts } from '../audit/entry.ts';
import { loadCatalog, type Catalog } from '../catalog/catalog.ts';
import { isBounded } from '../guard/bounds.ts';
import { describeWire, toWire } from '../request/to-wire.ts';
import { openDirectories } from '../resolve/directories.ts';
import { resolveNames } from '../resolve/resolve.ts';
import { createResources } from '../resolve/resources.ts';
import { maskSecrets } from '../secrets/mask.ts';
import { presentAsked } from '../present/asked.ts';
import { firstPage } from '../present/page.ts';
import { present, smallerPageFor } from '../present/present.ts';
import type { CallRequest, ForeseenCall, Outcome, View } from '../types.ts';
import type { Row } from '../rows.ts';
import { readBefore } from './before.ts';
import { bound } from './bound.ts';
import type { Composition } from './composition.ts';
import { inverseOf, stateBefore } from './inverse.ts';
import { nameLimitedDomain } from './limited-domain.ts';
import { readLimitsReached } from './limits-reached.ts';
import { readNearNames } from './near-names.ts';
import { readAll } from './read-all.ts';
import { listRecently } from './recent-tags.ts';
import { createRun, recorded, type Run } from './run.ts';
import { listFor, listNow, sendCall, sendOptions, sendPage } from './send.ts';
import { validateCall } from './validate-call.ts';

/** What was asked over the rows of a list, in the caller's words: what was masked in them was refused before. */
const askOf = ({ where, sort, group, all, ask }: View): Pick<Facts, 'ask'> =>
  ask ? { ask: { where, sort, group, all } } : {};

/** A look-up as a plan sees it: what its earlier steps will make is found, too. */
export type LookAhead = (list: ReturnType<typeof listFor>) => ReturnType<typeof listFor>;

/** The first half of the path: what is asked for, whether the caller may, ids for names, within the role's bounds. */
const prepare = async ({ clouds, guard, limits }: Composition, run: Run, lookAhead: LookAhead = (list) => list) => {
  const { request, step, record } = run;
  // Also of a call that is refused: what was meant is known.
  const recordMeant = ({ find }: Catalog): void => {
    const meant = find(request.tool);
    if (meant) record({ command: meant.command.name });
  };
  recordMeant(loadCatalog());
  step('admit', () => guard.admit(request.caller));
  const opened = await clouds.open(request.caller.profile);
  const { valid, cloud } = await step('validate', () => validateCall(opened, request, limits, recordMeant));
  record({ command: valid.tool.command.name, params: valid.params, ...askOf(valid.request.view) });

  const permitted = step('permit', () => guard.permit(valid));
  const { risk, severity } = permitted.tool.risk;
  record({ risk, severity, role: permitted.roleName, rule: permitted.decision?.rule });

  const confinement = await guard.confinementOf(permitted);
  const list = lookAhead(listFor(cloud, run));
  const recent = listRecently(cloud.cloudstack, listNow(cloud, run));
  const directories = openDirectories({ catalog: cloud.catalog, list, recent }, permitted, confinement.within);
  const resolved = await step('resolve', () => resolveNames(directories, permitted));

  const resources = createResources(directories);
  const roleType = async () => (await cloud.account())?.role;
  const confined = await step('confine', () => confinement.confine(resolved, { ...resources, roleType }));
  record({ params: confined.params, ...(confined.names.length ? { names: confined.names } : {}) });

  return { guard, cloud, confinement, resources, confined };
};

/** The whole path of one call. Every door comes through here. Throws a CallError for every failure. */
export const call = (composition: Composition, request: CallRequest): Promise<Outcome> =>
  recorded(composition, request, async (run) => {
    const { audit, jobs, limits, rowCosts } = composition;
    const { step, record, beforeSending } = run;
    const { guard, cloud, confinement, resources, confined } = await prepare(composition, run);
    const mustBeLogged = confined.tool.risk.risk !== 'read';

    // Before a human is asked for nothing, and again before it leaves.
    if (mustBeLogged) await audit.ready();
    const onQuestion = (question: string): void => record({ question });
    const approved = await step('approve', () =>
      guard.approve(confined, { resources, origin: cloud.origin, onQuestion }),
    );
    record({ rule: approved.decision?.rule, confirmation: approved.confirmation });
    if (mustBeLogged) await beforeSending();

    const options = sendOptions(run);
    const { ask } = approved.request.view;
    if (ask) {
      const asked = await step('cloudstack', () => readAll(cloud, confinement, approved, ask, run, options, limits));
      return step('present', () => presentAsked(approved, ask, asked, limits));
    }
    // Of a list that a role sees a part of, the rows of other pages may be what fits.
    const first = approved.scope?.also || isBounded(approved.role) ? undefined : firstPage(approved, limits, rowCosts);
    const wire = step('request', () => toWire(approved, first));
    const before = await readBefore(cloud, approved, run);
    const list = confinement.within(listNow(cloud, run));
    const answer = await step('cloudstack', () =>
      sendCall(cloud, jobs, approved, wire, run, options).catch(async (error: unknown) => {
        throw await nameLimitedDomain(error, cloud, list);
      }),
    );
    const own = confinement.confineAnswer(approved, first ? { ...answer, page: first } : answer);
    if (mustBeLogged) {
      const undo = inverseOf(cloud.catalog, approved, { ...answer, before });
      record({ before: stateBefore(approved, before), undo });
      if (undo) run.request.onInverse?.(undo);
    }
    const near = await readNearNames(approved, own, list);
    const reached = await readLimitsReached(cloud, approved, own, list);
    const seen = { ...own, before, near, reached };
    const shown = step(
      'present',
      () => smallerPageFor(approved, seen, limits, rowCosts) ?? present(approved, seen, limits),
    );
    if ('text' in shown) return shown;
    const smaller = await step('cloudstack', () => sendPage(cloud, approved, answer, shown, options));
    return step('present', () => present(approved, confinement.confineAnswer(approved, smaller), limits));
  });

/** A call that was looked at for a plan. */
export interface LookedAhead {
  foreseen: ForeseenCall;
  /** What a setting or a limit is before the change. */
  before: Row | undefined;
  /** Whose credential it would be made with. */
  account: Row | undefined;
}

/** Walks the path of a change up to its confirmation, with live reads; it is neither asked about, counted nor sent. */
export const lookAt = async (
  composition: Composition,
  request: CallRequest,
  lookAhead: LookAhead,
): Promise<LookedAhead> => {
  const bounded = bound(request);
  if (bounded.excess) throw bounded.excess;
  const run = createRun(composition, bounded.request);
  const { guard, cloud, resources, confined } = await prepare(composition, run, lookAhead);
  const foreseen = await guard.foresee(confined, resources);
  return { foreseen, before: await readBefore(cloud, foreseen, run), account: (await cloud.account())?.row };
};

/** The request that a call would become, unsigned: everything but the confirmation and the sending. */
export const preview = async (composition: Composition, asked: CallRequest): Promise<Record<string, unknown>> => {
  const { request, excess } = bound(asked);
  if (excess) throw excess;
  const { confined } = await prepare(composition, createRun(composition, request));
  // Masked before they are encoded: on the wire, a map's name and its value stand apart.
  const wire = describeWire({ ...confined, params: maskSecrets(confined.params) });
  return maskSecrets({ ...wire, decision: confined.decision, resolved: confined.names });
};
