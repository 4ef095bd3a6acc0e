import type { Command, Parameter } from '../../catalog/types.ts';
import { mayUse } from '../rules/access.ts';
import type { CallingUser } from '../rules/call.ts';
import { badValue, forbidden, unknownId } from '../world/errors.ts';
import type { Fields, Resource } from '../world/types.ts';
import type { World } from '../world/world.ts';

const uuidPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

// Some ids are declared as text; regions and system addresses have numbers for ids.
const isId = ({ name, type, of, kind }: Parameter): boolean =>
  kind !== undefined &&
  (type === 'uuid' ||
    of === 'uuid' ||
    (type === 'string' && name.endsWith('id')) ||
    (kind === 'Region' && type === 'integer'));

/** Accounts to which something is lent may be anyone's. */
const lentTo = 'accountids';

/** `VMSnapshot` → `vm snapshot`, for texts. */
const wordsOf = (kind: string): string =>
  kind === 'UserVm' ? 'virtual machine' : kind.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();

/**
 * The resources that a call's id parameters name. Reads find removed ones (and then list nothing); anything else is
 * refused with "unable to find". Foreign resources are refused.
 */
export const resolveRows = (
  world: World,
  command: Command,
  args: Fields,
  caller: CallingUser,
): Map<string, Resource[]> => {
  const rows = new Map<string, Resource[]>();
  const reads = command.get === true || command.name.startsWith('list');
  for (const parameter of command.params) {
    if (!isId(parameter)) continue;
    const { name, kind = '' } = parameter;
    const value = args[name];
    if (value === undefined) continue;
    const found: Resource[] = [];
    for (const each of Array.isArray(value) ? value : [value]) {
      const id = String(each);
      if (id === '-1' && kind === 'Domain') throw badValue(`Domain id=${id} doesn't exist`);
      if (id === '-1') continue;
      const row = world.find(kind, uuidPattern.test(id) ? id.toLowerCase() : id);
      if (!row) {
        if (parameter.releases !== undefined && !uuidPattern.test(id)) {
          // Parameters of later releases take only uuids, and CloudStack passes over anything else.
          delete args[name];
          continue;
        }
        throw unknownId(command.name, name, id);
      }
      if (row.removed !== undefined && row.kind === 'Domain' && name !== 'parentdomainid')
        throw badValue(`Domain id=${row.no} doesn't exist`);
      if (row.removed !== undefined && !reads)
        throw badValue(`unable to find a ${wordsOf(row.kind)} with id ${row.no}`);
      if (
        !caller.root &&
        name !== lentTo &&
        !(reads && (name === 'id' || name === 'ids')) &&
        !mayUse(world, caller, row)
      )
        throw forbidden();
      found.push(row);
    }
    if (found.length > 0) rows.set(name, found);
    // Internal numbers and other letter cases are taken for ids, as MySQL compares; what follows compares ids only.
    if (typeof value === 'string' && found[0]) args[name] = found[0].id;
    else if (Array.isArray(value) && found.length === value.length) args[name] = found.map(({ id }) => id);
  }
  return rows;
};
