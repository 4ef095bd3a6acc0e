import { mapArg, needRow, text, textArg } from '../rules/args.ts';
import type { Behaviour, Behaviours, Call } from '../rules/call.ts';
import { object, work } from '../rules/results.ts';
import { failure } from '../world/errors.ts';
import type { Fields, Resource, Value } from '../world/types.ts';

const extensionResources = (call: Call, add: boolean): Resource => {
  const row = needRow(call, 'extensionid');
  const id = textArg(call, 'resourceid') ?? '';
  const had = Array.isArray(row.fields['resources']) ? (row.fields['resources'] as Fields[]) : [];
  const others = had.filter((each) => each['id'] !== id);
  const target = call.world.get(id);
  call.world.update(row, {
    resources: [
      ...others,
      ...(add
        ? [{ id, name: target?.fields['name'], type: textArg(call, 'resourcetype'), details: mapArg(call, 'details') }]
        : []),
    ] as Value[],
  });
  return row;
};

const runAction: Behaviour = (call) => {
  const action = needRow(call, 'customactionid');
  return work(action, () => {
    if (action.fields['enabled'] !== true) throw failure(`Custom action ${text(action, 'name')} is disabled`);
    call.world.hide(action, { runs: Number(action.hidden['runs'] ?? 0) + 1 });
    return object({
      id: action.id,
      name: action.fields['name'],
      success: true,
      result: { message: text(action, 'successmessage') || 'The action was run', runs: String(action.hidden['runs']) },
    });
  });
};

/** Extensions and custom actions. */
export const extension: Behaviours = {
  registerExtension: (call) => object(extensionResources(call, true)),
  unregisterExtension: (call) => object(extensionResources(call, false)),
  runCustomAction: runAction,
};
