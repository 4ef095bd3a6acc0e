import { statedFields } from '../engine/generic.ts';
import { listKind } from '../engine/list.ts';
import { entriesArg, flagArg, needRow, numberArg, rowArg, rowsArg, text, textArg } from '../rules/args.ts';
import type { Behaviour, Behaviours, Call } from '../rules/call.ts';
import { deployOwn } from '../rules/deployment.ts';
import { addMember } from '../rules/lb-members.ts';
import { destroy } from '../rules/machines.ts';
import { ownerOf } from '../rules/owner.ts';
import { object, success, work } from '../rules/results.ts';
import { ApiError, badValue, inUse } from '../world/errors.ts';
import { insertKind } from '../world/insert.ts';
import type { Fields, Resource, Value } from '../world/types.ts';

const ids = (rows: readonly Resource[]): Value[] => rows.map(({ id }) => id);

const includes = (row: Resource, name: string, id: string): boolean =>
  Array.isArray(row.hidden[name]) && row.hidden[name].includes(id);

const operatorOf = (call: Call): string => {
  const operator = (textArg(call, 'relationaloperator') ?? '').toUpperCase();
  if (!['EQ', 'GT', 'LT', 'GE', 'LE'].includes(operator))
    throw badValue(`The Operator ${textArg(call, 'relationaloperator')} does not exist; Unable to create Condition.`);
  return operator;
};

const createCondition: Behaviour = (call) => {
  const operator = operatorOf(call);
  const row = insertKind(
    call.world,
    'Condition',
    { counterid: needRow(call, 'counterid').id, relationaloperator: operator, threshold: numberArg(call, 'threshold') },
    { owner: ownerOf(call).id },
  );
  return work(row, () => object(row));
};

const createPolicy: Behaviour = (call) => {
  const action = (textArg(call, 'action') ?? '').toUpperCase();
  if (!['SCALEUP', 'SCALEDOWN'].includes(action))
    throw badValue(`The action ${textArg(call, 'action')} does not exist; Unable to create policy.`);
  const conditions = rowsArg(call, 'conditionids');
  const row = insertKind(
    call.world,
    'AutoScalePolicy',
    { ...statedFields(call, 'AutoScalePolicy').fields, action, quiettime: numberArg(call, 'quiettime') ?? 300 },
    // A policy belongs to whom its first condition belongs.
    { owner: conditions[0]?.owner ?? call.caller.account.id, hidden: { conditions: ids(conditions) } },
  );
  return work(row, () => object(row));
};

const createProfile: Behaviour = (call) => {
  const { fields } = statedFields(call, 'AutoScaleVmProfile');
  const pairs = (name: string): Fields =>
    Object.fromEntries(entriesArg(call, name).map(({ name: key = '', value }) => [key, value]));
  const row = insertKind(
    call.world,
    'AutoScaleVmProfile',
    {
      ...fields,
      counterparam: pairs('counterparam'),
      otherdeployparams: pairs('otherdeployparams'),
      expungevmgraceperiod: numberArg(call, 'expungevmgraceperiod') ?? 120,
    },
    { owner: ownerOf(call).id },
  );
  return work(row, () => object(row));
};

const checkMembers = (min: number, max: number): void => {
  if (min < 0) throw badValue(`minMembers is an invalid value: ${min}`);
  if (max < 1) throw badValue(`maxMembers is an invalid value: ${max}`);
  if (min > max) throw badValue(`minMembers (${min})cannot be greater than maxMembers (${max})`);
};

const membersOf = ({ world }: Call, group: Resource): Resource[] => [
  ...world.where('UserVm', 'autoscalevmgroupid', group.id),
];

