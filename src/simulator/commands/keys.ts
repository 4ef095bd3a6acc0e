import { generateKeyPairSync, createHash } from 'node:crypto';
import { object, success, work } from '../engine/results.ts';
import { needRow, rowArg, text, textArg } from '../engine/args.ts';
import { insertKind } from '../world/insert.ts';
import { badValue, inUse } from '../world/errors.ts';
import { listKind } from '../engine/list.ts';
import { ownerOf } from '../engine/owner.ts';
import type { Behaviour, Call, Resource } from '../world/types.ts';

const named = (call: Call, kind: string, name = textArg(call, 'name') ?? ''): Resource | undefined => {
  const owner = ownerOf(call);
  return call.world.all(kind).find((row) => row.owner === owner.id && text(row, 'name') === name);
};

const fingerprint = (data: string): string =>
  (createHash('md5').update(data).digest('hex').match(/../g) ?? []).join(':');

const createPair: Behaviour = (call) => {
  const name = textArg(call, 'name') ?? '';
  if (named(call, 'SSHKeyPair')) throw badValue(`A key pair with name '${name}' already exists.`);
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 1024,
    publicKeyEncoding: { type: 'pkcs1', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  const row = insertKind(
    call.world,
    'SSHKeyPair',
    { name, fingerprint: fingerprint(privateKey) },
    { owner: ownerOf(call).id },
  );
  return { form: 'object', item: row, extra: { privatekey: privateKey } };
};

const registerPair: Behaviour = (call) => {
  const name = textArg(call, 'name') ?? '';
  const key = textArg(call, 'publickey') ?? '';
  if (named(call, 'SSHKeyPair')) throw badValue(`A key pair with name '${name}' already exists.`);
  const print = fingerprint(key);
  if (call.world.all('SSHKeyPair').some((row) => row.owner === ownerOf(call).id && text(row, 'fingerprint') === print))
    throw badValue(`A key pair with name '${name}' already exists for this public key.`);
  return object(insertKind(call.world, 'SSHKeyPair', { name, fingerprint: print }, { owner: ownerOf(call).id }));
};

const registerData =
  (kind: string, field: string): Behaviour =>
  (call) => {
    const name = textArg(call, 'name') ?? '';
    const data = textArg(call, field) ?? '';
    if (named(call, kind)) throw badValue(`A userdata with name ${name} already exists for this account.`);
    if (kind === 'UserData' && !/^[A-Za-z0-9+/=\s]*$/.test(data)) throw badValue('User data is not base64 encoded.');
    return object(
      insertKind(
        call.world,
        kind,
        { name, userdata: data, params: textArg(call, 'params') },
        { owner: ownerOf(call).id },
      ),
    );
  };

const dropData: Behaviour = (call) => {
  const row = needRow(call, 'id');
  const users = call.world.all('UserVm').filter(({ fields }) => fields['userdataid'] === row.id);
  if (users.length > 0)
    throw inUse(
      `Userdata ${row.id} cannot be removed as it is linked to the Instances [${users.map(({ id }) => id).join(',')}]`,
    );
  call.world.remove(row);
  return success();
};

const TYPES = [
  'host affinity',
  'host anti-affinity',
  'non-strict host affinity',
  'non-strict host anti-affinity',
  'ExplicitDedication',
];

const createAffinity: Behaviour = (call) => {
  const type = textArg(call, 'type') ?? '';
  if (!TYPES.includes(type))
    throw badValue(`Unable to create affinity group, no Affinity Group Types configured: ${type}`);
  if (named(call, 'AffinityGroup'))
    throw badValue(`Unable to create affinity group, a group with name ${textArg(call, 'name')} already exists.`);
  const row = insertKind(
    call.world,
    'AffinityGroup',
    { name: textArg(call, 'name'), type, description: textArg(call, 'description') },
    { owner: ownerOf(call).id },
  );
  return work(row, () => object(row));
};

const dropAffinity: Behaviour = (call) => {
  const row = rowArg(call, 'id') ?? named(call, 'AffinityGroup');
  if (!row) throw badValue('Either the affinity group Id or group name must be specified to delete the group');
  return work(row, () => {
    for (const vm of call.world.all('UserVm')) {
      const groups = vm.hidden['affinitygroupids'];
      if (Array.isArray(groups)) vm.hidden['affinitygroupids'] = groups.filter((id) => id !== row.id);
    }
    call.world.remove(row);
    return success();
  });
};

const uniqueGroup: Behaviour = (call) => {
  if (named(call, 'InstanceGroup'))
    throw badValue(`Unable to create vm group, a group with name ${textArg(call, 'name')} already exists for account`);
  return object(insertKind(call.world, 'InstanceGroup', { name: textArg(call, 'name') }, { owner: ownerOf(call).id }));
};

/** Key pairs, user data, affinity and instance groups. */
export const keys: Record<string, Behaviour> = {
  createSSHKeyPair: createPair,
  registerSSHKeyPair: registerPair,
  deleteSSHKeyPair: (call) => {
    const row = named(call, 'SSHKeyPair');
    if (!row) throw badValue(`A key pair with name '${textArg(call, 'name')}' does not exist for account`);
    call.world.remove(row);
    return success();
  },
  registerUserData: registerData('UserData', 'userdata'),
  registerCniConfiguration: registerData('CniConfiguration', 'cniconfig'),
  deleteUserData: dropData,
  deleteCniConfiguration: dropData,
  createAffinityGroup: createAffinity,
  deleteAffinityGroup: dropAffinity,
  listAffinityGroups: (call) => {
    const vm = rowArg(call, 'virtualmachineid');
    const groups = vm?.hidden['affinitygroupids'];
    return listKind(call, 'AffinityGroup', vm ? [({ id }) => Array.isArray(groups) && groups.includes(id)] : []);
  },
  createInstanceGroup: uniqueGroup,
  deleteInstanceGroup: (call) => {
    const row = needRow(call, 'id');
    for (const vm of [...call.world.where('UserVm', 'groupid', row.id)]) call.world.update(vm, { groupid: undefined });
    call.world.remove(row);
    return success();
  },
  listSecurityGroups: (call) => {
    const name = textArg(call, 'securitygroupname');
    const groups = rowArg(call, 'virtualmachineid')?.hidden['securitygroupids'];
    return listKind(call, 'SecurityGroup', [
      ({ id, fields }) =>
        (name === undefined || fields['name'] === name) &&
        (groups === undefined || (Array.isArray(groups) && groups.includes(id))),
    ]);
  },
};
