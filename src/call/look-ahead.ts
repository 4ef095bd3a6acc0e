import { describeWire } from '../request/to-wire.ts';
import type { Row } from '../rows.ts';
import { maskSecrets } from '../secrets/mask.ts';
import type { CallRequest, ForeseenCall } from '../types.ts';
import { readBefore } from './before.ts';
import { bound } from './bound.ts';
import { prepare } from './call.ts';
import type { Composition } from './composition.ts';
import { createRun } from './run.ts';
import type { LookAhead } from './send.ts';

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
  const { guard, cloud, resources, confined, named } = await prepare(composition, run, lookAhead);
  const foreseen = await guard.foresee(confined, resources);
  return { foreseen, before: await readBefore(cloud, foreseen, run, named), account: (await cloud.account())?.row };
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
