import { mapArg, needRow, numberArg, rowArg, textArg } from '../rules/args.ts';
import type { Behaviour, Behaviours } from '../rules/call.ts';
import { ownerOf } from '../rules/owner.ts';
import { object, success, work } from '../rules/results.ts';
import { badValue, failure } from '../world/errors.ts';
import { insertKind } from '../world/insert.ts';
import type { Resource } from '../world/types.ts';

const needEnabled = (profile: Resource): Resource => {
  if (profile.fields['enabled'] === false) throw badValue(`HSM profile is not enabled: ${profile.id}`);
  return profile;
};

/** Credentials of the module are kept encrypted, and not shown. */
const isSecret = (name: string): boolean => /pin|password|secret/i.test(name);

const createProfile: Behaviour = (call) => {
  const name = textArg(call, 'name');
  const details = mapArg(call, 'details');
  return object(
    insertKind(
      call.world,
      'HSMProfile',
      {
        name,
        protocol: textArg(call, 'protocol') ?? 'pkcs11',
        vendor: textArg(call, 'vendorname'),
        zoneid: rowArg(call, 'zoneid')?.id,
        ispublic: call.args['ispublic'] === true,
        enabled: true,
        details: Object.fromEntries(Object.entries(details).filter(([key]) => !isSecret(key))),
      },
      { owner: ownerOf(call).id, hidden: { details } },
    ),
  );
};

const keyBits = (bits: number | undefined): number => {
  if (bits !== undefined && ![128, 192, 256].includes(bits))
    throw badValue(`Key bits must be 128, 192, or 256, not ${bits}`);
  return bits ?? 256;
};

const createKey: Behaviour = (call) => {
  const profile = needEnabled(needRow(call, 'hsmprofileid'));
  return object(
    insertKind(
      call.world,
      'KMSKey',
      {
        name: textArg(call, 'name'),
        description: textArg(call, 'description'),
        zoneid: needRow(call, 'zoneid').id,
        hsmprofileid: profile.id,
        algorithm: 'AES/GCM/NoPadding',
        keybits: keyBits(numberArg(call, 'keybits')),
        version: 1,
        enabled: true,
        keklabel: `kek-${call.world.count('kek')}`,
      },
      { owner: ownerOf(call).id },
    ),
  );
};

const rotate: Behaviour = (call) => {
  const key = needRow(call, 'id');
  const profile = rowArg(call, 'hsmprofileid');
  const bits = numberArg(call, 'keybits');
  return work(key, () => {
    if (key.fields['enabled'] === false) throw failure(`KMS key is not enabled: ${key.id}`);
    call.world.update(key, {
      version: Number(key.fields['version'] ?? 1) + 1,
      ...(profile ? { hsmprofileid: needEnabled(profile).id } : {}),
      ...(bits === undefined ? {} : { keybits: keyBits(bits) }),
    });
    return success();
  });
};

/** Encryption keys, and the modules that guard them. */
export const kms: Behaviours = {
  createHSMProfile: createProfile,
  deleteHSMProfile: (call) => {
    const profile = needRow(call, 'id');
    if ([...call.world.where('KMSKey', 'hsmprofileid', profile.id)].length > 0)
      throw badValue(`Cannot delete HSM profile ${profile.id}: it is in use by KMS keys`);
    call.world.remove(profile);
    return success();
  },
  createKMSKey: createKey,
  rotateKMSKey: rotate,
  migrateVolumesToKMS: (call) => {
    const key = needRow(call, 'id');
    return work(key, () => {
      if (key.fields['enabled'] === false) throw failure(`KMS key is not enabled: ${key.id}`);
      return success();
    });
  },
};
