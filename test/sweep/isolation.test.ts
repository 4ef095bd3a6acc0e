import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { kindOfParameter } from '../../src/catalog/kinds.ts';
import type { Command, Parameter } from '../../src/catalog/types.ts';
import { createFetchTransport } from '../../src/cloudstack/transport.ts';
import { CallError, describeError } from '../../src/errors.ts';
import type { Simulator } from '../../src/simulator/index.ts';
import { createSimulator } from '../support/seeded-worlds.ts';
import type { Outcome } from '../../src/types.ts';
import { openApp, requestOf, valueFor, yes } from '../guard/counting.ts';
import { fitArguments } from '../support/fit.ts';
import { openRaw } from '../guard/raw.ts';

type WorldRow = ReturnType<Simulator['world']['all']>[number];

const project = 'webshop';
let simulator: Simulator;
let opened: Awaited<ReturnType<typeof openApp>>;
let jobsAreUnseen = false;
const start = async (): Promise<void> => {
  simulator = createSimulator({ jobMillis: 0 });
  const { apiKey, secretKey } = simulator.credentials;
  const found = simulator.world.all('Project').find(({ fields }) => fields['name'] === project)!;
  opened = await openApp(
    {
      policy: { protect: false },
      roles: {
        engineering: { domains: ['ROOT/engineering'] },
        sales: { domains: ['/root/Sales/'] },
        shop: { projects: [found.id] },
      },
      principals: { eng: { role: 'engineering' }, sal: { role: 'sales' }, pro: { role: 'shop' } },
    },
    {
      transport: createFetchTransport((request) =>
        jobsAreUnseen && request.url.includes('command=queryAsyncJobResult')
          ? Promise.resolve(new Response('', { status: 500 }))
          : simulator.fetch(request),
      ),
      // All three share one credential, and so what is kept: nothing of it may be shown to whom it is not for.
      cache: true,
      env: { CLOUDSTACK_API_KEY: apiKey, CLOUDSTACK_SECRET_KEY: secretKey },
    },
  );
};
beforeAll(start);
afterAll(() => opened.close());

const call = (
  principal: string,
  tool: string,
  args: Record<string, unknown> = {},
  fields: string[] | undefined = ['*'],
) =>
  opened.app.call(
    requestOf(tool, args, { caller: { principal, host: 'test', profile: 'default' }, consent: yes, view: { fields } }),
  );
/** Everything that a caller is told, whether it worked or not. */
const received = async (principal: string, tool: string, args: Record<string, unknown> = {}): Promise<string> => {
  try {
    const { text, structured, rows }: Outcome = await call(principal, tool, args);
    return `${text}\n${JSON.stringify(structured)}\n${JSON.stringify(rows())}`;
  } catch (error) {
    if (error instanceof CallError) return JSON.stringify(describeError(error, 'model'));
    throw error;
  }
};

/** What is found in the world by a name, such as a principal's part of it: once for each version, since most calls change nothing. */
const perVersion = <T>(find: (name: string) => T): ((name: string) => T) => {
  const known = new Map<string, { world: Simulator['world']; version: number; found: T }>();
  return (name) => {
    const { world } = simulator;
    const before = known.get(name);
    if (before?.world === world && before.version === world.version()) return before.found;
    const found = find(name);
    known.set(name, { world, version: world.version(), found });
    return found;
  };
};

const named = (kind: string) =>
  perVersion((name): WorldRow => simulator.world.all(kind).find(({ fields }) => fields['name'] === name)!);
const domainNamed = named('Domain');
const projectNamed = named('Project');

const everything = (): WorldRow[] => [...simulator.world.tables.keys()].flatMap((kind) => simulator.world.all(kind));

/** Whether something belongs to an account of that domain, or to that project. */
const isOf = (principal: string, row: WorldRow): boolean => {
  const account = row.kind === 'Account' ? row : simulator.world.get(row.owner ?? '');
  const theirs = account?.hidden['projectid'];
  const shop = projectNamed(project);
  // Who made the project's machines is a member of it.
  if (principal === 'pro' && (row.fields['projectid'] === shop.id || row.fields['username'] === 'alice')) return true;
  if (principal === 'pro') return row.kind === 'Project' ? row.fields['name'] === project : typeof theirs === 'string';
  const { id } = domainNamed(principal === 'eng' ? 'engineering' : 'sales');
  if (row.kind === 'Domain') return row.id === id;
  const domain = row.fields['domainid'] ?? account?.fields['domainid'];
  return domain === id;
};

