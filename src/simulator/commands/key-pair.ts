import { createHash, generateKeyPairSync } from 'node:crypto';
import { listArg, needRow, rowArg, text, textArg } from '../rules/args.ts';
import type { Behaviour, Behaviours } from '../rules/call.ts';
import { nameOf, needStopped } from '../rules/machines.ts';
import { ownedNamed, ownerOf } from '../rules/owner.ts';
import { object, success, work } from '../rules/results.ts';
import { deleteUserData, registerUserData } from '../rules/user-data.ts';
import { badValue } from '../world/errors.ts';
import { insertKind } from '../world/insert.ts';

const resetKey: Behaviour = (call) => {
  const vm = needRow(call, 'id');
  const names = [textArg(call, 'keypair'), ...listArg(call, 'keypairs')].filter((name) => name !== undefined);
  for (const name of names)
    if (!call.world.all('SSHKeyPair').some((key) => key.owner === vm.owner && key.fields['name'] === name))
      throw badValue(
        `A key pair with name '${name}' does not exist for account ${text(call.world.get(vm.owner ?? ''), 'name')} in specified domain id`,
      );
  needStopped(vm, `VM ${nameOf(vm)} should be stopped to do SSH Key reset`);
  return work(vm, () => {
    call.world.update(vm, { keypairs: names.join(',') });
    return object(vm);
  });
};

const resetUserData: Behaviour = (call) => {
  const vm = needRow(call, 'id');
  needStopped(vm, `VM ${nameOf(vm)} should be stopped to do UserData reset`);
  call.world.update(vm, {
    userdata: textArg(call, 'userdata'),
    userdataid: rowArg(call, 'userdataid')?.id,
    userdatadetails: call.args['userdatadetails'],
  });
  return object(vm);
};

const fingerprint = (data: string | Buffer): string =>
  (createHash('md5').update(data).digest('hex').match(/../g) ?? []).join(':');

const keyTypes = /^(?:ssh-rsa|ssh-dss|ssh-ed25519|ecdsa-sha2-nistp\d+|sk-\S+) +([A-Za-z0-9+/=]+)/;

/** The body of a public key, which the fingerprint is of: its comment does not count. Refuses what is not a key. */
const keyBody = (text: string): Buffer => {
  const given = keyTypes.exec(text.trim())?.[1] ?? keyTypes.exec(Buffer.from(text, 'base64').toString())?.[1];
  if (given === undefined) throw badValue('Public key is invalid');
  return Buffer.from(given, 'base64');
};

const createPair: Behaviour = (call) => {
  const name = textArg(call, 'name') ?? '';
  if (ownedNamed(call, 'SSHKeyPair')) throw badValue(`A key pair with name '${name}' already exists.`);
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
  if (ownedNamed(call, 'SSHKeyPair')) throw badValue(`A key pair with name '${name}' already exists.`);
  const print = fingerprint(keyBody(key));
  if (call.world.all('SSHKeyPair').some((row) => row.owner === ownerOf(call).id && text(row, 'fingerprint') === print))
    throw badValue(`A key pair with name '${name}' already exists for this public key.`);
  return object(
    insertKind(
      call.world,
      'SSHKeyPair',
      { name, fingerprint: print },
      { owner: ownerOf(call).id, hidden: { publickey: key.trim() } },
    ),
  );
};

/** SSH key pairs and user data. */
export const keyPair: Behaviours = {
  resetSSHKeyForVirtualMachine: resetKey,
  resetUserDataForVirtualMachine: resetUserData,
  getVirtualMachineUserData: (call) => {
    const vm = needRow(call, 'virtualmachineid');
    return object({ virtualmachineid: vm.id, userdata: text(vm, 'userdata') });
  },
  linkUserDataToTemplate: (call) => {
    const template = rowArg(call, 'templateid');
    const row = template ?? rowArg(call, 'isoid');
    if (!row) throw badValue('Either templateid or isoid must be given');
    const data = rowArg(call, 'userdataid');
    call.world.update(row, {
      userdataid: data?.id,
      userdataname: data?.fields['name'],
      userdatapolicy: data ? (textArg(call, 'userdatapolicy') ?? 'ALLOWOVERRIDE') : undefined,
    });
    return object(row, template ? 'template' : 'iso');
  },
  createSSHKeyPair: createPair,
  registerSSHKeyPair: registerPair,
  deleteSSHKeyPair: (call) => {
    const row = ownedNamed(call, 'SSHKeyPair');
    if (!row)
      throw badValue(
        `A key pair with name '${textArg(call, 'name')}' does not exist for account ${text(ownerOf(call), 'name')} in specified domain id`,
      );
    call.world.remove(row);
    return success();
  },
  registerUserData: registerUserData('UserData', 'userdata'),
  deleteUserData,
};
