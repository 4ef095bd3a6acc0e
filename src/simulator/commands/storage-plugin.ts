import { needRow } from '../rules/args.ts';
import type { Behaviours } from '../rules/call.ts';
import { object } from '../rules/results.ts';
import { settingOf } from '../world/settings.ts';

/** Storage arrays of other vendors. */
export const storagePlugin: Behaviours = {
  updateSiocInfo: (call) => {
    const pool = needRow(call, 'storageid');
    call.world.update(pool, { sioc: { ...call.args } });
    return object({ msg: `Storage I/O control set on ${settingOf(call.world, 'host')}` });
  },
};