/** What belongs to somebody else: to the other tenants, and to the operators of the cloud. */
const foreign = perVersion((principal): WorldRow[] =>
  everything().filter(
    (row) =>
      (row.owner !== undefined || ['Account', 'Project', 'User'].includes(row.kind)) &&
      !['Template', 'Zone', 'ServiceOffering', 'DiskOffering', 'Job', 'AsyncJob'].includes(row.kind) &&
      !isOf(principal, row) &&
      // The system's own accounts stand in fields of what everybody sees.
      !['admin', 'system'].includes(String(row.fields['name'] ?? row.fields['username'])),
  ),
);

const nameOf = ({ fields }: WorldRow): string[] =>
  [fields['name'], fields['displayname'], fields['username'], fields['email']].filter(
    (name): name is string => typeof name === 'string' && name.length > 3,
  );

const uuidPattern = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/;
const allUuids = new RegExp(uuidPattern, 'g');
const wholeUuid = new RegExp(`^${uuidPattern.source}$`);

/** CloudStack's own vocabulary: the catalog, in small letters. */
const vocabulary = JSON.stringify(loadCatalog().tools).toLowerCase();
const vocabularyUuids = new Set(vocabulary.match(allUuids));
const knownWords = new Map<string, boolean>();
/** Whether a word is a part of that vocabulary; megabytes are looked through once for each. */
const isVocabulary = (word: string): boolean => {
  let known = wholeUuid.test(word) ? vocabularyUuids.has(word) : knownWords.get(word);
  if (known === undefined) knownWords.set(word, (known = vocabulary.includes(word)));
  return known;
};

/** Words that only others' things carry. */
const secretsOf = (principal: string): Set<string> => {
  const mine = new Set(
    everything()
      .filter((row) => row.owner === undefined || isOf(principal, row))
      .flatMap(nameOf),
  );
  const words = foreign(principal).flatMap((row) => [row.id, ...nameOf(row).filter((name) => !mine.has(name))]);
  // Words that are also parts of ours, or of CloudStack's own vocabulary, prove nothing.
  const ours = [...mine].join('\n');
  return new Set(
    words.filter(
      (word) => !ours.includes(word) && !isVocabulary(word) && !/^(default|admin|ROOT.*|User|eth\d)$/i.test(word),
    ),
  );
};

/** Those of some secrets that are no id: they are looked for one by one, the ids by what a text has of ids. */
const namesAmong = new WeakMap<ReadonlySet<string>, readonly string[]>();
const namesOf = (secrets: ReadonlySet<string>): readonly string[] => {
  const names = namesAmong.get(secrets) ?? [...secrets].filter((word) => !wholeUuid.test(word));
  namesAmong.set(secrets, names);
  return names;
};

/** The secrets that a text shows and its arguments did not give. */
const leaksIn = (principal: string, secrets: ReadonlySet<string>, text: string, given: string): string[] => {
  const ids = new Set(text.match(allUuids));
  // A short name may stand in a random id by chance, as db-1 in 5f0c71db-1e2a-….
  const words = text.replaceAll(allUuids, '');
  return [
    ...[...ids].filter((id) => secrets.has(id)),
    ...namesOf(secrets).filter((word) => (uuidPattern.test(word) ? text : words).includes(word)),
  ]
    .filter((word) => !given.includes(word))
    .map((word) => `${principal} was shown ${word}`);
};

/** A thing of that kind that belongs to somebody else. */
const foreignOf = (principal: string, kind: string): WorldRow | undefined =>
  foreign(principal).find((row) => row.kind === kind);

const fill = (principal: string, command: Command, parameter: Parameter, byName: boolean): unknown => {
  const kind = kindOfParameter(command, parameter)?.name ?? '';
  const row =
    kind === 'Domain' ? domainNamed(principal === 'sal' ? 'engineering' : 'sales') : foreignOf(principal, kind);
  const text = byName && row ? (nameOf(row)[0] ?? row.id) : (row?.id ?? simulator.world.all(kind)[0]?.id);
  if ((parameter.type === 'uuid' || parameter.of === 'uuid') && text) return parameter.type === 'list' ? [text] : text;
  return valueFor(parameter, command.name);
};

