import { afterEach, expect, test } from 'vitest';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { openApp, uuid, yes, type Answers } from '../guard/counting.ts';
import { openRaw, type RawAnswer } from '../guard/raw.ts';
import { answerWith, leaksIn, richRow } from './seeded-secrets.ts';
import { endOf, openServer, ways, type Wanted } from './ways.ts';

// The kinds of test/guard/doors.test.ts in every spelling through every way, and with a secret in every place.

const open: { close: () => unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});
const closing = <T extends { close: () => unknown }>(one: T): T => (open.push(one), one);

const id = uuid(1).replace(/0000-4000/, 'abcd-4abc');

/** A cloud with one protected machine, which it finds in any letter case. */
const answers: Answers = (command, params) => {
  if (command !== 'listVirtualMachines') return undefined;
  const asked = (params['id'] ?? params['ids'])?.trim().toLowerCase();
  const tags = [{ key: 'protected', value: 'true' }];
  const found = asked === undefined || asked.split(',').includes(id);
  return found ? { count: 1, virtualmachine: [{ id, name: 'web-1', state: 'Running', tags }] } : { count: 0 };
};

const spellings = [
  id.toUpperCase(),
  `\t${id} \n`,
  `{${id}}`,
  `urn:uuid:${id}`,
  `"${id}"`,
  `${id},`,
  `${id}%20`,
  `${id}\u200B`,
  `\u00A0${id}`,
  id.replace('a', '\uFF41'),
  id.replaceAll('-', ''),
  'WEB-1',
  'web-1\u0000',
];

test.each(Object.keys(ways))('%s: no spelling of a protected machine leaves', async (way) => {
  const server = closing(await openServer({}, { answers }));
  const given = { caller: { principal: 'local', host: 'test', profile: 'default' }, consent: yes };
  const ends = new Set<string>();
  for (const spelling of spellings) {
    const calls: Wanted[] = [
      { name: 'updateVirtualMachine', args: { id: spelling, displayname: 'x' } },
      { name: 'destroyVirtualMachine', args: { id: spelling, expunge: true } },
    ];
    for (const call of calls) {
      ends.add(await endOf(ways[way]!(server, [call], given)));
      expect(server.times(call.name), `${call.name} ${JSON.stringify(spelling)}`).toBe(0);
    }
  }
  expect([...ends].filter((end) => !['refused', 'not-found', 'invalid'].includes(end))).toEqual([]);
});

test('whatever is masked in an answer is masked at every other door', async () => {
  const withSecrets: Answers = (name, params) => {
    const command = loadCatalog().find(name)?.command;
    if (!command || command.async || name === 'queryAsyncJobResult') return undefined;
    return answerWith(command, { ...richRow(command, params['id']), state: 'Running', tags: [], nic: [] });
  };
  const { app } = closing(await openApp({}, { answers: withSecrets }));
  const raw = closing(await openRaw(app));
  const leaks: string[] = [];
  let answered = 0;
  const see = (what: string, answer: RawAnswer): void => {
    const text = JSON.stringify(answer);
    if (answer.result && !answer.result.isError) answered++;
    leaks.push(...leaksIn(what, text));
  };
  for (const kind of [
    'virtual-machine',
    'volume',
    'network',
    'host',
    'template',
    'account',
    'user',
    'image-store',
    'storage-pool',
  ]) {
    see(`resource ${kind}`, await raw.send('resources/read', { uri: `cloudstack://default/${kind}/${uuid(1)}` }));
    see(`diagnose ${kind}`, await raw.call('diagnose', { kind, id: uuid(1) }));
  }
  for (const tool of [
    'listUsers',
    'listImageStores',
    'listHosts',
    'listVirtualMachines',
    'listWebhooks',
    'listConfigurations',
  ]) {
    see(`where ${tool}`, await raw.call('read', { tool, where: 'name != "x"', fields: ['*'] }));
    see(`script ${tool}`, await raw.call('run-script', { code: `return await cloudstack.${tool}({});` }));
  }
  for (const command of ['updateUser', 'destroyVirtualMachine', 'deleteVolume'])
    see(`complete ${command}`, await raw.complete(command, { name: 'id', value: '' }));
  const secret = 'Kanarienvogel-plan &"';
  const calls = [{ tool: 'updateUser', arguments: { id: uuid(1), password: secret } }];
  see('plan', await raw.call('change', { mode: 'plan', calls }));
  expect(leaks).toEqual([]);
  expect(answered).toBeGreaterThan(20);
});