/** Gives an enabled group the machines that it must have, and takes those that it may not have; as many as there is room for. */
const tend = (call: Call, group: Resource): void => {
  const { world } = call;
  const members = membersOf(call, group);
  const [min, max] = [Number(group.fields['minmembers']), Number(group.fields['maxmembers'])];
  for (const vm of members.slice(max)) destroy(world, vm, true);
  const rule = world.get(text(group, 'lbruleid'));
  const profile = world.get(text(group, 'vmprofileid'));
  const owner = world.get(group.owner ?? '');
  const row = (name: string): Resource | undefined => world.get(text(profile, name));
  for (let at = members.length; at < min && owner; at++)
    try {
      const vm = deployOwn(call, {
        owner,
        rows: {
          zoneid: row('zoneid'),
          templateid: row('templateid'),
          serviceofferingid: row('serviceofferingid'),
          networkids: world.get(text(group, 'associatednetworkid')),
        },
        name: `autoScaleVm-${text(group, 'name')}-${at + 1}-${world.random.key(7).replace(/\W/g, '')}`.slice(0, 60),
        fields: { autoscalevmgroupid: group.id, autoscalevmgroupname: group.fields['name'] },
      });
      if (rule) addMember(world, rule, vm);
    } catch (error) {
      // The group goes on with fewer, as its monitor would try again.
      if (!(error instanceof ApiError)) throw error;
      break;
    }
  world.update(group, { availablevirtualmachinecount: membersOf(call, group).length });
};

const createGroup: Behaviour = (call) => {
  const { world } = call;
  const rule = needRow(call, 'lbruleid');
  const [min, max] = [numberArg(call, 'minmembers') ?? 0, numberArg(call, 'maxmembers') ?? 0];
  checkMembers(min, max);
  if ([...world.where('AutoScaleVmGroup', 'lbruleid', rule.id)].length > 0)
    throw badValue(
      'an AutoScaleVmGroup is already attached to the lb rule, the existing vm group has to be first deleted',
    );
  const profile = needRow(call, 'vmprofileid');
  const row = insertKind(
    world,
    'AutoScaleVmGroup',
    {
      ...statedFields(call, 'AutoScaleVmGroup').fields,
      lbruleid: rule.id,
      vmprofileid: profile.id,
      minmembers: min,
      maxmembers: max,
      interval: numberArg(call, 'interval') ?? 30,
      state: 'NEW',
      availablevirtualmachinecount: 0,
      publicipid: rule.fields['publicipid'],
      publicport: rule.fields['publicport'],
      privateport: rule.fields['privateport'],
      associatednetworkid: rule.fields['networkid'],
    },
    {
      owner: rule.owner,
      hidden: { up: ids(rowsArg(call, 'scaleuppolicyids')), down: ids(rowsArg(call, 'scaledownpolicyids')) },
    },
  );
  return work(row, () => {
    world.update(row, { state: 'ENABLED' });
    tend(call, row);
    return object(row);
  });
};

const setState =
  (state: string): Behaviour =>
  (call) => {
    const row = needRow(call, 'id');
    return work(row, () => {
      call.world.update(row, { state });
      if (state === 'ENABLED') tend(call, row);
      return object(row);
    });
  };

const update =
  (kind: string, lists: Record<string, string>): Behaviour =>
  (call) => {
    const row = needRow(call, 'id');
    if (kind === 'AutoScaleVmGroup' && row.fields['state'] !== 'DISABLED')
      throw badValue(
        `An AutoScale Vm Group can be updated with minMembers/maxMembers/Interval only when it is in disabled state`,
      );
    if (kind === 'AutoScaleVmGroup')
      checkMembers(
        numberArg(call, 'minmembers') ?? Number(row.fields['minmembers']),
        numberArg(call, 'maxmembers') ?? Number(row.fields['maxmembers']),
      );
    return work(row, () => {
      const { id: _, ...fields } = statedFields(call, kind).fields;
      for (const [parameter, name] of Object.entries(lists)) {
        delete fields[parameter];
        if (call.args[parameter] !== undefined) call.world.hide(row, { [name]: ids(rowsArg(call, parameter)) });
      }
      call.world.update(row, fields);
      return object(row);
    });
  };