const ways: Record<string, (principal: string, command: Command) => Record<string, unknown>> = {
  'as little as it takes': (principal, command) =>
    fitArguments<unknown>(
      command,
      Object.fromEntries(
        command.params.filter(({ required }) => required).map((p) => [p.name, fill(principal, command, p, false)]),
      ),
      (parameter, wanted) => wanted ?? fill(principal, command, parameter, false),
    ),
  'everything there is': (principal, command) => ({
    ...ways['as little as it takes']!(principal, command),
    ...(command.params.some(({ name }) => name === 'listall') ? { listall: true } : {}),
    ...(command.params.some(({ name }) => name === 'isrecursive') ? { isrecursive: true } : {}),
    ...(command.params.some(({ name }) => name === 'projectid') ? { projectid: '-1' } : {}),
    ...(command.params.some(({ name }) => name === 'templatefilter') ? { templatefilter: 'all' } : {}),
    ...(command.params.some(({ name }) => name === 'isofilter') ? { isofilter: 'all' } : {}),
  }),
  'foreign ids': (principal, command) =>
    Object.fromEntries(
      command.params
        .filter(
          (p) =>
            p.required || ((p.type === 'uuid' || p.of === 'uuid') && p.name !== 'domainid' && p.name !== 'projectid'),
        )
        .filter((p) => p.name !== 'ids' || !command.params.some(({ name }) => name === 'id'))
        .map((p) => [p.name, fill(principal, command, p, false)]),
    ),
  'a foreign id alone': (principal, command) => {
    const id = command.params.find((p) => p.name === 'id') ?? command.params.find((p) => p.type === 'uuid');
    return {
      ...ways['as little as it takes']!(principal, command),
      ...(id ? { [id.name]: fill(principal, command, id, false) } : {}),
    };
  },
  'a foreign name': (principal, command) => {
    const id = command.params.find((p) => p.name === 'id') ?? command.params.find((p) => p.type === 'uuid');
    return {
      ...ways['as little as it takes']!(principal, command),
      ...(id ? { [id.name]: fill(principal, command, id, true) } : {}),
    };
  },
  'a name that nobody has': (principal, command) => {
    const id = command.params.find((p) => p.type === 'uuid');
    return {
      ...ways['as little as it takes']!(principal, command),
      ...(id ? { [id.name]: 'nothing-is-called-so' } : {}),
    };
  },
  'a foreign domain': (principal, command) => ({
    ...ways['as little as it takes']!(principal, command),
    ...(command.params.some(({ name }) => name === 'domainid')
      ? { domainid: domainNamed(principal === 'sal' ? 'engineering' : 'sales').id }
      : {}),
  }),
  'a foreign project': (principal, command) => {
    const row = foreignOf(principal, 'Project');
    return {
      ...ways['as little as it takes']!(principal, command),
      ...(row && command.params.some(({ name }) => name === 'projectid') ? { projectid: row.id } : {}),
    };
  },
  'a foreign account': (principal, command) => ({
    ...ways['as little as it takes']!(principal, command),
    ...(command.params.some(({ name }) => name === 'account')
      ? { account: principal === 'sal' ? 'bob' : 'carol' }
      : {}),
  }),
};

test('whatever is looked at, in whatever way, by principals in turns: nothing of others is shown', async () => {
  const looks = loadCatalog().tools.filter(
    ({ risk, command }) =>
      risk.risk === 'read' ||
      (risk.risk === 'sensitive' && command.result === 'list') ||
      command.name === 'getUserKeys',
  );
  const secrets = new Map(['eng', 'sal', 'pro'].map((who) => [who, secretsOf(who)]));
  for (const words of secrets.values()) expect(words.size).toBeGreaterThan(20);
  const leaks: string[] = [];
  let [calls, answered] = [0, 0];
  for (const { command } of looks)
    for (const [way, argsOf] of Object.entries(ways)) {
      await Promise.all(
        ['eng', 'sal', 'pro'].map(async (who) => {
          const args = argsOf(who, command);
          const text = await received(who, command.name, args);
          calls++;
          if (!text.startsWith('{"kind"')) answered++;
          for (const leak of leaksIn(who, secrets.get(who)!, text, JSON.stringify(args)))
            leaks.push(`${command.name}, ${way}: ${leak}`);
        }),
      );
    }
  expect(leaks).toEqual([]);
  expect(calls).toBeGreaterThan(1000);
  expect(answered).toBeGreaterThan(300);
});

