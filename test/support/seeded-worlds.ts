import { createSimulator as createNew, type Simulator, type SimulatorOptions } from '../../src/simulator/index.ts';
import { recordsOf, type WorldRecords } from '../../src/simulator/world/state.ts';

/** A seeded simulator, and the version of its world then. */
export interface SeededWorld {
  readonly simulator: Simulator;
  readonly version: number;
}

// Seeding a world costs more than most tests do with it, and most tests only look at theirs. Where one changed its own, the
// next is filled from the records of the first, which takes a fifth of the time.
const spares = new Map<string, SeededWorld[]>();
const beginnings = new Map<string, WorldRecords>();

// Tests are of every command, those of plug-ins too: those are off in a fresh cloud.
const pluginSettings = {
  'quota.enable.service': 'true',
  'saml2.enabled': 'true',
  'netris.plugin.enable': 'true',
  'nsx.plugin.enable': 'true',
  'cloudian.connector.enabled': 'true',
  'user.password.reset.enabled': 'true',
};

/** The same of the newest release; others have no such setting. */
const newestSettings = { ...pluginSettings, 'expose.kvm.backup.export.service.apis': 'true' };

/** Worlds with the same key are the same; undefined for one whose clock, file or faults belong to its test. */
const keyOf = ({ jobMillis, release, seed, vms, settings, ...others }: SimulatorOptions): string | undefined =>
  Object.keys(others).length > 0 ? undefined : JSON.stringify({ jobMillis, release, seed, vms, settings });

/** A simulator as the product makes it, with its plug-ins on; its world is filled from the records of the first of its sort. */
export const createSimulator = (given: SimulatorOptions = {}): Simulator => {
  const options = { settings: given.release === undefined ? newestSettings : pluginSettings, ...given };
  // What is done with the requests to a world leaves its beginning as it is; the time of a test's clock does not.
  const { onCall: _onCall, signature: _signature, clock, random, ...others } = options;
  const sort = keyOf(others);
  if (sort === undefined) return createNew(options);
  const key = JSON.stringify([sort, clock?.now(), random]);
  const world = beginnings.get(key);
  if (world !== undefined) return createNew({ ...options, world });
  const simulator = createNew(options);
  beginnings.set(key, recordsOf(simulator.world));
  return simulator;
};

const isUnchanged = ({ simulator, version }: SeededWorld): boolean => simulator.world.version() === version;

/** A seeded simulator: one that another test gave back, or a new one. */
export const takeWorld = (options: SimulatorOptions): SeededWorld => {
  const key = keyOf(options);
  const spare = key === undefined ? undefined : spares.get(key)?.pop();
  if (spare && isUnchanged(spare)) return spare;
  const simulator = createSimulator(options);
  return { simulator, version: simulator.world.version() };
};

/** Ends the use of a simulator. What is unchanged, the next test takes. */
export const giveBackWorld = (options: SimulatorOptions, world: SeededWorld): void => {
  const key = keyOf(options);
  if (key === undefined || !isUnchanged(world)) return;
  const list = spares.get(key) ?? [];
  spares.set(key, list);
  list.push(world);
};
