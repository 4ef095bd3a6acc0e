import { loadData } from '../data.ts';
import { callerOf } from './protocol/authenticate.ts';
import { installFacts } from './engine/installation.ts';
import { insertKind } from './world/insert.ts';
import { loadCatalog } from './world/catalog.ts';
import { findSetting } from './world/settings.ts';
import { parseDate } from './world/clock.ts';
import { prepare, run, type Engine } from './engine/dispatch.ts';
import { multiply } from './multiply.ts';
import { addKeyPair } from './rules/key-pairs.ts';
import { hashPassword } from './rules/password.ts';
import type { Fields, Resource, Value } from './world/types.ts';
import type { World } from './world/world.ts';

/** How to reach the seeded root administrator. */
export interface Credentials {
  apiKey: string;
  secretKey: string;
  username: string;
  password: string;
  domain: string;
}

interface Seed {
  /** What CloudStack itself installs: rows by kind. `@Kind/name` means the id of a row made before, `@release` the cloud's. */
  install: Record<string, Fields[]>;
  /** Calls that made the default world, each as one of its users, so many days ago. */
  calls: { call: string; as?: string; ago?: number; params: Record<string, string> }[];
}

const nameFields = ['name', 'displaytext', 'description', 'ipaddress', 'username', 'displayname'];

/** The latest row of `@Kind/name`; a bare `@Kind/` is the latest of the kind. */
const lookUp = (world: World, reference: string): string => {
  const [, kind = '', name = ''] = /^@(\w+)\/(.*)$/.exec(reference) ?? [];
  const row = world
    .all(kind)
    .findLast(({ fields }) => name === '' || nameFields.some((field) => fields[field] === name));
  if (!row) throw new Error(`The seed refers to ${reference}, which does not exist.`);
  return row.id;
};

const fill = (world: World, value: Value): Value =>
  typeof value === 'string' && value.includes('@')
    ? value
        .replace(/^@release$/, `${world.catalog.release}.0`)
        .replace(/@\w+\/[^,]*/g, (reference) => lookUp(world, reference))
    : value;

const install = (world: World, { install: rows }: Seed): void => {
  for (const [kind, list] of Object.entries(rows)) {
    for (const { $id, $owner, $hidden, ...fields } of list) {
      const given = Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, fill(world, value)]));
      const owner = $owner === undefined ? undefined : lookUp(world, String($owner));
      insertKind(world, kind, given, {
        owner,
        ...($id === undefined ? {} : { id: String($id) }),
        ...(typeof $hidden === 'object' ? { hidden: { ...($hidden as Fields) } } : {}),
      });
    }
  }
  for (const account of world.all('Account')) world.give(account, account.id);
  installFacts(world);
};

/** What reaches the administrator of a world that was seeded before; the keys may have been changed since. */
export const knownCredentials = (world: World): Credentials => {
  const user = userNamed(world, 'admin');
  return { ...seededCredentials, apiKey: String(user.fields['apikey']), secretKey: String(user.hidden['secretkey']) };
};

const seededCredentials: Credentials = {
  apiKey: 'simulator-admin-api-key-not-a-real-secret-0000000000000000000000000000000000000000000',
  secretKey: 'simulator-admin-secret-key-not-a-real-secret-000000000000000000000000000000000000000',
  username: 'admin',
  password: 'simulator-admin-password',
  domain: '/',
};

const administrator = (world: World, password = seededCredentials.password): Credentials => {
  const user = userNamed(world, 'admin');
  addKeyPair(world, user, { apiKey: seededCredentials.apiKey, secretKey: seededCredentials.secretKey });
  world.hide(user, { password: hashPassword(password) });
  return { ...seededCredentials, password };
};

const userNamed = (world: World, name: string): Resource => {
  const user = [...world.where('User', 'username', name)][0];
  if (!user) throw new Error(`The seed has no user ${name}.`);
  return user;
};

const minuteMs = 60_000;
const dayMs = 1440 * minuteMs;

/** Jobs of the seed that are older are forgotten: CloudStack's `job.expire.minutes`. */
export const jobExpiryMs = dayMs;

const makeCalls = (engine: Engine, { calls }: Seed, shift: { ms: number }): void => {
  const { world, jobs } = engine;
  // The same calls for every release: what an older one has no command for is there all the same.
  const all = loadCatalog();
  for (const { call: name, as = 'admin', ago, params } of calls) {
    shift.ms = ago === undefined ? shift.ms - minuteMs : Math.min(shift.ms, ago * dayMs);
    jobs.queue.settle();
    const command = all.commands.get(name);
    if (!command) throw new Error(`The seed calls ${name}, which the catalog does not have.`);
    const filled = new Map(Object.entries(params).map(([key, value]) => [key, String(fill(world, value))]));
    run(engine, prepare(world, command, filled, callerOf(world, userNamed(world, as))));
    shift.ms -= minuteMs;
    jobs.queue.settle();
  }
  shift.ms = 0;
};

const set = (world: World, settings: Readonly<Record<string, string>>): void => {
  for (const [name, value] of Object.entries(settings)) {
    const row = findSetting(world, name);
    if (!row) throw new Error(`The cloud has no setting ${name}.`);
    world.update(row, { value });
  }
};

/** What a world is seeded with. */
export interface SeedOptions {
  seed: 'default' | 'empty';
  vms: number;
  adminPassword?: string | undefined;
  /** Settings that are not as CloudStack brings them. */
  settings?: Readonly<Record<string, string>> | undefined;
}

/** Fills an empty world: what CloudStack installs, what the calls of the default world make, and more virtual machines if asked. */
export const seedWorld = (engine: Engine, shift: { ms: number }, options: SeedOptions): Credentials => {
  const seed = loadData<Seed>('seed.json');
  shift.ms = 400 * dayMs;
  install(engine.world, seed);
  set(engine.world, options.settings ?? {});
  const credentials = administrator(engine.world, options.adminPassword);
  if (options.seed === 'default') makeCalls(engine, seed, shift);
  shift.ms = 0;
  const expired = engine.world.clock.now() - jobExpiryMs;
  for (const job of [...engine.world.all('AsyncJob')])
    if ((parseDate(String(job.fields['created'])) ?? 0) < expired) engine.world.forget(job);
  if (options.vms > 0) multiply(engine.world, options.vms);
  return credentials;
};
