import { needRow, rowArg, text, textArg } from '../rules/args.ts';
import type { Behaviour } from '../rules/call.ts';
import { gib } from '../rules/figures.ts';
import { ownerOf } from '../rules/owner.ts';
import { object, work } from '../rules/results.ts';
import { badValue, failure } from '../world/errors.ts';
import { insertKind } from '../world/insert.ts';
import type { Fields } from '../world/types.ts';
import { statedFields } from './generic.ts';

/** Offers a template, volume or snapshot for download. */
export const extractResource: Behaviour = (call) => {
  const row = needRow(call, 'id');
  const { world, caller } = call;
  if (row.kind === 'Template' && row.fields['isextractable'] !== true && !caller.root)
    throw badValue(`Template ${row.id} is not extractable`);
  return work(row, () => {
    const owner = world.get(row.owner ?? '');
    if (row.kind === 'Volume' && world.get(text(row, 'virtualmachineid'))?.fields['state'] === 'Running')
      throw failure('The volume is attached to a running virtual machine');
    return object({
      id: row.id,
      name: row.fields['name'],
      extractId: world.random.uuid(),
      accountid: owner?.id,
      state: 'DOWNLOAD_URL_CREATED',
      status: 'DOWNLOAD_URL_CREATED',
      extractMode: textArg(call, 'mode') ?? 'HTTP_DOWNLOAD',
      created: world.now(),
      zoneid: rowArg(call, 'zoneid')?.id,
      url: `http://127.0.0.1/userdata/${world.random.uuid()}.${text(row, 'format').toLowerCase() || 'qcow2'}`,
    });
  });
};

/** Registers a template or volume and says where its file is to be sent. */
export const uploadParameters =
  (kind: string, field: string): Behaviour =>
  (call) => {
    const { world } = call;
    const { fields } = statedFields(call, kind);
    const zone = rowArg(call, 'zoneid');
    const more: Fields =
      kind === 'Volume'
        ? { type: 'DATADISK', state: 'NotUploaded' }
        : {
            isready: false,
            status: 'Not Uploaded',
            templatetype: 'USER',
            ...(field === 'iso' ? { format: 'ISO' } : {}),
          };
    const row = insertKind(
      world,
      kind,
      { ...fields, ...more, ...(kind === 'Template' ? { zoneid: undefined } : {}) },
      { owner: ownerOf(call).id, hidden: { zones: zone ? [zone.id] : [] } },
    );
    const uploaded: Fields =
      kind === 'Volume' ? { state: 'Uploaded', size: 10 * gib } : { isready: true, status: 'Download Complete' };
    world.hide(row, { uploaded });
    return object({
      id: row.id,
      postURL: `https://127.0.0.1/upload/${row.id}`,
      metadata: world.random.key(60),
      expires: world.now(),
      signature: world.random.key(40),
    });
  };
