import { describe, expect, test } from 'vitest';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { kindOfParameter, takesName, type Kind } from '../../src/catalog/kinds.ts';
import { fits } from '../../src/catalog/patterns.ts';
import { raisesOf } from '../../src/catalog/parameter-risks.ts';
import { describeParameter, type Toolset } from '../../src/catalog/tool.ts';
import type { RiskRow } from '../../src/catalog/risk.ts';
import type { Command, CommandsFile, ResponseType } from '../../src/catalog/types.ts';
import { spellValue, type ValueSet } from '../../src/catalog/values.ts';
import { loadData } from '../../src/data.ts';
import { isSecretName } from '../../src/secrets/names.ts';

const { commands, releases } = loadData<CommandsFile>('commands.json');
const byName = new Map(commands.map((command) => [command.name, command]));
const risks = loadData<Record<string, Partial<RiskRow>>>('risks.json');
const texts = loadData<{
  commands: Record<string, string>;
  parameters: Record<string, string>;
  overrides: Record<string, Record<string, string>>;
}>('texts.json');
const toolsets = loadData<Toolset[]>('toolsets.json');
const kinds = loadData<Kind[]>('kinds.json');
const responses = loadData<ResponseType[]>('responses.json');

const risksKnown = ['read', 'sensitive', 'change', 'destroy'];
const severities = ['low', 'medium', 'high', 'critical'];

// What ends, interrupts or takes away. Unless its risk says why not, such a command is a destroy.
const ending =
  /^(delete|destroy|expunge|purge|remove|revoke|stop|reboot|shutdown|trigger|detach|disable|disassociate|dissociate|release|restart|reset|revert|restore|lock|suspend|kill|drop|clean|cleanup|archive|unmanage|unregister|cancel|decline)(?=[A-Z])/;

// Whose purpose is to give out a credential or open a console (mcp-notes.md, "read-only mode bypassed").
const givingOut = [
  'getUserKeys',
  'registerUserKeys',
  'getVMPassword',
  'resetPasswordForVirtualMachine',
  'resetSSHKeyForVirtualMachine',
  'getKubernetesClusterConfig',
  'createConsoleEndpoint',
  'listConfigurations',
  'createSSHKeyPair',
  'getLoadBalancerSslCertificate',
  'getVirtualMachineUserData',
  'listUserData',
  'setupUserTwoFactorAuthentication',
  'extractVolume',
  'extractTemplate',
  'extractIso',
  'extractSnapshot',
  'getUploadParamsForVolume',
  'getUploadParamsForTemplate',
  'getUploadParamsForIso',
  'listVpnCustomerGateways',
  'listRemoteAccessVpns',
  'createRemoteAccessVpn',
  'listBuckets',
  'createBucket',
  'listWebhooks',
  'listOauthProvider',
  'issueCertificate',
  'login',
  'oauthlogin',
  'samlSso',
  'cloudianSsoLogin',
  'downloadImageStoreObject',
  'getDiagnosticsData',
];
const credentialResponses = ['CreateSSHKeyPair', 'GetVMPassword', 'LoginCmd', 'Register', 'RemoteAccessVpn'];

