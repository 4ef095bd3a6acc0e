import { expect, test } from 'vitest';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import type { Command } from '../../src/catalog/types.ts';
import { kindOfParameter } from '../../src/catalog/kinds.ts';
import { loadData } from '../../src/data.ts';
import { openApp, requiredOf, uuid, type Answers } from '../guard/counting.ts';
import { openRaw } from '../guard/raw.ts';

const id = uuid(0xabcdef).replace('5f0f2d3c', 'abcdef3c');

/** A cloud that finds ids in any letter case, as MySQL does; everything in it is protected. */
const answers: Answers = (name, params) => {
  const command = loadCatalog().find(name)?.command;
  if (command?.result !== 'list') return undefined;
  const key = [command.key ?? 'item'].flat()[0] ?? 'item';
  const row = { id, name: 'thing', state: 'Running', tags: [{ key: 'protected', value: 'true' }] };
  const isAsked = Object.values(params).some((value) => value.toLowerCase().trim() === id);
  return { count: 1, [key]: isAsked ? [row] : [] };
};

const spellings = [id, id.toUpperCase(), ` ${id}`, `${id.slice(0, 20).toUpperCase()}${id.slice(20)} `];

const { byType, entries } = loadData<{ byType: Record<string, string>; entries: Record<string, string> }>(
  'references.json',
);

/** A place of a command where an id can stand, with an id in it. `left` is what was sent there. */
interface Holder {
  place: string;
  hold: (spelling: string) => Record<string, unknown>;
  left: (params: Record<string, string>) => string | undefined;
}

/** The parameters of a command that hold an id, by themselves, beside a type, or in the entries of a map. */
const holdersOf = (command: Command): Holder[] =>
  command.params.flatMap((parameter): Holder[] => {
    const { name } = parameter;
    const type = byType[name];
    const keys = parameter.map?.form === 'rows' ? (parameter.map.keys ?? []) : [];
    const isId =
      type !== undefined ||
      (name !== 'domainid' &&
        (parameter.type === 'uuid' || parameter.of === 'uuid') &&
        kindOfParameter(command, parameter) !== undefined);
    return [
      ...(isId
        ? [
            {
              place: name,
              hold: (spelling: string) => ({
                [name]: parameter.type === 'list' ? [spelling] : spelling,
                ...(type ? { [type]: 'UserVm' } : {}),
              }),
              left: (params: Record<string, string>) => params[name],
            },
          ]
        : []),
      ...keys
        .filter((key) => entries[key] !== undefined)
        .map((key) => ({
          place: `${name}[0].${key}`,
          hold: (spelling: string) => ({ [name]: [{ [key]: spelling }] }),
          left: (params: Record<string, string>) => params[`${name}[0].${key}`],
        })),
    ];
  });

test('every spelling of an id is one thing to the guard and to the cloud', async () => {
  const { app, sent, close } = await openApp({}, { answers });
  const raw = await openRaw(app, { elicits: false });
  const different: string[] = [];
  let refused = 0;
  const tried = new Set<string>();
  for (const { name, command, risk } of loadCatalog().tools) {
    for (const { place, hold, left } of holdersOf(command)) {
      const seen = [];
      for (const spelling of spellings) {
        sent.length = 0;
        const { result } = await raw.call(
          risk.risk === 'read' ? 'read' : risk.risk === 'destroy' ? 'destroy' : 'change',
          { tool: name, arguments: requiredOf(command, hold(spelling)) },
        );
        const error = result?.structuredContent?.['error'] as { kind: string; message: string } | undefined;
        const values = sent.filter((one) => one.command === command.name).map(({ params }) => left(params));
        seen.push(`${error?.kind} ${error?.message.replace(/code: .*/, '').toLowerCase()} ${values.join()}`);
        tried.add(`${name} ${place}`);
        if (error?.message.includes('protected')) refused++;
      }
      for (const other of seen.slice(1))
        if (other !== seen[0]) different.push(`${name} ${place}: ${seen[0]} ≠ ${other}`);
    }
  }
  await raw.close();
  await close();
  expect(different.slice(0, 20)).toEqual([]);
  expect([...tried].filter((one) => one.includes('[0].')).length).toBeGreaterThan(20);
  expect(refused).toBeGreaterThan(spellings.length * 200);
});
