import { needRow, rowArg, textArg } from '../rules/args.ts';
import type { Behaviours } from '../rules/call.ts';
import { list, object, success } from '../rules/results.ts';
import { badValue } from '../world/errors.ts';
import { insertKind } from '../world/insert.ts';

/** CloudStack's own simulator hypervisor. */
export const simulatorMock: Behaviours = {
  configureSimulatorHAProviderState: (call) => {
    const host = needRow(call, 'hostid');
    const { activity, fence, health, recover } = call.args;
    insertKind(call.world, 'SimulatorHAState', { hostid: host.id, activity, fence, health, recover });
    return success();
  },
  listSimulatorHAStateTransitions: (call) => {
    const host = rowArg(call, 'hostid');
    return list([...call.world.where('SimulatorHAState', 'hostid', host?.id ?? '')]);
  },
  configureSimulator: (call) =>
    object(
      insertKind(call.world, 'Mock', {
        name: textArg(call, 'name'),
        value: textArg(call, 'value'),
        count: call.args['count'],
      }),
    ),
  querySimulatorMock: (call) => {
    const row = call.world.all('Mock').find(({ no }) => no === call.args['id']) ?? call.world.all('Mock').at(-1);
    if (!row) throw badValue('There is no such mock');
    return object(row);
  },
  cleanupSimulatorMock: (call) => {
    for (const row of [...call.world.all('Mock')])
      if (call.args['id'] === undefined || row.no === call.args['id']) call.world.remove(row);
    return success();
  },
};
