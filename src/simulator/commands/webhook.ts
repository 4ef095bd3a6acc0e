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
  addWebhookFilter: (call) => {
    const webhook = needRow(call, 'webhookid');
    const [mode, match] = [textArg(call, 'mode') ?? 'Include', textArg(call, 'matchtype') ?? 'Exact'];
    const fields = { webhookid: webhook.id, type: 'EventType', mode, matchtype: match, value: textArg(call, 'value') };
    return object(insertKind(call.world, 'WebhookFilter', fields, { owner: webhook.owner }));
  },
  deleteWebhookFilter: (call) => {
    const [filter, webhook] = [rowArg(call, 'id'), rowArg(call, 'webhookid')];
    if (!filter && !webhook) throw badValue('Either id or webhookid must be given');
    const rows = filter ? [filter] : [...call.world.where('WebhookFilter', 'webhookid', webhook?.id ?? '')];
    for (const row of rows) call.world.remove(row);
    return success();
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
    for (const kind of ['WebhookDelivery', 'WebhookFilter'])
      for (const part of [...call.world.where(kind, 'webhookid', row.id)]) call.world.remove(part);
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
