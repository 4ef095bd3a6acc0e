import { loadData } from '../data.ts';
import { callerOf } from './protocol/authenticate.ts';
import { insertKind } from './world/insert.ts';
import { loadCatalog } from './world/catalog.ts';
import { parseDate } from './world/clock.ts';
import { prepare, run, type Engine } from './engine/dispatch.ts';
import { multiply } from './multiply.ts';
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
  /** What CloudStack itself installs: rows by kind. `@Kind/name` means the id of a row made before. */
  install: Record<string, Fields[]>;
  /** Rules of the built-in roles that have any. */
  rules: Record<string, { copies?: string; rules: string[] }>;
  /** Calls that made the default world, each as somebody, so long ago. */
  story: { call: string; as?: string; ago?: number; params: Record<string, string> }[];
}

const NAMES = ['name', 'displaytext', 'description', 'ipaddress', 'username', 'displayname'];

/** The latest row of `@Kind/name`; a bare `@Kind/` is the latest of the kind. */
const lookUp = (world: World, reference: string): string => {
  const [, kind = '', name = ''] = /^@(\w+)\/(.*)$/.exec(reference) ?? [];
  const row = world.all(kind).findLast(({ fields }) => name === '' || NAMES.some((field) => fields[field] === name));
  if (!row) throw new Error(`The seed speaks of ${reference}, which does not exist.`);
  return row.id;
};

const fill = (world: World, value: Value): Value =>
  typeof value === 'string' && value.includes('@')
    ? value.replace(/@\w+\/[^,]*/g, (reference) => lookUp(world, reference))
    : value;

const install = (world: World, { install: rows, rules }: Seed): void => {
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
  for (const [role, { copies, rules: own }] of Object.entries(rules)) {
    const roleid = lookUp(world, `@Role/${role}`);
    for (const rule of copies === undefined
      ? own
      : [...(rules[copies]?.rules ?? []).filter((text) => !text.startsWith('-')), ...own]) {
      const [, sign = '', pattern = ''] = /^(-?)(.*)$/.exec(rule) ?? [];
      insertKind(world, 'RolePermission', { roleid, rule: pattern, permission: sign === '-' ? 'deny' : 'allow' });
    }
  }
};

/** What reaches the administrator of a world that was planted before; the keys may have been changed since. */
export const knownCredentials = (world: World): Credentials => {
  const user = userNamed(world, 'admin');
  return { ...SEEDED, apiKey: String(user.fields['apikey']), secretKey: String(user.hidden['secretkey']) };
};

const SEEDED: Credentials = {
  apiKey: 'simulator-admin-api-key-not-a-real-secret-0000000000000000000000000000000000000000000',
  secretKey: 'simulator-admin-secret-key-not-a-real-secret-000000000000000000000000000000000000000',
  username: 'admin',
  password: 'simulator-admin-password',
  domain: '/',
};

const administrator = (world: World): Credentials => {
  const user = userNamed(world, 'admin');
  world.update(user, { apikey: SEEDED.apiKey });
  world.hide(user, { secretkey: SEEDED.secretKey, password: hashPassword(SEEDED.password) });
  return SEEDED;
};

const userNamed = (world: World, name: string): Resource => {
  const user = [...world.where('User', 'username', name)][0];
  if (!user) throw new Error(`The seed has no user ${name}.`);
  return user;
};

const MINUTE = 60_000;
const DAY = 1440 * MINUTE;

const makeCalls = (engine: Engine, { story }: Seed, shift: { ms: number }): void => {
  const { world, jobs } = engine;
  // The same story for every release: what an older one could not have been told is there all the same.
  const all = loadCatalog();
  for (const { call: name, as = 'admin', ago, params } of story) {
    shift.ms = ago === undefined ? shift.ms - MINUTE : Math.min(shift.ms, ago * DAY);
    jobs.queue.settle();
    const command = all.commands.get(name);
    if (!command) throw new Error(`The seed calls ${name}, which the catalog does not have.`);
    const filled = new Map(Object.entries(params).map(([key, value]) => [key, String(fill(world, value))]));
    run(engine, prepare(world, command, filled, callerOf(world, userNamed(world, as))));
    shift.ms -= MINUTE;
    jobs.queue.settle();
  }
  shift.ms = 0;
};

/** Fills an empty world: what CloudStack installs, the story of the default world, and more virtual machines if asked. */
export const seedWorld = (
  engine: Engine,
  shift: { ms: number },
  options: { seed: 'default' | 'empty'; vms: number },
): Credentials => {
  const seed = loadData<Seed>('seed.json');
  shift.ms = 400 * DAY;
  install(engine.world, seed);
  const credentials = administrator(engine.world);
  if (options.seed === 'default') makeCalls(engine, seed, shift);
  shift.ms = 0;
  const expired = engine.world.clock.now() - DAY;
  for (const job of [...engine.world.all('AsyncJob')])
    if ((parseDate(String(job.fields['created'])) ?? 0) < expired) engine.world.forget(job);
  if (options.vms > 0) multiply(engine.world, options.vms);
  return credentials;
};
