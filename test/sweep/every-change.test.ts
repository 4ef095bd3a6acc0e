import { expect, test } from 'vitest';
import { dependenciesOf } from '../../src/cache/dependencies.ts';
import { invalidatedBy } from '../../src/cache/invalidation-rules.ts';
import type { Parameter } from '../../src/catalog/types.ts';
import { CallError } from '../../src/errors.ts';
import { createTestClock } from '../simulator/clock.ts';
import { signedRequest } from '../simulator/sign.ts';
import { time, trackDependencies } from './world-dependencies.ts';
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
  /** Signed once: it is the same each time. */
  request: Request;
  /** Kinds whose changes are said to make its answer stale. */
  dependencies: readonly string[];
  /** Whether it may say another thing once time has passed, and nothing else. */
  showsTime: boolean;
  /** When the simulator said it. */
  at: number;
  /** What the simulator says itself. */
  now: string;
  /** What of the world that depends on, and the version of it that it shows. */
  seen: ReadonlySet<string>;
  version: number;
}

/** After each so many changes all lists are asked for: what its rules leave comes from the cache, what it made another does not. */
const askedApart = 20;

const unseen = { showsTime: true, at: 0, now: '', seen: new Set<string>(), version: -1 };

/**
 * Each change of the catalog, with the parameters that are chosen, over one world: every list that it makes another is stale
 * by the rules of the cache; and by a part of the changes, that the cache keeps to its rules.
 */
const sweepChanges = async (chosen: (parameter: Parameter) => boolean): Promise<void> => {
  // A clock that stands still: nothing happens by itself between a change and the look at it.
  const clock = createTestClock(Date.now() - 30 * 86_400_000);
  const { simulator, call, close } = await openCached(endless, { policy: { protect: false } }, { clock });
  const world = trackDependencies(simulator.world);
  const look = async (list: List): Promise<void> => {
    if (list.version === world.versionOf(list.seen)) return;
    const { result, seen } = await world.track(async () => (await simulator.fetch(list.request)).text());
    // Every request looks at the clock; few answers show it. One that has changed may; one that time left as it was does not.
    if (result !== list.now) list.showsTime = true;
    else if (clock.now() !== list.at) list.showsTime = false;
    list.at = clock.now();
    const kinds = list.showsTime ? seen : new Set([...seen].filter((kind) => kind !== time));
    Object.assign(list, { now: result, seen: kinds, version: world.versionOf(kinds) });
  };
  const paramsOf = (args: Record<string, unknown>): Record<string, string> =>
    Object.fromEntries(Object.entries(args).map(([key, value]) => [key, String(value)]));
  /** Asks for a list; answers whether that came from the cache. */
  const ask = async (list: List, fresh = false): Promise<boolean | undefined> => {
    const answer = await call(list.name, list.args, { view: { fresh } }).catch(() => undefined);
    return answer && answer.structured['age'] !== undefined;
  };
  const lists: List[] = [];
  for (const command of cachedReads) {
    const args = wideArgs(simulator, command);
    const params = paramsOf(args);
    const list = {
      name: command.name,
      args,
      request: signedRequest(simulator.credentials, command.name, params),
      dependencies: dependenciesOf(command, params),
      ...unseen,
    };
    // The second answer comes from the cache, but for the list of all commands, which is too large for it.
    if ((await ask(list)) !== undefined && (await ask(list))) lists.push(list);
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
  for (const [at, { command }] of changes.entries()) {
    const args = fillAll(simulator, command, chosen);
    // What had to be made for the arguments was made behind the cache's back; what was still to happen happens there.
    // So does, a request later, what that begins.
    for (let request = 0; request < 2; request++) {
      clock.pass(600_000);
      await simulator.fetch(signedRequest(simulator.credentials, 'listZones', {}));
    }
    if (world.version() !== version) await changed();
    const isAsked = at % askedApart === 0;
    if (isAsked) for (const list of lists) await ask(list, true);
    version = world.version();
    await call(command.name, args, { wait: 5000 }).then(
      () => counts.done++,
      (error: unknown) => {
        if (!(error instanceof CallError)) throw error;
      },
    );
    const stale = invalidatedBy(command.name);
    const isStale = ({ dependencies }: List): boolean =>
      stale === 'everything' || dependencies.some((kind) => stale.has(kind));
    const others = world.version() === version ? [] : await changed();
    version = world.version();
    counts.others += others.length;
    for (const list of others) if (!isStale(list)) wrong.push(`by its rule ${command.name} leaves ${list.name}`);
    if (!isAsked) continue;
    for (const list of lists) {
      const isFromCache = await ask(list);
      if (isFromCache && others.includes(list)) wrong.push(`${command.name} leaves ${list.name}`);
      if (isFromCache === false && !isStale(list)) wrong.push(`${command.name} drops ${list.name}`);
    }
  }
  expect(wrong).toEqual([]);
  // What was refused for its arguments, and what changed nothing that is listed, proves nothing.
  expect(lists.length).toBeGreaterThan(170);
  expect(counts.done).toBeGreaterThan(400);
  expect(counts.others).toBeGreaterThan(300);
  await close();
};

test('over the whole catalog, with all that it takes: what a change makes another is no longer kept', () =>
  sweepChanges(() => true));

test('over the whole catalog, with as little as it takes: what a change makes another is no longer kept', () =>
  sweepChanges(({ required }) => required === true));