/** Everything that is missing or wrong for one command. */
const problemsOf = (command: Command): string[] => {
  const { name, params } = command;
  const problems: string[] = [];
  const must = (right: boolean, what: string): void => {
    if (!right) problems.push(`${name}: ${what}`);
  };
  const homes = toolsets.filter((toolset) => toolset.commands.includes(name)).map((toolset) => toolset.name);
  must(homes.length > 0, 'no toolset; add it to the commands of one in data/toolsets.json');
  must(homes.length < 2, `in more than one toolset of data/toolsets.json: ${homes.join(', ')}`);

  const summary = texts.commands[name] ?? '';
  must(summary !== '', 'no summary; write one in data/texts.json, commands');
  must(summary.trim() === summary, 'blanks around its summary in data/texts.json');
  must(summary.length <= 90, `summary of ${summary.length} characters`);
  must(!summary.endsWith('.'), 'summary ends with a period');
  for (const parameter of params)
    must(
      Boolean(describeParameter(name, parameter.name)),
      `no text for ${parameter.name}; write one in data/texts.json, parameters, or in overrides if it means something else there`,
    );
  must(
    responses.some((type) => type.name === command.response),
    `its response ${command.response} is no type of data/responses.json; correct response in data/commands.json`,
  );

  const row = risks[name];
  must(row !== undefined, 'no risk; judge it in data/risks.json (until then it counts as destroy, critical)');
  if (!row) return problems;
  must(risksKnown.includes(row.risk!), `risk ${row.risk}`);
  if (row.risk !== 'read') {
    must(severities.includes(row.severity!), 'no severity');
    must(Boolean(row.category), 'no category');
    must(typeof row.reversible === 'boolean', 'reversible is not said');
    must(Boolean(row.impactScope), 'no impact scope');
    must(Boolean(row.warning), 'no warning');
  }
  const critical =
    row.severity === 'critical' || raisesOf(command, row as RiskRow).some(({ severity }) => severity === 'critical');
  must(!critical || Boolean(row.phrase), 'critical without a phrase');
  must(row.phrase === undefined || /^[a-z0-9][a-z0-9 /-]{3,59}$/.test(row.phrase), `phrase "${row.phrase}"`);

  if (ending.test(name) && row.why === undefined)
    must(row.risk === 'destroy', `named like an end, but ${row.risk}; data/risks.json says why with "why"`);
  if (givingOut.includes(name) || (credentialResponses.includes(command.response) && !command.auth))
    must(row.risk === 'sensitive', `gives out a credential, but is ${row.risk}`);
  return problems;
};

test('every command has one toolset, a summary, a text for every parameter, and a risk that fits', () => {
  expect(commands.flatMap(problemsOf)).toEqual([]);
});

test('a command that nobody has looked at yet makes this red', () => {
  const madeUp: Command = {
    name: 'destroyEverything',
    releases: '4.23.0-4.23.0',
    result: 'success',
    wrapper: 'x',
    key: null,
    response: 'Success',
    params: [{ name: 'howmuchofit', type: 'string' }],
  };
  expect(problemsOf(madeUp)).toEqual([
    'destroyEverything: no toolset; add it to the commands of one in data/toolsets.json',
    'destroyEverything: no summary; write one in data/texts.json, commands',
    'destroyEverything: no text for howmuchofit; write one in data/texts.json, parameters, or in overrides if it means something else there',
    'destroyEverything: no risk; judge it in data/risks.json (until then it counts as destroy, critical)',
  ]);
  expect(problemsOf({ ...byName.get('destroyVolume')!, name: 'destroyVolumes' })).toHaveLength(3);
});

test('no reason and no list speaks of a command that does not exist, or needs no reason', () => {
  for (const name of givingOut) expect(byName.has(name), name).toBe(true);
  const explained = Object.entries(risks).filter(([, { why }]) => why !== undefined);
  expect(explained.length).toBeGreaterThan(0);
  for (const [name, { risk, why }] of explained) {
    expect(why!.length, name).toBeGreaterThan(10);
    expect(risk, name).not.toBe('destroy');
    expect(ending.test(name), name).toBe(true);
  }
});

test('what only looks is a read, and what is a read only looks', () => {
  const looks = /^(list|get|find|query|search|is|quota|ready|cloudian|verify|validate|generate)/;
  const odd = commands.filter(({ name }) => risks[name]?.risk === 'read' && !looks.test(name)).map(({ name }) => name);
  expect(odd).toEqual([]);
  const changing = commands
    .filter(
      ({ name }) => /^(list|find|search)[A-Z]/.test(name) && !['read', 'sensitive'].includes(risks[name]?.risk ?? ''),
    )
    .map(({ name }) => name);
  expect(changing).toEqual([]);
});

