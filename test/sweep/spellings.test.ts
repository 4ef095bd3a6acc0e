import { expect, test } from 'vitest';
import { loadCatalog } from '../../src/catalog/catalog.ts';
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

const { byType } = loadData<{ byType: Record<string, string> }>('references.json');

test('every spelling of an id is one thing to the guard and to the cloud', async () => {
  const { app, sent, close } = await openApp({}, { answers });
  const raw = await openRaw(app, { elicits: false });
  const different: string[] = [];
  let refused = 0;
  for (const { name, command, risk } of loadCatalog().tools) {
    const holders = command.params.filter(
      (parameter) =>
        byType[parameter.name] !== undefined ||
        (parameter.name !== 'domainid' &&
          (parameter.type === 'uuid' || parameter.of === 'uuid') &&
          kindOfParameter(command, parameter) !== undefined),
    );
    for (const parameter of holders) {
      const seen = [];
      for (const spelling of spellings) {
        sent.length = 0;
        const value = parameter.type === 'list' ? [spelling] : spelling;
        const type = byType[parameter.name];
        const { result } = await raw.call(
          risk.risk === 'read' ? 'read' : risk.risk === 'destroy' ? 'destroy' : 'change',
          {
            tool: name,
            arguments: requiredOf(command, { [parameter.name]: value, ...(type ? { [type]: 'UserVm' } : {}) }),
          },
        );
        const error = result?.structuredContent?.['error'] as { kind: string; message: string } | undefined;
        const left = sent.filter((one) => one.command === command.name).map(({ params }) => params[parameter.name]);
        seen.push(`${error?.kind} ${error?.message.replace(/code: .*/, '').toLowerCase()} ${left.join()}`);
        if (error?.message.includes('protected')) refused++;
      }
      for (const other of seen.slice(1))
        if (other !== seen[0]) different.push(`${name} ${parameter.name}: ${seen[0]} ≠ ${other}`);
    }
  }
  await raw.close();
  await close();
  expect(different.slice(0, 20)).toEqual([]);
  expect(refused).toBeGreaterThan(spellings.length * 200);
}, 180_000);