test('each still sees what is its own, and what is made for everybody', async () => {
  const names = async (
    who: string,
    tool: string,
    args: Record<string, unknown> = {},
    field = 'name',
  ): Promise<string[]> => (await call(who, tool, args, [field])).rows().map((row) => String(row[field]));
  expect(await names('eng', 'listVirtualMachines')).toEqual(expect.arrayContaining(['web-1', 'db-1']));
  expect(await names('eng', 'listVirtualMachines')).not.toContain('crm');
  expect(await names('sal', 'listVirtualMachines')).toContain('crm');
  expect(await names('pro', 'listVirtualMachines')).toContain('shop-frontend');
  expect(await names('eng', 'listVirtualMachines', { projectid: project })).toContain('shop-frontend');
  expect(await names('eng', 'listVirtualMachines', { id: 'web-1' })).toEqual(['web-1']);
  expect(await names('eng', 'listAccounts', { listall: true })).toEqual(expect.arrayContaining(['alice', 'bob']));
  expect(await names('sal', 'listUsers', { listall: true }, 'username')).toEqual(['carol']);
  expect(await names('sal', 'listDomains', { listall: true })).toEqual(['sales']);
  for (const who of ['eng', 'sal', 'pro']) {
    expect((await names(who, 'listZones')).length).toBeGreaterThan(0);
    expect((await names(who, 'listServiceOfferings')).length).toBeGreaterThan(0);
    expect((await names(who, 'listTemplates', { templatefilter: 'executable' })).length).toBeGreaterThan(0);
  }
  const nics = await call('eng', 'listNics', { virtualmachineid: 'web-1' });
  expect(nics.rows().length).toBeGreaterThan(0);
  expect((await call('eng', 'listFirewallRules', { listall: true })).rows().length).toBeGreaterThan(0);
});

test('commands of the whole cloud are refused, whatever the key could do', async () => {
  for (const tool of [
    'listHosts',
    'listStoragePools',
    'listSystemVms',
    'updateCloudToUseObjectStore',
    'listAlerts',
    'createZone',
  ])
    for (const who of ['eng', 'sal', 'pro'])
      expect(
        JSON.parse(await received(who, tool, ways['as little as it takes']!(who, loadCatalog().find(tool)!.command))),
      ).toMatchObject({
        kind: 'refused',
      });
  const offering = simulator.world.all('DiskOffering')[0]!;
  expect(JSON.parse(await received('eng', 'updateDiskOffering', { id: offering.id, name: 'mine' }))).toMatchObject({
    kind: 'refused',
  });
});

test('what is made for everybody is used, not changed', async () => {
  const { world } = simulator;
  const template = world.all('Template').find(({ fields }) => fields['ispublic'] === true)!;
  const offering = world.all('ServiceOffering')[0]!;
  for (const [tool, args] of [
    ['updateServiceOffering', { id: offering.id, name: 'mine' }],
    ['deleteServiceOffering', { id: offering.id }],
    ['updateTemplate', { id: template.id, name: 'mine' }],
    ['deleteTemplate', { id: template.id }],
    ['updateTemplatePermissions', { id: template.id, ispublic: false }],
  ] as const)
    for (const who of ['eng', 'sal', 'pro']) {
      expect(JSON.parse(await received(who, tool, { ...args }))).toMatchObject({ kind: 'refused' });
      expect(world.get(offering.id)!.fields['name']).not.toBe('mine');
    }
  // It is shown without its owner.
  const [row] = (await call('eng', 'listTemplates', { templatefilter: 'executable', id: template.id })).rows();
  expect(row).toMatchObject({ id: template.id });
  expect(row).not.toHaveProperty('account');
});

