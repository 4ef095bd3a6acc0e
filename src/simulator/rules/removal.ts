import { failure } from '../world/errors.ts';
import type { World } from '../world/world.ts';
import { needRow } from './args.ts';
import type { Behaviour } from './call.ts';
import { success, work } from './results.ts';

/** Deletes what no resource of some kinds refers to any more; refuses with the text otherwise. */
export const deleteUnused =
  (field: string, kinds: string[], text: string): Behaviour =>
  (call) => {
    const row = needRow(call, 'id');
    if (kinds.some((kind) => [...call.world.where(kind, field, row.id)].length > 0)) throw failure(text);
    const drop = () => {
      call.world.remove(row);
      return success();
    };
    return call.command.async ? work(row, drop) : drop();
  };

/** Whether any resource of a kind has that field. */
export const isReferred = (world: World, kind: string, field: string, id: string): boolean =>
  [...world.where(kind, field, id)].length > 0;
