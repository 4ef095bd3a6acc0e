import { expect, test } from 'vitest';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { looksOnly } from '../../src/catalog/parameter-risks.ts';
import type { Transport } from '../../src/cloudstack/transport.ts';
import { CallError } from '../../src/errors.ts';
import { createPolicy } from '../../src/guard/policy.ts';
import { isSecretName } from '../../src/secrets/names.ts';
import type { Question } from '../../src/consent.ts';
import { createCounting, openApp, requestOf, requiredOf, uuid, valueFor } from './counting.ts';

/** An API key names its user and goes along with every request anyway; it proves nothing without its secret key. */
const exceptions = ['getUser userapikey'];

/** Over the catalog: what only looks and takes a secret along, with it; a switch is no secret. */
const calls = loadCatalog()
  .tools.filter(({ command, risk }) => looksOnly(command, risk))
  .flatMap(({ command }) =>
    command.params
      .filter(({ name, type }) => isSecretName(name) && type !== 'boolean')
      .filter(({ name }) => !exceptions.includes(`${command.name} ${name}`))
      .map(
        (parameter) =>
          [
            command.name,
            parameter.name,
            requiredOf(command, { [parameter.name]: valueFor(parameter, command.name) }),
          ] as const,
      ),
  );

const kindOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'done',
    (error: unknown) => (error instanceof CallError ? error.kind : String(error)),
  );

test('there are such looks: of a host with its login', () => {
  const names = calls.map(([command]) => command);
  expect(names).toEqual(expect.arrayContaining(['listVmsForImport', 'listVmwareDcVms', 'listVmwareDcHosts']));
});

test.each(calls)(
  '%s with %s is asked about, nothing under read-only, and goes by POST alone',
  async (command, _name, args) => {
    const methods: string[] = [];
    const { transport } = createCounting();
    const recording: Transport = {
      ...transport,
      send: (request, stop) => {
        const { url, body, method } = request;
        if (new URLSearchParams(body ?? url.split('?')[1]).get('command') === command) methods.push(method);
        return transport.send(request, stop);
      },
    };
    const { app, config, close } = await openApp({}, { transport: recording });
    expect(await kindOf(app.call(requestOf(command, args)))).toMatch(/unconfirmed|not-found/);
    expect(methods).toEqual([]);
    const yes: Parameters<typeof requestOf>[2] = {
      consent: ({ digest, phrase }) =>
        Promise.resolve({
          action: 'accept',
          confirm: true,
          phrase,
          digest,
          nonce: crypto.randomUUID(),
          by: 'terminal',
        }),
    };
    expect(await kindOf(app.call(requestOf(command, args, yes)))).toBe('done');
    expect(methods).toEqual(['POST']);
    await close();

    expect(createPolicy(config.policy, true).actions.sensitive.high).toBe('block');
    const readOnly = await openApp({ policy: { preset: 'read-only' } }, { transport: recording });
    expect(await kindOf(readOnly.app.call(requestOf(command, args, yes)))).toBe('refused');
    expect(methods).toEqual(['POST']);
    await readOnly.close();
  },
);

test('a secret in the name of a thing is masked wherever the name is shown', async () => {
  const secret = 'Kanarienvogel9';
  const name = `db password=${secret}`;
  const row = { id: uuid(1), name, displayname: name, state: 'Running', zonename: name, account: name, tags: [] };
  const { app, close } = await openApp(
    {},
    {
      answers: (command, params) =>
        command === 'listVirtualMachines'
          ? { count: 2, virtualmachine: params['name'] === undefined ? [row, { ...row, id: uuid(2) }] : [] }
          : undefined,
    },
  );
  const received: string[] = [];
  const consent = ({ message, phrase }: Question): Promise<undefined> => {
    received.push(message, String(phrase));
    return Promise.resolve(undefined);
  };
  const calls: [string, Record<string, unknown>][] = [
    ['destroyVirtualMachine', { id: uuid(1), expunge: true }],
    ['expungeVirtualMachine', { id: uuid(1) }],
    ['startVirtualMachine', { id: 'nothing' }],
    ['listVirtualMachines', { name: 'db' }],
    ['listVirtualMachines', {}],
  ];
  for (const [command, args] of calls)
    await app.call(requestOf(command, args, { consent })).then(
      ({ text, structured }) => received.push(text, JSON.stringify(structured)),
      (error: unknown) => {
        if (!(error instanceof CallError)) throw error;
        received.push(error.message, String(error.hint), ...(error.candidates ?? []));
      },
    );
  await close();
  expect(received.join('\n')).not.toContain(secret);
  // Each of them showed the name.
  expect(received.filter((text) => text.includes('db password=')).length).toBeGreaterThan(calls.length);
});