test('a row that should tell its owner and does not is not shown', async () => {
  const other = await openApp(
    { roles: { a: { domains: ['ROOT/a'] } }, principals: { p: { role: 'a' } } },
    {
      answers: (command) => {
        if (command === 'listDomains') return { count: 1, domain: [{ id: 'd1', path: 'ROOT/a' }] };
        const rows = [
          { id: 'x', domainid: 'd1' },
          { id: 'y' },
          { id: 'z', domainid: 'd2' },
          { id: 'w', projectid: 'p2' },
        ];
        if (command === 'listEvents') return { count: 9, event: rows };
        return command === 'listZones' ? { count: 1, zone: rows } : undefined;
      },
    },
  );
  const ids = async (tool: string): Promise<unknown[]> =>
    (await other.app.call(requestOf(tool, {}, { caller: { principal: 'p', host: 'test', profile: 'default' } })))
      .rows()
      .map(({ id }) => id);
  expect(await ids('listEvents')).toEqual(['x']);
  expect(await ids('listZones')).toEqual(['x', 'y']);
  await other.close();
});

test('what is made lands in the own domain or project, or nowhere', async () => {
  const ownerDomain = (id: string): unknown => simulator.world.get(simulator.world.get(id)!.owner!)!.fields['domainid'];
  const created = async (who: string, tool: string, args: Record<string, unknown>): Promise<string> => {
    const [row] = (await call(who, tool, args)).rows();
    return String(row!['id']);
  };
  const eng = domainNamed('engineering').id;
  const group = { name: 'g1', type: 'host anti-affinity' };
  expect(JSON.parse(await received('eng', 'createAffinityGroup', group))).toMatchObject({ kind: 'refused' });
  expect(ownerDomain(await created('eng', 'createAffinityGroup', { ...group, account: 'bob' }))).toBe(eng);
  expect(
    JSON.parse(await received('eng', 'createAffinityGroup', { ...group, name: 'g2', account: 'carol' }))['kind'],
  ).toBeDefined();
  expect(
    JSON.parse(
      await received('eng', 'createAffinityGroup', { ...group, account: 'carol', domainid: domainNamed('sales').id }),
    ),
  ).toMatchObject({ kind: 'not-found' });
  const mine = simulator.world.all('Project')[0]!.id;
  expect(JSON.parse(await received('sal', 'createAffinityGroup', { ...group, projectid: mine }))).toMatchObject({
    kind: 'not-found',
  });
  const inProject = await created('pro', 'createAffinityGroup', { ...group, name: 'g3' });
  expect(simulator.world.get(simulator.world.get(inProject)!.owner!)!.hidden['projectid']).toBe(mine);
  // What is made from something belongs to whom that belongs.
  const volume = everything().find(
    (row) => row.kind === 'Volume' && isOf('eng', row) && row.fields['state'] === 'Ready',
  )!;
  const snapshot = await created('eng', 'createSnapshot', { volumeid: volume.id });
  expect(simulator.world.get(snapshot)!.owner).toBe(volume.owner);
  const domain = await created('eng', 'createDomain', { name: 'team' });
  expect(simulator.world.get(domain)!.fields['parentdomainid']).toBe(eng);
  const account = {
    username: 'dora',
    password: 'x',
    firstname: 'D',
    lastname: 'D',
    email: 'd@example.com',
    accounttype: 0,
  };
  expect(
    simulator.world.get(await created('eng', 'createAccount', { ...account, account: 'dora' }))!.fields['domainid'],
  ).toBe(eng);
  expect(JSON.parse(await received('eng', 'archiveEvents', { type: 'VM.CREATE' }))).toMatchObject({ kind: 'refused' });
});

test('a job is shown to whom began it', async () => {
  const vm = everything().find(
    (row) => row.kind === 'UserVm' && isOf('eng', row) && row.fields['state'] === 'Running',
  )!;
  const { structured } = await call('eng', 'rebootVirtualMachine', { id: vm.id });
  const { id } = structured['job'] as { id: string };
  expect((await call('eng', 'queryAsyncJobResult', { jobid: id })).text).toContain(vm.id);
  for (const who of ['sal', 'pro'])
    expect(JSON.parse(await received(who, 'queryAsyncJobResult', { jobid: id }))).toMatchObject({ kind: 'not-found' });
});

