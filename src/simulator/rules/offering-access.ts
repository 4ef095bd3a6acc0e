import type { Resource } from '../world/types.ts';
import { forbidden } from '../world/errors.ts';
import { isWithin } from './access.ts';
import { text } from './args.ts';
import type { Call } from './call.ts';
import { ownerOf } from './owner.ts';

const offeringKinds = new Set(['ServiceOffering', 'DiskOffering', 'NetworkOffering', 'VpcOffering']);

const holds = (list: unknown, test: (id: string) => boolean): boolean =>
  typeof list !== 'string' || list === '' || list.split(',').some(test);

/** The account that a call's result will belong to: that of the resource it is about, or the one that it names. */
const ownerFor = (call: Call): Resource => {
  for (const [name, rows] of call.rows)
    if (!['projectid', 'domainid'].includes(name))
      for (const row of rows) if (row.owner !== undefined) return call.world.get(row.owner) ?? call.caller.account;
  return ownerOf(call);
};

const zoneFor = ({ rows }: Call): string | undefined => {
  for (const row of [...rows.values()].flat()) {
    if (row.kind === 'Zone') return row.id;
    if (!offeringKinds.has(row.kind) && typeof row.fields['zoneid'] === 'string') return row.fields['zoneid'];
  }
  return undefined;
};

/**
 * Refuses an offering that is bound to other domains than its user's, or to other zones, in every command that uses one
 * (DomainChecker.checkAccess): lists hide it, and its id is no way around.
 */
export const checkOfferings = (call: Call): void => {
  const { command, world } = call;
  if (
    command.get === true ||
    command.name.startsWith('list') ||
    offeringKinds.has(command.entity?.[0] ?? command.response)
  )
    return;
  const used = [...call.rows].flatMap(([name, rows]) =>
    name === 'id' || name === 'ids' ? [] : rows.filter(({ kind }) => offeringKinds.has(kind)),
  );
  const bound = used.filter(({ fields }) => fields['domainid'] !== undefined || fields['zoneid'] !== undefined);
  if (bound.length === 0) return;
  const [owner, zone] = [ownerFor(call), zoneFor(call)];
  for (const offering of bound) {
    const ofDomain =
      owner.fields['accounttype'] === 1 ||
      holds(offering.fields['domainid'], (id) => isWithin(world, text(owner, 'domainid'), id));
    const ofZone = zone === undefined || holds(offering.fields['zoneid'], (id) => id === zone);
    if (!ofDomain || !ofZone)
      throw forbidden(`There's no way to confirm ${text(owner, 'name')} has access to ${text(offering, 'name')}`);
  }
};
