import type { Behaviour, Call, Result } from '../rules/call.ts';
import { ownerOf } from '../rules/owner.ts';
import { list, object, success, work } from '../rules/results.ts';
import { badValue, notSimulated } from '../world/errors.ts';
import { insertKind } from '../world/insert.ts';
import { familyOf, kindOf, typeOf } from '../world/kinds.ts';
import { kindOfId } from '../world/references.ts';
import type { Fields, Resource } from '../world/types.ts';
import { listKind } from './list.ts';
import { notSimulatedCommands } from './not-simulated.ts';
import { fieldNamed } from './shapes.ts';

const secretNames = /^(password|secretkey|privatekey|bindpass|truststorepass|usersecretkey)$/;

// CloudStack shows these their owner's secret again.
const showsSecret = new Set(['Webhook', 'OauthProvider']);

const scopeParameters = new Set(['account', 'domainid', 'projectid']);

/** The fields that a call's parameters state, and those that are stored but not shown. */
export const statedFields = (call: Call, kind: string): { fields: Fields; hidden: Fields } => {
  const shown = call.world.catalog.fields(typeOf(kind));
  const owned = shown.has('account');
  const fields: Fields = {};
  const hidden: Fields = {};
  for (const [name, value] of Object.entries(call.args)) {
    if (owned && scopeParameters.has(name)) continue;
    const field = fieldNamed(kind, name, shown);
    if (secretNames.test(name) && !showsSecret.has(kind)) hidden[name] = value;
    else fields[field] = value;
  }
  return { fields, hidden };
};

const isOwned = (call: Call, kind: string): boolean => {
  const shown = call.world.catalog.fields(typeOf(kind));
  return shown.has('account') || call.command.params.some(({ name }) => name === 'account');
};

/** Makes a resource out of a call's parameters. */
const createFrom = (call: Call, kind = kindOf(call.command), more: Fields = {}): Resource => {
  const { fields, hidden } = statedFields(call, kind);
  const parent = [...call.rows.values()].flat().find((row) => row.owner !== undefined);
  const owner = isOwned(call, kind) ? ownerOf(call).id : parent?.owner;
  return insertKind(call.world, kind, { ...fields, ...more }, { owner, hidden });
};

/** The resources of the command's own kind that a call names: by id, else by what it says of them. */
export const targetsOf = (call: Call, kind = kindOf(call.command)): Resource[] => {
  const { command, rows, args, world } = call;
  const named = rows.get('id') ?? rows.get('ids');
  if (named) return named;
  for (const { name } of command.params) {
    const found = rows.get(name)?.filter((row) => row.kind === kind);
    if (found && found.length > 0) return found;
  }
  const shown = world.catalog.fields(typeOf(kind));
  const stated = Object.entries(args).filter(
    ([name, value]) => shown.has(name) && !scopeParameters.has(name) && typeof value !== 'object',
  );
  const owner = isOwned(call, kind) ? ownerOf(call).id : undefined;
  if (stated.length === 0) {
    // An id given as plain text, as for Tungsten Fabric's objects.
    const texts = Object.values(args).filter((value) => typeof value === 'string');
    return world
      .all(kind)
      .filter(({ id }) => texts.includes(id))
      .slice(0, 1);
  }
  return world
    .all(kind)
    .filter((row) => owner === undefined || row.owner === undefined || row.owner === owner)
    .filter((row) => stated.every(([name, value]) => String(row.fields[name]) === String(value)));
};

/** The one resource a call is about; 431 when what it says fits none. */
const targetOf = (call: Call, kind = kindOf(call.command)): Resource => {
  const [row] = targetsOf(call, kind);
  if (!row) throw badValue(`Unable to find the ${kind} that ${call.command.name} names`);
  return row;
};

const show = (call: Call, row: Resource): Result => (call.command.result === 'success' ? success() : object(row));

const create: Behaviour = (call) => {
  const row = createFrom(call);
  return call.command.async
    ? work(row, () => show(call, row))
    : call.command.result === 'list'
      ? list([row])
      : show(call, row);
};

const update: Behaviour = (call) => {
  const row = targetOf(call);
  const patch = (): Result => {
    const { fields, hidden } = statedFields(call, row.kind);
    const keys = new Set(
      call.command.params
        .filter(({ kind }) => kind !== undefined && familyOf(kind).includes(row.kind))
        .map(({ name }) => name),
    );
    const stated = Object.entries(fields).filter(
      ([name]) => name !== 'id' && name !== 'ids' && !(keys.has(name) && !(name in kindOfId)),
    );
    call.world.update(row, Object.fromEntries(stated));
    call.world.hide(row, hidden);
    return call.command.result === 'list' ? list([row]) : show(call, row);
  };
  return call.command.async ? work(row, patch) : patch();
};

const remove: Behaviour = (call) => {
  const rows = targetsOf(call);
  if (rows.length === 0) throw badValue(`Unable to find what ${call.command.name} names`);
  const drop = (): Result => {
    for (const row of rows) call.world.remove(row);
    return call.command.result === 'object' && rows[0] ? object(rows[0]) : success();
  };
  return call.command.async ? work(rows[0], drop) : drop();
};

/** A command that only puts a resource into a state. */
const put =
  (patch: Fields): Behaviour =>
  (call) => {
    const row = targetOf(call);
    const act = (): Result => {
      call.world.update(row, patch);
      return show(call, row);
    };
    return call.command.async ? work(row, act) : act();
  };

const verbs: [RegExp, Behaviour][] = [
  [/^list/, (call) => listKind(call)],
  [/^(create|add|register|import|upload|acquire)/, create],
  [/^(update|configure|modify|change|move)/, update],
  [/^(delete|remove|destroy)/, remove],
  [/^enable/, put({ state: 'Enabled' })],
  [/^disable/, put({ state: 'Disabled' })],
];

/** What a command does when nothing more is known of it than its name and its kind. */
export const genericBehaviour = (command: string): Behaviour =>
  (notSimulatedCommands.has(command) ? undefined : verbs.find(([verb]) => verb.test(command))?.[1]) ??
  (() => {
    throw notSimulated(command);
  });
