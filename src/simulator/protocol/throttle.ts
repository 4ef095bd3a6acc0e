import type { CallingUser } from '../rules/call.ts';
import { ApiError } from '../world/errors.ts';
import { isOn, numberSetting } from '../world/settings.ts';
import type { World } from '../world/world.ts';

/** Counts calls by account while api.throttling.enabled is true; throws 429 beyond the limit. Root is exempt. */
export const createThrottle = (world: World): ((caller: CallingUser) => void) => {
  const counts = new Map<string, { since: number; calls: number }>();
  return (caller) => {
    if (caller.root || !isOn(world, 'api.throttling.enabled')) return;
    const interval = numberSetting(world, 'api.throttling.interval', 1) * 1000;
    const now = world.clock.now();
    const count = counts.get(caller.account.id);
    if (!count || now - count.since >= interval) {
      counts.set(caller.account.id, { since: now, calls: 1 });
      return;
    }
    count.calls += 1;
    if (count.calls > numberSetting(world, 'api.throttling.max', 25))
      throw new ApiError(
        429,
        `The given user has reached his/her account api limit, please retry after [${interval - (now - count.since)}] ms.`,
        9999,
      );
  };
};
