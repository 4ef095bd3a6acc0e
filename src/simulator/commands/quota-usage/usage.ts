import { pageOfItems } from '../../engine/paging.ts';
import { numberArg, rowArg, text } from '../../rules/args.ts';
import type { Behaviour, Behaviours } from '../../rules/call.ts';
import { list, object, success } from '../../rules/results.ts';
import { scopeOf } from '../../rules/scope.ts';
import { recordsOf, usageTypes, usageWindow } from '../../rules/usage.ts';
import { badValue } from '../../world/errors.ts';
import { insertKind } from '../../world/insert.ts';

const listUsage: Behaviour = (call) => {
  const { world, args } = call;
  const [from, to] = usageWindow(call);
  const byId = rowArg(call, 'accountid');
  const named = args['account'] !== undefined || args['domainid'] !== undefined || args['projectid'] !== undefined;
  const scope = byId ? new Set([byId.id]) : call.caller.root && !named ? undefined : scopeOf(call);
  const type = numberArg(call, 'type');
  const records = recordsOf(world, from, to)
    .filter(
      ({ owner, fields }) =>
        (scope === undefined || scope.has(owner)) &&
        (type === undefined || fields['usagetype'] === type) &&
        (args['usageid'] === undefined || fields['usageid'] === args['usageid']),
    )
    .map(({ owner, fields }) => {
      const account = world.get(owner);
      const domain = world.get(text(account, 'domainid'));
      return {
        account: account?.fields['name'],
        accountid: owner,
        domainid: domain?.id,
        domain: domain?.fields['name'],
        domainpath: domain?.fields['path'],
        ...fields,
        tags: [],
      };
    });
  return pageOfItems(call, records);
};

/** Usage records and their types. */
export const usage: Behaviours = {
  listUsageTypes: () => list(usageTypes.map(([id, name, description]) => ({ id, usagetypeid: id, name, description }))),
  listUsageRecords: listUsage,
  generateUsageRecords: ({ world }) => {
    insertKind(world, 'UsageRun', { created: world.now() });
    return success();
  },
  removeRawUsageRecords: (call) => {
    if ((numberArg(call, 'interval') ?? 0) < 1) throw badValue(`Interval should be greater than 0`);
    for (const run of [...call.world.all('UsageRun')]) call.world.remove(run);
    return success();
  },
  listUsageServerMetrics: ({ world }) =>
    object({
      state: 'Up',
      collectiontime: world.now(),
      lastheartbeat: world.now(),
      lastsuccessfuljob: world.all('UsageRun').at(-1)?.fields['created'] ?? world.now(),
    }),
};
