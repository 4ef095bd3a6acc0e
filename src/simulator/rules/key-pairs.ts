import { formatDate, parseDate } from '../world/clock.ts';
import { badValue } from '../world/errors.ts';
import { insertKind } from '../world/insert.ts';
import type { Fields, Resource } from '../world/types.ts';
import type { World } from '../world/world.ts';
import { entriesArg, text, textArg } from './args.ts';
import type { Call } from './call.ts';
import { type KeyRule, matches, pairAllows, rulesOfPair } from './permit.ts';

/** Whether the release keeps several pairs of a user, each with rules and dates (4.23), instead of one. */
export const hasKeyPairs = (world: World): boolean => world.catalog.commands.has('listUserKeys');

/** Whether a pair is in force now. */
export const isInForce = (world: World, { fields, removed }: Resource): boolean => {
  const now = world.clock.now();
  const [from, to] = ['startdate', 'enddate'].map((name) => parseDate(String(fields[name] ?? '')));
  return removed === undefined && (from === undefined || from < now) && (to === undefined || now < to);
};

/** Whose an API key is. */
export const userOfKey = (world: World, apiKey: string): Resource | undefined => {
  const [pair] = world.where('ApiKeyPair', 'apikey', apiKey);
  return pair ? world.get(text(pair, 'userid')) : [...world.where('User', 'apikey', apiKey)][0];
};

/** The pairs of a user, oldest first. */
export const pairsOf = (world: World, user: Resource): Resource[] => [...world.where('ApiKeyPair', 'userid', user.id)];

/**
 * Gives a user a key pair, which becomes the one that getUserKeys shows. Before 4.23 it is the user's only one, and nothing
 * but the pair is kept; undefined then.
 */
export const addKeyPair = (
  world: World,
  user: Resource,
  { apiKey, secretKey, rules = [], ...fields }: Fields & { apiKey: string; secretKey: string; rules?: KeyRule[] },
): Resource | undefined => {
  world.update(user, { apikey: apiKey });
  world.hide(user, { secretkey: secretKey });
  if (!hasKeyPairs(world)) return undefined;
  return insertKind(
    world,
    'ApiKeyPair',
    { ...fields, name: fields['name'] ?? `${text(user, 'username')} - API Keypair`, apikey: apiKey, userid: user.id },
    { owner: user.owner, hidden: { secretkey: secretKey, rules } },
  );
};

const readRule = ({ rule = '', permission = '', description }: Record<string, string>): KeyRule => {
  const wanted = permission.toLowerCase();
  if (!/^[\w*]+$/.test(rule)) throw badValue(`Only alphanumeric characters and * are allowed in a rule: ${rule}`);
  if (wanted !== 'allow' && wanted !== 'deny')
    throw badValue(`Invalid permission: ${permission}. Please specify either allow or deny`);
  return { rule, permission: wanted, ...(description === undefined ? {} : { description }) };
};

/** The rules and dates that a call gives a new pair. Rules may only narrow what the pair that signs the call may do. */
export const readPair = (call: Call): Fields & { rules: KeyRule[] } => {
  const { world, caller } = call;
  const rules = entriesArg(call, 'rules').map(readRule);
  const dates = Object.fromEntries(
    ['startdate', 'enddate'].flatMap((name) => {
      const given = textArg(call, name);
      return given === undefined ? [] : [[name, parseDate(given, name === 'enddate')] as const];
    }),
  );
  const { startdate = world.clock.now(), enddate } = dates;
  if (enddate !== undefined && enddate <= world.clock.now()) throw badValue('Expiration date cannot be in the past.');
  if (enddate !== undefined && enddate <= startdate) throw badValue('Expiration date cannot be before the start date.');
  if (caller.pair && rulesOfPair(caller.pair).length > 0) {
    const own = caller.pair;
    const wider = [...world.catalog.commands.keys()].find(
      (command) =>
        !pairAllows(own, command) &&
        (rules.length === 0 || rules.find(({ rule }) => matches(rule, command))?.permission === 'allow'),
    );
    if (wider !== undefined)
      throw badValue(`The key pair that signs this call may not call ${wider}, so it cannot make a key pair that may`);
  }
  return {
    ...Object.fromEntries(['name', 'description'].map((name) => [name, textArg(call, name)])),
    ...Object.fromEntries(
      Object.entries(dates).map(([name, at]) => [name, at === undefined ? undefined : formatDate(at)]),
    ),
    rules,
  };
};
