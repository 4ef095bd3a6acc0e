import { badValue, inUse } from '../world/errors.ts';
import { insertKind } from '../world/insert.ts';
import { needRow, textArg } from './args.ts';
import type { Behaviour } from './call.ts';
import { ownedNamed, ownerOf } from './owner.ts';
import { object, success } from './results.ts';

/** Registers user data or a CNI configuration, given in one of the parameters. */
export const registerUserData =
  (kind: string, field: string): Behaviour =>
  (call) => {
    const name = textArg(call, 'name') ?? '';
    const data = textArg(call, field) ?? '';
    if (ownedNamed(call, kind)) throw badValue(`A userdata with name ${name} already exists for this account.`);
    return object(
      insertKind(
        call.world,
        kind,
        { name, userdata: data, params: textArg(call, 'params') },
        { owner: ownerOf(call).id },
      ),
    );
  };

/** Deletes user data that no machine is linked to. */
export const deleteUserData: Behaviour = (call) => {
  const row = needRow(call, 'id');
  const users = call.world.all('UserVm').filter(({ fields }) => fields['userdataid'] === row.id);
  if (users.length > 0)
    throw inUse(
      `Userdata ${row.id} cannot be removed as it is linked to the Instances [${users.map(({ id }) => id).join(',')}]`,
    );
  call.world.remove(row);
  return success();
};
