import { statedFields } from '../engine/generic.ts';
import { deliver, domainOf, refusedDestination, saveDelivery } from '../engine/webhooks.ts';
import { flagArg, needRow, rowArg, text, textArg } from '../rules/args.ts';
import type { Behaviours, Call } from '../rules/call.ts';
import { ownerOf } from '../rules/owner.ts';
import { madeRow, object, success } from '../rules/results.ts';
import { badParameter, badValue } from '../world/errors.ts';
import { insertKind } from '../world/insert.ts';
import type { Fields, Resource } from '../world/types.ts';

/** The URL as it is saved. CloudStack refuses loopback, too, which is the one place that the simulator sends to. */
const payloadUrl = (call: Call, domain: string): string | undefined => {
  const given = textArg(call, 'payloadurl');
  if (given === undefined) return undefined;
  const url = /^https?:\/\//.test(given) ? given : `http://${given}`;
  const host = URL.canParse(url) ? new URL(url).hostname : '';
  if (!/[.:]|^localhost$/.test(host)) throw badParameter(`Unable to resolve ${host || given}`);
  if (/^(0\.0\.0\.0$|169\.254\.|2(2[4-9]|3\d)\.)/.test(host)) throw badParameter('Illegal host specified in url');
  const refused = refusedDestination(call.world, domain, url);
  if (refused !== undefined) throw badValue(refused);
  return url;
};

/** Refuses what no webhook of the owner may be. */
const checkWebhook = (call: Call, owner: Resource, fields: Fields, current?: Resource): void => {
  const { world } = call;
  const { payloadurl, scope, sslverification } = fields;
  if (scope !== 'Local') {
    const role = text(world.get(text(owner, 'roleid')), 'type');
    if (!(scope === 'Global' ? ['Admin'] : ['Admin', 'DomainAdmin']).includes(role))
      throw badValue(`Scope ${String(scope)} can not be specified for owner ${text(owner, 'name')}`);
  }
  for (const row of world.ownedBy('Webhook', owner.id))
    if (row !== current && row.fields['payloadurl'] === payloadurl)
      throw badValue(`Payload URL: ${String(payloadurl)} is already in use by another webhook`);
  if (sslverification === true && !/^https:/i.test(String(payloadurl)))
    throw badValue(`SSL verification can be specified only for HTTPS URLs, ${String(payloadurl)}`);
};

/** Webhooks. */
export const webhook: Behaviours = {
  createWebhook: (call) => {
    const owner = ownerOf(call);
    const scope = textArg(call, 'scope') ?? 'Local';
    const domain = scope === 'Domain' ? rowArg(call, 'domainid') : undefined;
    const url = payloadUrl(call, domain?.id ?? text(owner, 'domainid'));
    const { fields } = statedFields(call, 'Webhook');
    const made = {
      ...fields,
      payloadurl: url,
      scope,
      sslverification: flagArg(call, 'sslverification'),
      ...(domain ? { domainid: domain.id } : {}),
    };
    checkWebhook(call, owner, made);
    return object(insertKind(call.world, 'Webhook', made, { owner: owner.id }));
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
    const { world, caller } = call;
    const [from, named] = [rowArg(call, 'id'), rowArg(call, 'webhookid')];
    const url = payloadUrl(call, named ? domainOf(world, named) : caller.domain.id);
    if (!from && !named && url === undefined)
      throw badValue('One of the id, webhookid or payloadurl must be specified');
    if (from && named) throw badValue('Only one of the id or webhookid can be specified');
    const webhook = named ?? world.get(text(from, 'webhookid'));
    const given = {
      ...(url === undefined ? {} : { payloadurl: url }),
      ...(textArg(call, 'secretkey') === undefined ? {} : { secretkey: textArg(call, 'secretkey') }),
      ...('sslverification' in call.args ? { sslverification: flagArg(call, 'sslverification') } : {}),
    };
    const target = from
      ? webhook
      : madeRow(
          'Webhook',
          webhook?.id ?? '',
          { ...webhook?.fields, ...given },
          {},
          webhook?.owner ?? caller.account.id,
        );
    if (!target) throw badValue('Invalid webhook delivery specified');
    const notice = {
      eventid: from ? text(from, 'eventid') : world.random.uuid(),
      eventtype: from ? text(from, 'eventtype') : 'TEST.WEBHOOK',
      account: target.owner ?? caller.account.id,
      payload: from ? text(from, 'payload') : (textArg(call, 'payload') ?? '{ "CloudStack": "works!" }'),
    };
    // A test is shown and not saved; it belongs to no event.
    const shown: Fields = {};
    call.until = deliver(world, target, notice, (delivery) => {
      const saved = from && webhook ? saveDelivery(world, webhook, delivery) : undefined;
      const { eventid, ...test } = delivery;
      Object.assign(shown, { id: saved?.id ?? world.random.uuid(), ...(from ? { eventid } : {}), ...test });
      shown['managementservername'] = world.get(String(test['managementserverid']))?.fields['name'];
      if (webhook) Object.assign(shown, { webhookid: webhook.id, webhookname: webhook.fields['name'] });
    });
    return object(shown);
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
    const owner = call.world.get(row.owner ?? '') ?? call.caller.account;
    const url = payloadUrl(call, domainOf(call.world, row));
    const { id: _, name, secretkey, ...stated } = statedFields(call, 'Webhook').fields;
    const fields = {
      ...stated,
      ...(url === undefined ? {} : { payloadurl: url }),
      ...(name === undefined || name === '' ? {} : { name }),
      ...(secretkey === undefined ? {} : { secretkey: String(secretkey).trim() === '' ? undefined : secretkey }),
    };
    checkWebhook(call, owner, { ...row.fields, ...fields }, row);
    call.world.update(row, fields);
    return object(row);
  },
};
