import { createHmac } from 'node:crypto';
import { BlockList, isIP, isIPv6 } from 'node:net';
import type { CallingUser } from '../rules/call.ts';
import { isWithin } from '../rules/access.ts';
import { text } from '../rules/args.ts';
import { formatDate } from '../world/clock.ts';
import { isOn, numberSetting, settingIn } from '../world/settings.ts';
import type { Fields, Resource } from '../world/types.ts';
import type { World } from '../world/world.ts';

/** What a webhook is told of: an event, or what a caller has it say. */
export interface Notice {
  eventid: string;
  eventtype: string;
  /** Account of the event. */
  account: string;
  payload: string;
}

const hourMs = 3_600_000;
// Between two cleanings no webhook may fill the memory.
const maxSaved = 1000;

const deliveriesOf = (world: World, id: string): Resource[] => [...world.where('WebhookDelivery', 'webhookid', id)];

const trim = (world: World, id: string, max: number): void => {
  const rows = deliveriesOf(world, id);
  for (const row of rows.slice(0, Math.max(0, rows.length - max))) world.forget(row);
};

const cleaning = new WeakSet<World>();

/** Each hour the older deliveries of every webhook go, as webhook.deliveries.limit says. */
const cleanInTime = (world: World): void => {
  if (cleaning.has(world)) return;
  cleaning.add(world);
  world.queue.later(numberSetting(world, 'webhook.deliveries.cleanup.interval', hourMs / 1000) * 1000, () => {
    cleaning.delete(world);
    const max = numberSetting(world, 'webhook.deliveries.limit', 10);
    for (const webhook of world.all('Webhook')) trim(world, webhook.id, max);
  });
};

const valueIn = (world: World, domain: string, name: string, fallback: number): number => {
  const number = Number(settingIn(world, domain, name) || NaN);
  return Number.isNaN(number) ? fallback : number;
};

const blockOf = (cidrs: string): BlockList => {
  const list = new BlockList();
  for (const [base = '', bits] of cidrs.split(',').map((cidr) => cidr.trim().split('/')))
    if (isIP(base)) list.addSubnet(base, Number(bits ?? (isIPv6(base) ? 128 : 32)), isIPv6(base) ? 'ipv6' : 'ipv4');
  return list;
};

/**
 * Why a domain's webhooks may not send to a URL, from 4.23 on (WebhookUrlValidator). Names are not looked up; this machine is
 * where the simulator sends, in place of any.
 */
export const refusedDestination = (world: World, domain: string, given: string): string | undefined => {
  const allowsHttp = settingIn(world, domain, 'webhook.delivery.allow.http');
  if (allowsHttp === undefined || !URL.canParse(given)) return undefined;
  const { protocol, hostname } = new URL(given);
  if (world.outbox.isHere(hostname)) return undefined;
  if (protocol !== 'https:' && allowsHttp !== 'true')
    return `Only HTTPS webhook payload URLs are allowed, got: ${given}`;
  const address = hostname.replace(/^\[|\]$/g, '');
  const blocked = blockOf(settingIn(world, domain, 'webhook.delivery.blocklist') ?? '');
  return isIP(address) && blocked.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
    ? `Webhook payload URL [${given}] resolves to a blocked IP address`
    : undefined;
};

const isJson = (payload: string): boolean => {
  try {
    const value: unknown = JSON.parse(payload);
    return typeof value === 'object' && value !== null;
  } catch {
    return false;
  }
};

/** The domain whose events and settings are a webhook's own. */
export const domainOf = (world: World, webhook: Resource): string =>
  text(webhook, 'domainid') || text(world.get(webhook.owner ?? ''), 'domainid');

/**
 * Tells a webhook of something; `done` is handed the fields of a delivery when all tries are over (WebhookDeliveryThread).
 * The signature is HmacSHA256 over the payload in UTF-8, though plain text leaves in ISO 8859-1.
 */