const drop =
  (used: (call: Call, row: Resource) => string | undefined): Behaviour =>
  (call) => {
    const row = needRow(call, 'id');
    const reason = used(call, row);
    if (reason !== undefined) throw inUse(reason);
    return work(row, () => {
      call.world.remove(row);
      return success();
    });
  };

const filtered =
  (kind: string, parameter: string, names: string[]): Behaviour =>
  (call) => {
    const wanted = rowArg(call, parameter);
    return listKind(call, kind, wanted ? [(row) => names.some((name) => includes(row, name, wanted.id))] : []);
  };

/** Autoscaling groups. */
export const autoscale: Behaviours = {
  createCondition,
  updateCondition: (call) => {
    const row = needRow(call, 'id');
    const relationaloperator = operatorOf(call);
    return work(row, () => {
      call.world.update(row, {
        relationaloperator,
        threshold: numberArg(call, 'threshold'),
      });
      return object(row);
    });
  },
  createAutoScalePolicy: createPolicy,
  createAutoScaleVmProfile: createProfile,
  createAutoScaleVmGroup: createGroup,
  enableAutoScaleVmGroup: setState('ENABLED'),
  disableAutoScaleVmGroup: setState('DISABLED'),
  updateAutoScalePolicy: update('AutoScalePolicy', { conditionids: 'conditions' }),
  updateAutoScaleVmGroup: update('AutoScaleVmGroup', { scaleuppolicyids: 'up', scaledownpolicyids: 'down' }),
  deleteCounter: drop(({ world }, row) =>
    [...world.where('Condition', 'counterid', row.id)].length > 0 ? `Counter is in use.` : undefined,
  ),
  deleteCondition: drop(({ world }, row) =>
    world.all('AutoScalePolicy').some((policy) => includes(policy, 'conditions', row.id))
      ? 'Cannot delete Condition when it is being used by one or more AutoScale Policies.'
      : undefined,
  ),
  deleteAutoScalePolicy: drop(({ world }, row) =>
    world.all('AutoScaleVmGroup').some((group) => includes(group, 'up', row.id) || includes(group, 'down', row.id))
      ? 'Cannot delete AutoScale Policy when it is in use by one or more AutoScale Vm Groups'
      : undefined,
  ),
  deleteAutoScaleVmProfile: drop(({ world }, row) =>
    [...world.where('AutoScaleVmGroup', 'vmprofileid', row.id)].length > 0
      ? 'Cannot delete AutoScale Vm Profile when it is in use by one more vm groups'
      : undefined,
  ),
  listAutoScalePolicies: (call) => {
    const group = rowArg(call, 'vmgroupid');
    const condition = rowArg(call, 'conditionid');
    return listKind(call, 'AutoScalePolicy', [
      (row) =>
        (!group || includes(group, 'up', row.id) || includes(group, 'down', row.id)) &&
        (!condition || includes(row, 'conditions', condition.id)),
    ]);
  },
  listAutoScaleVmGroups: filtered('AutoScaleVmGroup', 'policyid', ['up', 'down']),
  listConditions: (call) => {
    const policy = rowArg(call, 'policyid');
    return listKind(call, 'Condition', policy ? [({ id }) => includes(policy, 'conditions', id)] : []);
  },
  deleteAutoScaleVmGroup: (call) => {
    const row = needRow(call, 'id');
    if (text(row, 'state') === 'SCALING') throw badValue('The group is scaling');
    const isCleaned = flagArg(call, 'cleanup');
    return work(row, () => {
      for (const vm of membersOf(call, row)) {
        call.world.update(vm, { autoscalevmgroupid: undefined, autoscalevmgroupname: undefined });
        if (isCleaned) destroy(call.world, vm, true);
      }
      call.world.remove(row);
      return success();
    });
  },
};
