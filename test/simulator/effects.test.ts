import { expect } from 'vitest';
import type { Command, CommandsFile, ResponseType } from '../../src/catalog/types.ts';
import { loadData } from '../../src/data.ts';
import { createSimulator } from '../support/seeded-worlds.ts';
import { kindOf } from '../../src/simulator/world/kinds.ts';
import { fillParams } from './fill.ts';
import { keeps } from './promise.ts';
import { finish, send } from './sign.ts';

const { commands } = loadData<CommandsFile>('commands.json');

const isList = ({ name, params }: Command): boolean =>
  name.startsWith('list') &&
  name !== 'listDomainChildren' &&
  params.some((param) => param.name === 'id' && param.type === 'uuid');

keeps('effects', async () => {
  const simulator = createSimulator({ jobMillis: 0 });
  const unseen: string[] = [];
  let seen = 0;
  for (const command of commands) {
    if (!/^(create|add|register|upload|import)/.test(command.name) || command.auth) continue;
    const alike = commands.filter((other) => isList(other) && kindOf(other) === kindOf(command));
    const list = alike.find(({ name }) => name.startsWith(command.name.replace(/^[a-z]+/, 'list'))) ?? alike[0];
    if (!list) continue;
    const made = await finish(
      simulator,
      command.name,
      fillParams(simulator, command, ({ required }) => required === true),
    );
    const result = (made.body['jobresult'] ?? made.body) as Record<string, unknown>;
    const inner = Object.entries(result).find(([key]) => key !== 'count')?.[1];
    const item = (Array.isArray(inner) ? inner[0] : inner) as { id?: string } | undefined;
    if (made.status !== 200 || typeof item?.id !== 'string') continue;
    const named = { ...fillParams(simulator, list, ({ required }) => required === true), id: item.id };
    const params = list.params.some(({ name }) => name === 'listall') ? { ...named, listall: 'true' } : named;
    const look = async () =>
      (
        await send(simulator, list.name, {
          ...params,
          ...(list.name === 'listTemplates'
            ? { templatefilter: 'all' }
            : list.name === 'listIsos'
              ? { isofilter: 'all' }
              : {}),
        })
      ).body['count'];
    if ((await look()) === undefined) unseen.push(`${command.name} is not seen by ${list.name}`);
    else seen += 1;
    const remove = commands.find(
      (other) =>
        /^(delete|remove|destroy)/.test(other.name) &&
        kindOf(other) === kindOf(command) &&
        other.params.some((param) => param.name === 'id'),
    );
    if (!remove) continue;
    const gone = await finish(simulator, remove.name, {
      ...fillParams(simulator, remove, ({ required }) => required === true),
      id: item.id,
      expunge: 'true',
    });
    if (gone.status !== 200 || gone.body['jobstatus'] === 2) continue;
    if (/Offering$/.test(kindOf(command)) || kindOf(command) === 'Role') continue;
    if ((await look()) !== undefined) unseen.push(`${remove.name} leaves what ${list.name} shows`);
  }
  expect(unseen).toEqual([]);
  expect(seen).toBeGreaterThan(60);
});

const NOT_SHOWN =
  /^(id|ids|state|allocationstate|customid|domainid|zoneid|account|tags|details|password|accounttype|managedstate|op|status)$/;

keeps('update-effects', async () => {
  const simulator = createSimulator({ jobMillis: 0 });
  const types = new Map(loadData<ResponseType[]>('responses.json').map((type) => [type.name, type]));
  const unchanged: string[] = [];
  let changed = 0;
  for (const command of commands) {
    const target = command.params.find(({ name, kind, required }) => name === 'id' && kind !== undefined && required);
    if (!command.name.startsWith('update') || !target?.kind) continue;
    const list = commands.find((other) => isList(other) && kindOf(other) === kindOf(command));
    if (!list) continue;
    const id = simulator.world.ensure(target.kind);
    const fields = new Map(types.get(list.response)?.fields.map((field) => [field.name, field]));
    const received = command.params.filter(({ name, type, kind }) => {
      const field = fields.get(name);
      return (
        field &&
        !field.list &&
        !NOT_SHOWN.test(name) &&
        kind === undefined &&
        field.type === 'string' &&
        type === 'string'
      );
    });
    if (received.length === 0) continue;
    const values = Object.fromEntries(received.map(({ name }) => [name, `new ${name}`]));
    const required = fillParams(simulator, command, (parameter) => parameter.required === true);
    const done = await finish(simulator, command.name, { ...required, ...values, id });
    if (done.status !== 200 || done.body['jobstatus'] === 2) continue;
    const needed = fillParams(simulator, list, (parameter) => parameter.required === true);
    const { body } = await send(simulator, list.name, {
      ...needed,
      id,
      ...(list.name === 'listTemplates' ? { templatefilter: 'all' } : {}),
    });
    const shown = (Object.values(body).find(Array.isArray) as Record<string, unknown>[] | undefined)?.[0];
    for (const [name, value] of Object.entries(values))
      if (shown && shown[name] !== value) unchanged.push(`${command.name} ${name}: ${String(shown[name])}`);
      else if (shown) changed += 1;
  }
  expect(unchanged).toEqual([]);
  expect(changed).toBeGreaterThan(50);
});
