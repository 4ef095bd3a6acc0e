import { loadCatalog, type Catalog } from '../catalog/catalog.ts';
import { isBounded } from '../guard/bounds.ts';
import { toWire } from '../request/to-wire.ts';
import { openDirectories } from '../resolve/directories.ts';
import { resolveNames } from '../resolve/resolve.ts';
import { createResources } from '../resolve/resources.ts';
import { presentAsked } from '../present/asked.ts';
import { firstPage } from '../present/page.ts';
import { present, smallerPageFor } from '../present/present.ts';
import type { CallRequest, Outcome } from '../types.ts';
import { readBefore, readNamed, withUnseen } from './before.ts';
import type { Composition } from './composition.ts';
import { recordInverse } from './inverse.ts';
import { nameLimitedDomain } from './limited-domain.ts';
import { withLooksBeside } from './look-beside.ts';
import { readAll } from './read-all.ts';
import { listRecently } from './recent-tags.ts';
import { askOf, recorded, type Run } from './run.ts';
import { listFor, listNow, sendCall, sendOptions, sendPage, type LookAhead } from './send.ts';
import { validateCall } from './validate-call.ts';

/** The first half of the path: what is asked for, whether the caller may, ids for names, within the role's bounds. */
export const prepare = async (
  { clouds, guard, limits }: Composition,
  run: Run,
  lookAhead: LookAhead = (list) => list,
) => {
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
  const named = await readNamed(cloud, confined, run);

  return { guard, cloud, confinement, resources: withUnseen(resources, named?.unseen), confined, named };
};

/** The whole path of one call. Every door comes through here. Throws a CallError for every failure. */
export const call = (composition: Composition, request: CallRequest): Promise<Outcome> =>
  recorded(composition, request, async (run) => {
    const { audit, jobs, limits, rowCosts } = composition;
    const { step, record, beforeSending } = run;
    const { guard, cloud, confinement, resources, confined, named } = await prepare(composition, run);
    const mustBeLogged = confined.tool.risk.risk !== 'read';

    // Before a human is asked for nothing, and again before it leaves.
    if (mustBeLogged) await audit.ready();
    const asking = { resources, origin: cloud.origin, onQuestion: (question: string) => record({ question }) };
    const approved = await step('approve', () => guard.approve(confined, asking));
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
    const before = await readBefore(cloud, approved, run, named);
    const list = confinement.within(listNow(cloud, run));
    const answer = await step('cloudstack', () =>
      sendCall(cloud, jobs, approved, wire, run, options).catch(async (error: unknown) => {
        throw await nameLimitedDomain(error, cloud, list);
      }),
    );
    const own = confinement.confineAnswer(approved, first ? { ...answer, page: first } : answer);
    if (mustBeLogged) recordInverse(run, cloud.catalog, approved, { ...answer, before });
    const seen = { ...(await withLooksBeside(cloud, approved, own, list)), before };
    const shown = step(
      'present',
      () => smallerPageFor(approved, seen, limits, rowCosts) ?? present(approved, seen, limits),
    );
    if ('text' in shown) return shown;
    const smaller = await step('cloudstack', () => sendPage(cloud, approved, answer, shown, options));
    return step('present', () => present(approved, confinement.confineAnswer(approved, smaller), limits));
  });
