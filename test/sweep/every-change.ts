import { expect } from 'vitest';
import type { Parameter } from '../../src/catalog/types.ts';
import { CallError } from '../../src/errors.ts';
import { createTestClock } from '../simulator/clock.ts';
import { signedRequest } from '../simulator/sign.ts';
import { trackDependencies } from './world-dependencies.ts';
import { changes, fillAll, cachedReads, openCached, wideArgs } from '../cache/cloud.ts';

/** Answers stay until a change drops them: no time passes and no events are looked at. */
const endless = {
  CLOUDSTACK_MCP_CACHE_LISTS: '43200',
  CLOUDSTACK_MCP_CACHE_INFRASTRUCTURE: '43200',
  CLOUDSTACK_MCP_CACHE_CONFIGURATION: '43200',
  CLOUDSTACK_MCP_CACHE_FOLLOW: '43200',
};

interface List {
  name: string;
  args: Record<string, unknown>;
  /** What the simulator says itself. */
  now: string;
  /** What of the world that depends on, and the version of it that it shows. */
  seen: ReadonlySet<string>;
  version: number;
}

const unseen = { now: '', seen: new Set<string>(), version: -1 };

/**
 * Each change of the catalog, with the parameters that are chosen, over one world: every list that it makes another must be
 * asked anew.
 */
export const sweepChanges = async (chosen: (parameter: Parameter) => boolean): Promise<void> => {
  // A clock that stands still: nothing happens by itself between a change and the look at it.
  const clock = createTestClock(Date.now() - 30 * 86_400_000);
  const { simulator, call, close } = await openCached(endless, { policy: { protect: false } }, { clock });
  const world = trackDependencies(simulator.world);
  const look = async (list: List): Promise<void> => {
    if (list.version === world.versionOf(list.seen)) return;
    const params = Object.fromEntries(Object.entries(list.args).map(([key, value]) => [key, String(value)]));
    const { result, seen } = await world.track(async () =>
      (await simulator.fetch(signedRequest(simulator.credentials, list.name, params))).text(),
    );
    Object.assign(list, { now: result, seen, version: world.versionOf(seen) });
  };
  const ask = ({ name, args }: List, fresh = false) => call(name, args, { view: { fresh } });
  const lists: List[] = [];
  for (const { name, ...command } of cachedReads) {
    const list = { name, args: wideArgs(simulator, { name, ...command }), ...unseen };
    if (await ask(list).catch(() => undefined)) lists.push(list);
  }
  for (const list of lists) await look(list);
  /** Lists that are another than they were. */
  const changed = async (): Promise<List[]> => {
    const others: List[] = [];
    for (const list of lists) {
      const before = list.now;
      await look(list);
      if (list.now !== before) others.push(list);
    }
    return others;
  };
  const wrong: string[] = [];
  const counts = { done: 0, others: 0 };
  let version = -1;
  for (const { command } of changes) {
    const args = fillAll(simulator, command, chosen);
    // What had to be made for the arguments was made behind the cache's back; what was still to happen happens there.
    clock.pass(600_000);
    await simulator.fetch(signedRequest(simulator.credentials, 'listZones', {}));
    if (world.version() !== version) for (const list of await changed()) await ask(list, true).catch(() => 0);
    for (const list of lists) await ask(list).catch(() => 0);
    version = world.version();
    await call(command.name, args, { wait: 5000 }).then(
      () => counts.done++,
      (error: unknown) => {
        if (!(error instanceof CallError)) throw error;
      },
    );
    if (world.version() === version) continue;
    version = world.version();
    for (const list of await changed()) {
      counts.others++;
      const answer = await ask(list).catch(() => undefined);
      if (answer?.structured['age'] !== undefined) wrong.push(`${command.name} leaves ${list.name}`);
    }
  }
  expect(wrong).toEqual([]);
  // What was refused for its arguments, and what changed nothing that is listed, proves nothing.
  expect(lists.length).toBeGreaterThan(170);
  expect(counts.done).toBeGreaterThan(400);
  expect(counts.others).toBeGreaterThan(300);
  await close();
};