export const deliver = (
  world: World,
  webhook: Resource,
  { eventid, eventtype, account, payload }: Notice,
  done: (delivery: Fields) => void,
): Promise<void> => {
  const json = isJson(payload);
  const body = json ? Buffer.from(payload) : Buffer.from(payload.replace(/[^\0-\xff]/gu, '?'), 'latin1');
  const secret = text(webhook, 'secretkey');
  const headers: Record<string, string> = {
    'X-CS-Event-ID': eventid,
    'X-CS-Event': eventtype,
    'User-Agent': `CS-Hookshot/${account}`,
    ...(secret === '' ? {} : { 'X-CS-Signature': createHmac('sha256', secret).update(payload).digest('base64') }),
    'Content-Length': String(body.length),
    'Content-Type': json ? 'application/json; charset=UTF-8' : 'text/plain; charset=ISO-8859-1',
  };
  const domain = domainOf(world, webhook);
  const letter = {
    url: text(webhook, 'payloadurl'),
    headers,
    body,
    tries: valueIn(world, domain, 'webhook.delivery.tries', 3),
    seconds: valueIn(world, domain, 'webhook.delivery.timeout', 10),
    verified: webhook.fields['sslverification'] === true,
    refused: refusedDestination(world, domain, text(webhook, 'payloadurl')),
  };
  return world.outbox.post(
    letter,
    numberSetting(world, 'webhook.delivery.thread.pool.size', 5),
    ({ success, response, begun, ended }) =>
      done({
        eventid,
        eventtype,
        payload,
        headers: Object.entries(headers)
          .map(([name, value]) => `${name}: ${value}`)
          .join('\n'),
        success,
        response,
        startdate: formatDate(begun),
        enddate: formatDate(ended),
        managementserverid: world.all('ManagementServer')[0]?.id,
      }),
  );
};

/** Keeps what became of a delivery, unless its webhook has gone meanwhile. */
export const saveDelivery = (world: World, webhook: Resource, delivery: Fields): Resource | undefined => {
  if (webhook.removed !== undefined) return undefined;
  trim(world, webhook.id, maxSaved - 1);
  cleanInTime(world);
  return world.insert('WebhookDelivery', { webhookid: webhook.id, ...delivery }, { owner: webhook.owner });
};

const matches = (type: string, { matchtype, value }: Fields): boolean => {
  const wanted = String(value);
  if (matchtype === 'Prefix') return type.startsWith(wanted);
  if (matchtype === 'Suffix') return type.endsWith(wanted);
  return matchtype === 'Contains' ? type.includes(wanted) : type === wanted;
};

/** One filter that excludes the event is enough; where any includes, one must include it (WebhookServiceImpl). */
const passes = (world: World, webhook: Resource, type: string): boolean => {
  const filters = Array.from(world.where('WebhookFilter', 'webhookid', webhook.id), ({ fields }) => fields);
  if (filters.some((filter) => filter['mode'] === 'Exclude' && matches(type, filter))) return false;
  const including = filters.filter((filter) => filter['mode'] === 'Include');
  return including.length === 0 || including.some((filter) => matches(type, filter));
};

const concerns = (world: World, webhook: Resource, account: Resource): boolean => {
  if (webhook.fields['state'] !== 'Enabled') return false;
  const scope = webhook.fields['scope'];
  if (scope === 'Global') return true;
  return scope === 'Domain'
    ? isWithin(world, text(account, 'domainid'), domainOf(world, webhook))
    : webhook.owner === account.id;
};

/** JSON as Gson writes it. */
const gson = (value: Fields): string =>
  JSON.stringify(value).replace(/[<>&='\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** Tells every webhook that an event concerns; what the payload says is ActionEventUtils.publishOnEventBus's. */
export const publish = (world: World, event: Resource, { user }: CallingUser): void => {
  const webhooks = world.all('Webhook');
  const account = world.get(event.owner ?? '');
  if (webhooks.length === 0 || !account || !isOn(world, 'publish.action.events')) return;
  const { type, state, description, resourcetype, resourceid } = event.fields;
  const now = new Date(world.clock.now()).toISOString();
  const project = account.hidden['projectid'];
  const payload = gson({
    eventDateTime: `${now.slice(0, 10)} ${now.slice(11, 19)} +0000`,
    entityuuid: resourceid,
    ...(project === undefined ? {} : { project }),
    description,
    event: type,
    user: user.id,
    account: account.id,
    entity: resourcetype,
    status: state,
    ...(typeof resourcetype === 'string' && resourceid !== undefined ? { [resourcetype]: resourceid } : {}),
  });
  const notice = { eventid: event.id, eventtype: String(type), account: account.id, payload };
  for (const webhook of webhooks)
    if (concerns(world, webhook, account) && passes(world, webhook, notice.eventtype))
      void deliver(world, webhook, notice, (delivery) => void saveDelivery(world, webhook, delivery));
};
