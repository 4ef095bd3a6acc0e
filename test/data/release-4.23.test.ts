import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { joinCatalog, loadCatalog } from '../../src/catalog/catalog.ts';
import type { LiveApi } from '../../src/catalog/live.ts';
import { raisesOf } from '../../src/catalog/parameter-risks.ts';
import { CallError } from '../../src/errors.ts';
import { isSecretName } from '../../src/secrets/names.ts';
import { filledWith, openApp, requestOf, requiredOf, valueFor } from '../guard/counting.ts';

// A release that the catalog was not made from: what it adds is known by the connected cloud only. The facts are names, types
// and flags of 4.23, which the catalog has learned; under names that it does not know they are as new as they once were.

interface Release {
  commands: LiveApi[];
  changed: { name: string; added: NonNullable<LiveApi['params']> }[];
}
const release = JSON.parse(readFileSync(new URL('release-4.23.json', import.meta.url), 'utf8')) as Release;
const ofTomorrow = (name: string): string => `${name}oftomorrow`;

const unknown = release.commands.map((api) => ({ ...api, name: ofTomorrow(api.name) }));
const changed = release.changed.map(({ name, added }) => ({
  name,
  added: added.map((parameter) => ({ ...parameter, name: ofTomorrow(parameter.name) })),
}));

/** As the cloud lists them: the new ones, and those that have new parameters. */
const apis: LiveApi[] = [
  ...release.commands,
  ...unknown,
  ...release.changed.map(({ name, added }, at) => ({
    name,
    isasync: loadCatalog().find(name)!.command.async === true,
    params: [
      ...loadCatalog()
        .find(name)!
        .command.params.map(({ name, type, required = false }) => ({ name, type, required })),
      ...added,
      ...changed[at]!.added,
    ],
  })),
];
const catalog = joinCatalog(apis);
const looks = /^(list|quotaResourceStatement)/;

const outcomesOf = async (calls: readonly (readonly [name: string, args: Record<string, unknown>])[]) => {
  const { app, times, close } = await openApp(
    {},
    {
      env: { CLOUDSTACK_MCP_DISCOVER: 'true' },
      answers: (command) => (command === 'listApis' ? { count: apis.length, api: apis } : undefined),
    },
  );
  const outcomes: string[] = [];
  for (const [name, args] of calls) {
    const before = times(name);
    const outcome = await app.call(requestOf(name, args)).then(
      () => 'done',
      (error: unknown) => (error instanceof CallError ? `${error.kind}: ${error.message}` : String(error)),
    );
    outcomes.push(`${name} ${Object.keys(args).join()}: ${times(name) === before ? outcome : 'sent'}`);
  }
  await close();
  return outcomes;
};
const asked = /: (unconfirmed|not-found): /;

test('no new command that does more than look runs unasked, with as little as it takes or with everything', async () => {
  const calls = unknown
    .filter(({ name }) => !looks.test(name))
    .flatMap(({ name }) => {
      const { command } = catalog.find(name)!;
      return [[name, requiredOf(command)] as const, [name, filledWith(command, () => true)] as const];
    });
  expect((await outcomesOf(calls)).filter((one) => !asked.test(one))).toEqual([]);
});

test('no new parameter of a command that does more than look runs unasked', async () => {
  const calls = changed
    .filter(({ name }) => !looks.test(name) && loadCatalog().find(name)!.risk.risk !== 'read')
    .flatMap(({ name, added }) => {
      const { command } = catalog.find(name)!;
      return added.map(({ name: parameter }) => {
        const value = valueFor(
          command.params.find((one) => one.name === parameter)!,
          name,
        );
        return [name, requiredOf(command, { [parameter]: value })] as const;
      });
    });
  expect(calls.length).toBeGreaterThan(0);
  expect((await outcomesOf(calls)).filter((one) => !asked.test(one))).toEqual([]);
});

/** Judged by what it does: a schedule that is switched off does nothing. */
const judgedBeside = ['createResourceSchedule enabled'];

/** Names that say by themselves what kind of effect the parameter has. */
const kinds = {
  'what someone logs in with': /(password|passwd|secretkey|apikey|accesskey|psk|pin)$/,
  rights: /^(roleid|accounttype|roletype|permission|rules?|passwordchangerequired)$/,
  'a switch': /^(enabled|state|allocationstate|managedstate|forced)$/,
  publishing: /^ispublic$/,
  'an address that the cloud connects to': /^(url|host|endpoint|nameservers)$/,
};

test.each(Object.entries(kinds))('of the new parameters, none that is %s is without a rule', (_kind, names) => {
  const parameters = [...release.commands, ...release.changed]
    .filter(({ name }) => !looks.test(name) && catalog.find(name)!.risk.risk !== 'read')
    .flatMap(({ name }) => {
      const { command, risk } = catalog.find(name)!;
      const added = release.changed.find((one) => one.name === name)?.added ?? command.params;
      const ruled = new Set(raisesOf(command, risk).map(({ parameter }) => parameter));
      return added.filter((one) => names.test(one.name)).map((one) => [`${name} ${one.name}`, ruled.has(one.name)]);
    });
  const without = parameters.flatMap(([name, isRuled]) => (isRuled ? [] : [name]));
  expect(without.filter((name) => !judgedBeside.includes(String(name)))).toEqual([]);
});

test('a new list that takes or gives out credentials is asked about', async () => {
  const calls = release.commands
    .filter(
      ({ name, params = [] }) =>
        looks.test(name) && (/UserKey/.test(name) || params.some((one) => isSecretName(one.name))),
    )
    .map(({ name }) => [name, filledWith(catalog.find(name)!.command, () => true)] as const);
  expect(calls.length).toBeGreaterThan(0);
  expect((await outcomesOf(calls)).filter((one) => !asked.test(one))).toEqual([]);
});
