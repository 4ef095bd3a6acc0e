import { badValue, failure } from '../world/errors.ts';
import { insertKind } from '../world/insert.ts';
import type { Fields } from '../world/types.ts';
import { accountNamed } from './accounts.ts';
import { needRow, rowArg, text } from './args.ts';
import type { Behaviour } from './call.ts';
import { list, object, success, work } from './results.ts';

const idFields = { Zone: 'zoneid', Pod: 'podid', Cluster: 'clusterid', Host: 'hostid' } as const;

type DedicatedPlace = keyof typeof idFields;

/** Dedicates a zone, pod, cluster or host to a domain or account. */
export const dedicate =
  (place: DedicatedPlace): Behaviour =>
  (call) => {
    const field = idFields[place];
    const target = needRow(call, field);
    const kind = `Dedicate${place}`;
    if ([...call.world.where(kind, field, target.id)].length > 0)
      throw failure(`${place} ${text(target, 'name')} is already dedicated`);
    const fields: Fields = {
      [field]: target.id,
      domainid: rowArg(call, 'domainid')?.id,
      accountid: accountNamed(call)?.id,
    };
    const row = insertKind(
      call.world,
      kind,
      Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)),
    );
    return work(row, () => (call.command.result === 'list' ? list([row]) : object(row)));
  };

/** Ends the dedication of a zone, pod, cluster or host. */
export const releaseDedicated =
  (place: DedicatedPlace): Behaviour =>
  (call) => {
    const target = needRow(call, idFields[place]);
    const row = [...call.world.where(`Dedicate${place}`, idFields[place], target.id)][0];
    if (!row) throw badValue(`No dedicated resource available to release for ${place.toLowerCase()} ${target.id}`);
    return work(row, () => {
      call.world.remove(row);
      return success();
    });
  };