test("a job whose end could not be seen is its caller's to ask about", async () => {
  const vm = everything().find(
    (row) => row.kind === 'UserVm' && isOf('eng', row) && row.fields['state'] === 'Running',
  )!;
  jobsAreUnseen = true;
  const failed = JSON.parse(await received('eng', 'rebootVirtualMachine', { id: vm.id })) as {
    kind: string;
    job: string;
  };
  jobsAreUnseen = false;
  expect(failed).toMatchObject({ kind: 'unknown-outcome', job: expect.any(String) as string });
  expect((await call('eng', 'queryAsyncJobResult', { jobid: failed.job })).text).toContain(vm.id);
  expect(JSON.parse(await received('sal', 'queryAsyncJobResult', { jobid: failed.job }))).toMatchObject({
    kind: 'not-found',
  });
});

test('over two MCP servers of one app, each principal keeps to its own', async () => {
  const [eng, sal] = await Promise.all([
    openRaw(opened.app, { principal: 'eng' }),
    openRaw(opened.app, { principal: 'sal' }),
  ]);
  const secrets = { eng: secretsOf('eng'), sal: secretsOf('sal') };
  const tools = [
    'listVirtualMachines',
    'listEvents',
    'listAccounts',
    'listUsers',
    'listDomains',
    'listVolumes',
    'listNetworks',
    'listTags',
    'listAsyncJobs',
    'listProjects',
  ];
  const leaks: string[] = [];
  for (let round = 0; round < 10; round++)
    await Promise.all(
      tools.flatMap((tool) =>
        (['eng', 'sal'] as const).map(async (who) => {
          const raw = who === 'eng' ? eng : sal;
          const { result } = await raw.call('read', { tool, arguments: { listall: true }, fields: ['*'] });
          leaks.push(...leaksIn(who, secrets[who], JSON.stringify(result), ''));
          const other = foreignOf(who, 'UserVm')!;
          const byName = await raw.call('read', {
            tool: 'listVirtualMachines',
            arguments: { id: other.fields['name'] },
          });
          expect(byName.result?.isError).toBe(true);
          leaks.push(...leaksIn(who, secrets[who], JSON.stringify(byName.result), String(other.fields['name'])));
        }),
      ),
    );
  expect(leaks).toEqual([]);
  await eng.close();
  await sal.close();
});

test('whatever is changed, in whatever way: nothing of others is touched or shown', async () => {
  await opened.close();
  await start();
  const picture = perVersion(
    (who): Map<string, string> =>
      new Map(
        foreign(who)
          .filter(({ kind }) => !['Event', 'Job'].includes(kind))
          .map((row) => [row.id, JSON.stringify([row.fields, row.hidden])]),
      ),
  );
  const changes = loadCatalog().tools.filter(({ risk, command }) => risk.risk !== 'read' && !command.auth);
  const wrong: string[] = [];
  let calls = 0;
  for (const who of ['eng', 'sal', 'pro'])
    for (const [way, argsOf] of Object.entries(ways)) {
      if (way === 'a name that nobody has') continue;
      const secrets = secretsOf(who);
      for (const { command } of changes) {
        const before = picture(who);
        const args = argsOf(who, command);
        const text = await received(who, command.name, args);
        calls++;
        const after = picture(who);
        const leaks = leaksIn(who, secrets, text, JSON.stringify(args));
        // Two tenants may have something of the same name, as CloudStack gives one to a VPN customer gateway without.
        const still = leaks.length > 0 ? leaksIn(who, secretsOf(who), text, JSON.stringify(args)) : [];
        for (const leak of leaks.filter((each) => still.includes(each))) wrong.push(`${command.name}, ${way}: ${leak}`);
        if (after === before) continue;
        for (const [id, was] of before)
          if (after.get(id) !== was)
            wrong.push(
              `${who} ${command.name}, ${way}: ${simulator.world.get(id)?.kind ?? 'gone'} ${id} was ${was} is ${after.get(id)}`,
            );
        for (const id of after.keys())
          if (!before.has(id))
            wrong.push(`${who} ${command.name}, ${way}: made ${simulator.world.get(id)?.kind} ${id} for others`);
      }
    }
  expect(wrong.slice(0, 40)).toEqual([]);
  expect(calls).toBeGreaterThan(5000);
});
