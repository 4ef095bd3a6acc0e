import { list, success, work } from '../engine/results.ts';
import { flagArg, numberArg, text, textArg } from '../engine/args.ts';
import { insertKind } from '../world/insert.ts';
import { parseDate } from '../world/clock.ts';
import { badValue } from '../world/errors.ts';
import { listKind } from '../engine/list.ts';
import type { Behaviour, Call, Resource } from '../world/types.ts';

const between = (call: Call, kind: string): Resource[] => {
  const ids = call.rows.get('ids');
  const [from, to] = [parseDate(textArg(call, 'startdate') ?? ''), parseDate(textArg(call, 'enddate') ?? '', true)];
  const type = textArg(call, 'type');
  if (!ids && from === undefined && to === undefined && type === undefined)
    throw badValue('Either ids or type or enddate are needed');
  return (ids ?? [...call.world.all(kind)]).filter((row) => {
    const at = parseDate(text(row, kind === 'Alert' ? 'sent' : 'created')) ?? 0;
    return (
      (type === undefined || text(row, 'type') === type) &&
      (from === undefined || at >= from) &&
      (to === undefined || at <= to)
    );
  });
};

const dropAll =
  (kind: string): Behaviour =>
  (call) => {
    for (const row of between(call, kind)) call.world.remove(row);
    return success();
  };

const archive =
  (kind: string): Behaviour =>
  (call) => {
    for (const row of between(call, kind)) call.world.update(row, { archived: true });
    return success();
  };

const ALERTS =
  'MEMORY CPU STORAGE STORAGE.ALLOCATED NETWORK.PUBLICIP NETWORK.PRIVATEIP STORAGE.SECONDARY COMPUTE.HOST USERVM SERVICE.DOMAINROUTER SERVICE.CONSOLEPROXY NETWORK.ROUTING STORAGE.MISC USAGE MANAGEMENT USERVM.MIGRATE SERVICE.DOMAINROUTER.MIGRATE SERVICE.CONSOLEPROXY.MIGRATE NETWORK.VLAN SERVICE.SSVM USAGE.RESULT STORAGE.DELETE RESOURCE.COUNT USAGE.SANITY NETWORK.DIRECTPUBLICIP STORAGE.LOCAL RESOURCE.EXCEED TYPE.SYNC UPLOAD.FAILED OOBM.AUTHERROR HA.ACTION CA.CERT VM.SNAPSHOT'.split(
    ' ',
  );

/** Events and alerts. */
export const notices: Record<string, Behaviour> = {
  listEvents: (call) =>
    listKind(call, 'Event', [({ fields }) => flagArg(call, 'archived') || fields['archived'] !== true]),
  deleteEvents: dropAll('Event'),
  archiveEvents: archive('Event'),
  listEventTypes: ({ world }) =>
    list(
      [...new Set([...world.catalog.commands.values()].flatMap(({ event }) => event ?? []))]
        .sort()
        .map((name) => ({ name })),
    ),
  listAlerts: (call) => listKind(call, 'Alert', [({ fields }) => fields['archived'] !== true]),
  deleteAlerts: dropAll('Alert'),
  archiveAlerts: archive('Alert'),
  listAlertTypes: () => list(ALERTS.map((name, type) => ({ alerttypeid: type, name: `ALERT.${name}` }))),
  generateAlert: (call) => {
    const type = numberArg(call, 'type') ?? 0;
    const row = insertKind(call.world, 'Alert', {
      type,
      name: `ALERT.${ALERTS[type] ?? 'UNKNOWN'}`,
      description: textArg(call, 'description'),
      sent: call.world.now(),
    });
    return work(row, () => success());
  },
};
