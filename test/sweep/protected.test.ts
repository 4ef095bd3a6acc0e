import { expect, test } from 'vitest';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { findKind, kindOfParameter } from '../../src/catalog/kinds.ts';
import { openApp, requestOf, requiredOf, yes } from '../guard/counting.ts';
import { allowAll, answers, safe } from '../guard/protected.ts';

test('every command with an id that can be looked at refuses the protected one', async () => {
  const { app, times, close } = await openApp({ policy: allowAll }, { answers });
  const through: string[] = [];
  let tried = 0;
  for (const { command, risk } of loadCatalog().tools) {
    if (risk.risk === 'read' || !command.params.some(({ name, type }) => name === 'id' && type === 'uuid')) continue;
    tried++;
    const call = requestOf(command.name, requiredOf(command, { id: safe }), { consent: yes });
    await app.call(call).catch(() => undefined);
    if (times(command.name)) through.push(command.name);
  }
  // Kinds that no plain read shows (infrastructure devices, credentials): they carry no tags.
  const { find } = loadCatalog();
  const readable = through.filter((name) => {
    const { command } = find(name)!;
    const kind = kindOfParameter(
      command,
      command.params.find((parameter) => parameter.name === 'id')!,
    );
    const lists = findKind(kind?.name ?? '')?.list ?? kind?.read?.[0];
    return lists !== undefined && find(lists)?.risk.risk === 'read' && find(lists)?.command.result === 'list';
  });
  expect(readable).toEqual([]);
  expect(tried).toBeGreaterThan(250);
  await close();
});
