import { statedFields } from '../engine/generic.ts';
import { needRow, rowArg, text, textArg } from '../rules/args.ts';
import type { Behaviours, Call } from '../rules/call.ts';
import { ownerOf } from '../rules/owner.ts';
import { object, success } from '../rules/results.ts';
import { badParameter, badValue } from '../world/errors.ts';
import { insertKind } from '../world/insert.ts';
import type { Resource } from '../world/types.ts';

const deliver = (call: Call, webhook: Resource | undefined, from: Resource | undefined): Resource =>
  insertKind(
    call.world,
    'WebhookDelivery',
    {
      webhookid: webhook?.id ?? from?.fields['webhookid'],
      eventtype: from?.fields['eventtype'] ?? 'TEST.WEBHOOK',
      payload: textArg(call, 'payload') ?? from?.fields['payload'] ?? 'TEST WEBHOOK DELIVERY',
      headers: 'content-type: application/json',
      response: '200 OK',
      success: true,
      startdate: call.world.now(),
      enddate: call.world.now(),
      managementserverid: call.world.all('ManagementServer')[0]?.id,
    },
    { owner: webhook?.owner },
  );

/** Webhooks. */
export const webhook: Behaviours = {
  createWebhook: (call) => {
    const url = textArg(call, 'payloadurl') ?? '';
    if (!/^https?:\/\/./i.test(url)) throw badParameter(`Invalid payload URL: ${url}`);
    const { fields } = statedFields(call, 'Webhook');
    return object(insertKind(call.world, 'Webhook', fields, { owner: ownerOf(call).id }));
  },
  executeWebhookDelivery: (call) => {
    const from = rowArg(call, 'id');
    const webhook = rowArg(call, 'webhookid') ?? call.world.get(text(from, 'webhookid'));
    if (!webhook && textArg(call, 'payloadurl') === undefined)
      throw badValue('One of id, webhookid and payloadurl must be given');
    return object(deliver(call, webhook, from));
  },
  deleteWebhook: (call) => {
    const row = needRow(call, 'id');
    for (const delivery of [...call.world.where('WebhookDelivery', 'webhookid', row.id)]) call.world.remove(delivery);
    call.world.remove(row);
    return success();
  },
  updateWebhook: (call) => {
    const row = needRow(call, 'id');
    const { id: _, ...fields } = statedFields(call, 'Webhook').fields;
    call.world.update(row, fields);
    return object(row);
  },
};