describe('the hand-kept files speak only of what exists', () => {
  const params = (name: string): Set<string> => new Set(byName.get(name)?.params.map((parameter) => parameter.name));
  const everyParameter = new Set(commands.flatMap((command) => command.params.map(({ name }) => name)));
  const kindNames = new Set(kinds.map(({ name }) => name));

  test('risks.json and toolsets.json', () => {
    expect(Object.keys(risks).filter((name) => !byName.has(name))).toEqual([]);
    expect(toolsets.flatMap((toolset) => toolset.commands).filter((name) => !byName.has(name))).toEqual([]);
    expect(new Set(toolsets.map(({ name }) => name)).size).toBe(toolsets.length);
    for (const { name, title } of toolsets) {
      expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(title).not.toBe('');
    }
  });

  test('texts.json', () => {
    expect(Object.keys(texts.commands).filter((name) => !byName.has(name))).toEqual([]);
    expect(Object.keys(texts.parameters).filter((name) => !everyParameter.has(name))).toEqual([]);
    const wrong = Object.entries(texts.overrides).flatMap(([command, words]) =>
      Object.keys(words).flatMap((name) => (params(command).has(name) ? [] : [`${command}.${name}`])),
    );
    expect(wrong).toEqual([]);
    for (const [name, text] of [
      ...Object.entries(texts.parameters),
      ...Object.values(texts.overrides).flatMap((words) => Object.entries(words)),
    ])
      expect(text.trim(), name).not.toBe('');
  });

  test('kinds.json', () => {
    expect(kindNames.size).toBe(kinds.length);
    for (const { name, title, plural, columns, list, filter, names, args = {} } of kinds) {
      expect(title && plural, name).toBeTruthy();
      const empty = responses.some(
        (response) => response.name === name && response.fields.every(({ sensitive }) => sensitive),
      );
      expect(columns.length > 0 || empty, `${name} has no columns`).toBe(true);
      if (list === undefined) continue;
      expect(byName.has(list), `${name}: ${list}`).toBe(true);
      expect(['read', 'sensitive'], `${name}: ${list}`).toContain(risks[list]!.risk);
      expect(names?.length, `${name} has no field for its name`).toBeTruthy();
      for (const parameter of [...(filter ? [filter] : []), ...Object.keys(args)])
        expect(params(list).has(parameter), `${name}: ${list} has no ${parameter}`).toBe(true);
    }
  });

  test('a name is taken only where a plain read can look it up', () => {
    for (const { command } of loadCatalog().tools)
      for (const parameter of command.params.filter((candidate) => takesName(command, candidate))) {
        const { list } = kindOfParameter(command, parameter)!;
        expect(risks[list!]!.risk, `${command.name}.${parameter.name}`).toBe('read');
      }
  });

  test('columns and names of kinds are fields of the responses', () => {
    const fields = new Map(responses.map((response) => [response.name, response.fields]));
    const has = (response: string, path: string): boolean => {
      const [head, ...rest] = path.split('.');
      const field = fields.get(response)?.find(({ name }) => name === head || name === path);
      // Every object that a job works on carries its id.
      if (!field) return path === 'jobid';
      return field.name === path || !rest.length || field.ref === undefined || has(field.ref, rest.join('.'));
    };
    const wrong = kinds
      .filter(({ name }) => fields.has(name))
      .flatMap(({ name, columns, names = [] }) =>
        [...columns, ...names].flatMap((path) => (has(name, path.replace(/\?$/, '')) ? [] : [`${name}.${path}`])),
      );
    expect(wrong).toEqual([]);
  });

  test('quirks.json', () => {
    const { kinds: quirks, envelopes } = loadData<{
      kinds: Record<string, Record<string, string | null>>;
      envelopes: Record<string, string>;
    }>('quirks.json');
    for (const [command, former] of Object.entries(envelopes)) {
      expect(byName.has(command), command).toBe(true);
      expect([byName.get(command)!.wrapper, `${command.toLowerCase()}response`], command).not.toContain(former);
    }
    for (const [command, corrected] of Object.entries(quirks))
      for (const [name, kind] of Object.entries(corrected)) {
        expect(params(command).has(name), `${command}.${name}`).toBe(true);
        if (kind !== null) expect(kindNames.has(kind), `${command}.${name}: ${kind}`).toBe(true);
        const declared = byName.get(command)!.params.find((parameter) => parameter.name === name)!.kind;
        expect(kind, `${command}.${name} is declared so already`).not.toBe(declared ?? null);
      }
  });

  test('references.json: what is acted on under a name or a place; a change about accounts, domains or projects reads them', () => {
    const { acted } = loadData<{
      acted: { parameter: string; kind: string; commands: string[]; without?: string[] }[];
    }>('references.json');
    const concerned = ({ commands: patterns }: { commands: string[] }): Command[] =>
      commands.filter(({ name }) => fits(patterns, name) && risks[name]?.risk !== 'read');
    for (const { parameter, kind, commands: patterns, without = [] } of acted) {
      expect(kindNames.has(kind), kind).toBe(true);
      for (const pattern of patterns) expect(concerned({ commands: [pattern] }).length, pattern).toBeGreaterThan(0);
      for (const other of without) expect(everyParameter.has(other), other).toBe(true);
      for (const { name } of concerned({ commands: patterns }))
        expect(params(name).has(parameter), `${name}.${parameter}`).toBe(true);
    }
    // The account or the domain of something new, or the owner that something gets; nothing of it is changed.
    const owners = [
      ...['createAccount', 'createDomain', 'createProject', 'ldapCreateAccount', 'listAndSwitchSamlAccount'],
      // An id, which is looked up as such; a name beside the id of what is changed; an account that the group may make.
      ...['resetApiLimit', 'updateProject', 'updateProjectInvitation', 'linkAccountToLdap'],
    ];
    const about = /^(Account|Domain|Project|ResourceLimit|ResourceCount|QuotaCredits|LinkDomainToLdap|ApiLimit)/;
    const unread = commands.filter(
      (command) =>
        risks[command.name]?.risk !== 'read' &&
        command.entity?.some((entity) => about.test(entity)) &&
        ['account', 'domainid', 'projectid'].some((name) => params(command.name).has(name)) &&
        !acted.some((rule) => concerned(rule).includes(command)),
    );
    expect(unread.map(({ name }) => name).sort()).toEqual(owners.sort());
  });

  test('references.json: which commands reach what hangs on a thing', () => {
    const { hanging } = loadData<{ hanging: Record<string, Record<string, string[]>> }>('references.json');
    const kinds = loadData<Record<string, unknown>>('dependents.json');
    for (const [kind, patterns] of Object.values(hanging).flatMap((one) => Object.entries(one))) {
      expect(kind === '*' || kind in kinds, kind).toBe(true);
      for (const pattern of patterns)
        expect(
          commands.some(({ name }) => risks[name]?.risk !== 'read' && fits([pattern], name)),
          pattern,
        ).toBe(true);
    }
  });

  test('dependents.json', () => {
    interface Entry {
      list?: string;
      field?: string;
      by?: string | Record<string, string>;
      args?: Record<string, boolean>;
      when?: string;
    }
    for (const [kind, entries] of Object.entries(loadData<Record<string, Entry[]>>('dependents.json'))) {
      expect(kindNames.has(kind), kind).toBe(true);
      const fields = new Set(responses.find(({ name }) => name === kind)?.fields.map(({ name }) => name));
      for (const { list, field, by = {}, args = {}, when } of entries) {
        const wanted = typeof by === 'string' ? { [by]: 'id' } : by;
        for (const name of [field ?? [], when ?? [], ...Object.values(wanted)].flat().filter((one) => one !== 'id'))
          expect(fields.has(name), `${kind} has no ${name}`).toBe(true);
        expect(list === undefined, kind).toBe(field !== undefined);
        if (list === undefined) continue;
        expect(risks[list]!.risk, list).toBe('read');
        for (const name of [...Object.keys(wanted), ...Object.keys(args)])
          expect(params(list).has(name), `${list} has no ${name}`).toBe(true);
      }
    }
  });

  test('formats.json', () => {
    const formats = loadData<Record<string, string[]>>('formats.json');
    const all = Object.values(formats).flat();
    expect(new Set(all).size).toBe(all.length);
    const parameters = [...byName.values()].flatMap(({ name, params }) =>
      params.map((one) => ({ command: name, ...one })),
    );
    const known = new Set([
      ...everyParameter.keys(),
      ...parameters.map(({ command, name }) => `${command}.${name}`),
      ...parameters.flatMap(({ validations = [] }) => validations),
    ]);
    expect(all.filter((name) => !known.has(name))).toEqual([]);
  });

  test('refused-values.json', () => {
    const { parameters, settings } = loadData<{
      parameters: { commands: string[]; of: string; notAbove?: string; max?: number | string; from: string }[];
      settings: { names: string[]; from: string }[];
    }>('refused-values.json');
    const known = new Set(
      loadData<{ settings: { name: string }[] }>('installation.json').settings.map(({ name }) => name),
    );
    const missing = parameters.flatMap(({ commands: of, of: parameter, notAbove, max, from }) => [
      ...of.flatMap((name) =>
        [parameter, notAbove ?? parameter]
          .filter((one) => !byName.get(name)?.params.some((each) => each.name === one))
          .map((one) => `${name} ${one}`),
      ),
      ...(typeof max === 'string' && !known.has(max) ? [max] : []),
      ...(/^\w+\.\w+$/.test(from) ? [] : [from]),
    ]);
    expect([...missing, ...settings.flatMap(({ names }) => names.filter((name) => !known.has(name)))]).toEqual([]);
  });

  test('ranges.json', () => {
    const ranges = loadData<[string, string][]>('ranges.json');
    for (const pair of ranges)
      expect(
        [...byName.values()].filter(({ params }) => pair.every((name) => params.some((one) => one.name === name))),
      ).not.toEqual([]);
  });

  test('not-simulated.json', () => {
    const refused = loadData<string[]>('not-simulated.json');
    expect(refused.filter((name) => !byName.has(name))).toEqual([]);
    expect([...new Set(refused)].sort()).toEqual(refused);
  });

  test('values.json', () => {
    const seen = new Set<string>();
    for (const set of loadData<ValueSet[]>('values.json')) {
      expect(set.values.length).toBeGreaterThan(0);
      expect(set.open === undefined, JSON.stringify(set)).toBe(set.unknown !== undefined);
      for (const value of set.values) expect(spellValue(set, String(value))).toBe(value);
      for (const value of Object.keys(set.names ?? {})) expect(set.values.map(String)).toContain(value);
      for (const command of set.commands) {
        const parameter = byName.get(command)?.params.find(({ name }) => name === set.parameter);
        expect(parameter, `${command} ${set.parameter}`).toBeDefined();
        if (set.field) expect(parameter!.map?.keys).toContain(set.field);
        const key = `${command} ${set.parameter} ${set.field}`;
        expect(seen.has(key), key).toBe(false);
        seen.add(key);
      }
    }
  });

  test('aliases.json', () => {
    for (const [alias, command] of Object.entries(loadData<Record<string, string>>('aliases.json'))) {
      expect(byName.has(command), alias).toBe(true);
      expect(alias).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
    }
  });

  test('secrets.json: what the responses mark as a credential is masked', () => {
    const { answers } = loadData<{ answers: Record<string, string[]> }>('secrets.json');
    for (const name of Object.keys(answers)) expect(byName.has(name), name).toBe(true);
    const shown = responses.flatMap(({ name, fields }) =>
      fields.filter((field) => field.sensitive && !isSecretName(field.name)).map((field) => `${name}.${field.name}`),
    );
    // The first is the id of a pair, with which no one can sign; the second says only whether keys may be used.
    expect(shown).toEqual(['ApiKeyPair.id', 'Register.apikeyaccess']);
  });

  test('commands.json itself: releases, kinds and responses', () => {
    const known = new Set(responses.map(({ name }) => name));
    expect(commands.map(({ name }) => name)).toEqual([...byName.keys()].sort());
    for (const command of commands) {
      expect(known.has(command.response), `${command.name}: ${command.response}`).toBe(true);
      for (const { releases: ranges = command.releases } of [command, ...command.params])
        for (const release of ranges.split(/[ -]/))
          expect(releases.includes(release), `${command.name}: ${release}`).toBe(true);
      for (const { name, kind } of command.params)
        expect(kind === undefined || kindNames.has(kind) || /^[A-Z]/.test(kind), `${command.name}.${name}`).toBe(true);
      expect(new Set(command.params.map(({ name }) => name.toLowerCase())).size, command.name).toBe(
        command.params.length,
      );
    }
  });
});
