import { expect, test } from 'vitest';
import { joinCatalog, loadCatalog } from '../../src/catalog/catalog.ts';
import type { Risk, Severity } from '../../src/catalog/risk.ts';
import { CallError } from '../../src/errors.ts';
import { approve, type ApproveDependencies } from '../../src/guard/approve.ts';
import { toolForRisk, permit } from '../../src/guard/permit.ts';
import { createPolicy, type Policy } from '../../src/guard/policy.ts';
import { askAbout as askIn, digestOf as digestIn } from '../../src/guard/question.ts';
import { createAccess } from '../../src/guard/roles.ts';
import type { Row } from '../../src/rows.ts';
import type { ApprovedCall, CheckedCall, ConfinedCall, NamedCall, Target } from '../../src/types.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import type { RiskTool } from '../../src/types.ts';
import type { Consent, Question, Reply } from '../../src/consent.ts';
import { validate } from '../../src/validate/validate.ts';
import { id, limits, operator, request, resolved } from './calls.ts';

const readOnly = createPolicy(
  {
    preset: 'operator',
    actions: { change: 'allow' },
    rules: [],
    limits: [],
    protect: false,
    fourEyes: false,
    passkey: [],
  },
  true,
);
const access = createAccess({}, { profile: 'default' });

const cloud = { host: 'cloud.test', identity: 'this-cloud' };
const askAbout = (call: CheckedCall, targets: readonly Target[], place?: Row) => askIn(call, targets, cloud, place);
const digestOf = (call: CheckedCall, targets: readonly Target[]) => digestIn(call, targets, cloud);

const kindOf = (run: () => unknown): string => {
  try {
    run();
    return 'done';
  } catch (error) {
    if (error instanceof CallError) return error.kind;
    throw error;
  }
};

// A command of every risk and severity there is.
const commands: [string, Record<string, unknown>][] = [
  ['listZones', {}],
  ['listLdapConfigurations', {}],
  ['createConsoleEndpoint', { virtualmachineid: id }],
  ['getUserKeys', { id }],
  ['createSSHKeyPair', { name: 'k' }],
  ['startVirtualMachine', { id }],
  ['resizeVolume', { id }],
  ['moveDomain', { domainid: id, parentdomainid: id }],
  ['detachIso', { virtualmachineid: id }],
  ['stopVirtualMachine', { id }],
  ['destroyVirtualMachine', { id }],
  ['deleteZone', { id }],
];

const judged = commands.map(([command, args]) => {
  const { risk } = loadCatalog().find(command)!;
  return [command, args, risk.risk, risk.severity] as const;
});

test('the commands below stand for every risk and severity', () => {
  const seen = new Set(judged.map(([, , risk, severity]) => `${risk}/${severity}`));
  const { tools } = loadCatalog();
  expect(seen).toEqual(new Set(tools.map(({ risk }) => `${risk.risk}/${risk.severity}`)));
});

const confirms = (risk: Risk, severity: Severity): boolean =>
  risk === 'destroy' || (risk !== 'read' && severity === 'high') || severity === 'critical';

for (const riskTool of [undefined, 'read', 'change', 'destroy'] as (RiskTool | undefined)[])
  test.each(judged)(`%s %j (%s/%s) through ${riskTool ?? 'no tool of its own'}`, (command, args, risk, severity) => {
    const run = (policy: Policy) =>
      permit(policy, access, validate(loadCatalog(), request(command, args, { riskTool }), limits));
    const right = riskTool === undefined || riskTool === toolForRisk(risk);
    expect(kindOf(() => run(operator))).toBe(right ? 'done' : 'refused');
    expect(kindOf(() => run(readOnly))).toBe(right && risk === 'read' ? 'done' : 'refused');
    if (right) {
      const decision = run(operator).decision!;
      expect(decision.action).toBe(confirms(risk, severity) ? 'confirm' : 'allow');
      expect(decision.rule).toBe(`operator: ${risk}/${severity} → ${decision.action}`);
    }
  });

test('a wrong tool names the right one', () => {
  expect(() => resolved('destroyVirtualMachine', { id }, { riskTool: 'read' })).toThrow(
    expect.objectContaining({ hint: expect.stringContaining('Call destroy') as string }) as Error,
  );
});

test('a policy that says nothing of a risk blocks it', () => {
  const gaps = { ...operator, name: 'gaps', actions: { read: {} } } as unknown as Policy;
  expect(kindOf(() => resolved('listZones', {}, {}, gaps))).toBe('refused');
  expect(kindOf(() => resolved('startVirtualMachine', { id }, {}, gaps))).toBe('refused');
});

test('arguments that make a command worse move it to another tool', () => {
  const shrink = { id, size: 1, shrinkok: true };
  expect(kindOf(() => resolved('resizeVolume', { id, size: 1 }, { riskTool: 'change' }))).toBe('done');
  expect(kindOf(() => resolved('resizeVolume', shrink, { riskTool: 'change' }))).toBe('refused');
  expect(resolved('resizeVolume', shrink, { riskTool: 'destroy' }).tool.risk).toMatchObject({
    risk: 'destroy',
    severity: 'high',
    reversible: false,
  });
  // In any spelling that validation takes.
  for (const expunge of ['true', 'TRUE', true, 1])
    expect(resolved('destroyVirtualMachine', { id, Expunge: expunge }).tool.risk.severity).toBe('critical');
});

test('a command that no one has judged cannot run unasked', async () => {
  const catalog = joinCatalog([{ name: 'frobnicateCloud', params: [{ name: 'id', type: 'uuid' }] }]);
  const call = permit(operator, access, validate(catalog, request('frobnicate-cloud', { id }), limits));
  expect(call.tool.risk).toMatchObject({ risk: 'destroy', severity: 'critical', reversible: false });
  expect(call.decision?.action).toBe('confirm');
  expect(kindOf(() => permit(readOnly, access, call))).toBe('refused');
  for (const riskTool of ['read', 'change'] as const)
    expect(
      kindOf(() => permit(operator, access, validate(catalog, request('frobnicateCloud', {}, { riskTool }), limits))),
    ).toBe('refused');
  await expect(letLeave(depsOf([]), { ...call, names: [] } as NamedCall as ConfinedCall)).rejects.toMatchObject({
    kind: 'unconfirmed',
  });
});

// approve

/** What approve needs, with approvals that nobody gives. */
interface Dependencies extends ApproveDependencies {
  targets: () => Promise<readonly Target[]>;
  onQuestion: (digest: string) => void;
}

/** `approve` of resources that are given. */
const letLeave = ({ targets, onQuestion, ...dependencies }: Dependencies, call: ConfinedCall): Promise<ApprovedCall> =>
  approve(dependencies, call, {
    resources: {
      actedOn: targets,
      places: () => Promise.resolve([]),
      mainTargets: targets,
      withDependents: (known) => Promise.resolve(known),
      withPlaces: (known) => Promise.resolve(known),
    },
    origin: { host: cloud.host, identity: () => Promise.resolve(cloud.identity) },
    onQuestion,
  });

const depsOf = (targets: readonly Target[]): Dependencies => ({
  policy: operator,
  targets: () => Promise.resolve(targets),
  setIfAbsent: () => Promise.resolve(true),
  confirmations: { has: () => Promise.resolve(false), add: () => Promise.resolve() },
  count: () => Promise.resolve(1),
  standing: { save: () => Promise.resolve(), list: () => Promise.resolve([]), remove: () => Promise.resolve(false) },
  approvals: {
    open: () => Promise.resolve('CODE-CODE'),
    waiting: () => Promise.resolve([]),
    approve: () => Promise.resolve(),
    refuse: () => Promise.reject(new Error('no call waits')),
    take: () => Promise.resolve(undefined),
  },
  questions: {
    decline: () => Promise.resolve(),
    isOpen: () => Promise.resolve(false),
    open: () => Promise.resolve(),
    close: () => Promise.resolve(),
  },
  onQuestion: () => undefined,
  onWaiting: () => undefined,
  onConfirmation: () => undefined,
});

const running = { id, state: 'Running', zonename: 'Frankfurt', account: 'admin' };
const target: Target = {
  parameter: 'id',
  title: 'virtual machine',
  kind: 'UserVm',
  id,
  isOwn: true,
  isMain: true,
  isReadable: true,
  name: 'web-1',
  row: running,
};

interface Asking {
  args?: Record<string, unknown>;
  once?: (key: string) => Promise<boolean>;
  command?: string;
}

const ask = async (
  consent: Consent,
  { args = {}, once = () => Promise.resolve(true), command = 'destroyVirtualMachine' }: Asking = {},
) => {
  const noted: string[] = [];
  const approved = await letLeave(
    { ...depsOf([target]), setIfAbsent: once, onQuestion: (digest) => noted.push(digest) },
    resolved(command, { id, ...args }, { consent }),
  );
  return { approved, noted };
};

const accept = (question: Question, more: Partial<Reply> = {}): Reply => ({
  action: 'accept',
  confirm: true,
  phrase: question.phrase,
  digest: question.digest,
  nonce: 'n1',
  by: 'elicitation',
  ...more,
});
const answer =
  (more: Partial<Reply> = {}): Consent =>
  (question) =>
    Promise.resolve(accept(question, more));

test('a yes lets the call leave, and says how it was given', async () => {
  const { approved, noted } = await ask(answer());
  expect(approved.confirmation).toMatchObject({ by: 'elicitation', who: 'local' });
  expect(noted).toEqual([digestOf(approved, [target])]);
});

test('what the policy allows is not asked about', async () => {
  const consent: Consent = () => Promise.reject(new Error('asked'));
  expect((await ask(consent, { command: 'startVirtualMachine' })).approved.confirmation).toBeUndefined();
});

const refusals: [string, Partial<Reply> | undefined, Record<string, unknown>?][] = [
  ['nobody can be asked', undefined],
  ['declined', { action: 'decline' }],
  ['cancelled', { action: 'cancel' }],
  ['a yes to another call', { digest: 'f'.repeat(64) }],
  ['confirm is missing', { confirm: undefined }],
  ['confirm is text', { confirm: 'true' }],
  ['confirm is one', { confirm: 1 }],
  ['confirm is false', { confirm: false }],
  ['a phrase where a yes was wanted', { confirm: undefined, phrase: 'web-1' }],
  ['a yes where a phrase was wanted', { phrase: undefined }, { expunge: true }],
  ['a phrase in other letters', { phrase: 'WEB-1' }, { expunge: true }],
  ['a phrase with a space', { phrase: 'web-1 ' }, { expunge: true }],
  ['an empty phrase', { phrase: '' }, { expunge: true }],
  ['a phrase that is an object', { phrase: { toString: () => 'web-1' } }, { expunge: true }],
];

test.each(refusals)('no: %s', async (_what, reply, args = {}) => {
  const consent: Consent = reply ? answer(reply) : () => Promise.resolve(undefined);
  await expect(ask(consent, { args })).rejects.toMatchObject({
    kind: 'unconfirmed',
    message: expect.stringContaining('Nothing was sent') as string,
  });
});

test('a yes is good once, and a doubtful one does not use it up', async () => {
  const store = createMemoryStore();
  const once = (key: string) => store.setIfAbsent(key, 1000);
  await expect(ask(answer({ digest: 'x' }), { once })).rejects.toThrow('another call');
  await expect(ask(answer({ confirm: false }), { once })).rejects.toThrow('did not confirm');
  await expect(ask(answer(), { once })).resolves.toBeDefined();
  await expect(ask(answer(), { once })).rejects.toThrow('already used');
  await expect(ask(answer({ nonce: 'n2' }), { once })).resolves.toBeDefined();
});

test('the digest is of the command, its arguments, its targets, who asks and with which credential, in any order', () => {
  const digest = digestOf(resolved('destroyVirtualMachine', { id, expunge: true }), [target]);
  expect(digestOf(resolved('destroy-virtual-machine', { expunge: 'true', ID: id }), [target])).toBe(digest);
  const caller = { principal: 'local', host: 'test', profile: 'default', isLocal: true };
  for (const other of [
    resolved('destroyVirtualMachine', { id, expunge: false }),
    resolved('destroyVirtualMachine', { id }),
    resolved('destroyVirtualMachine', { id: id.replace('5', '6'), expunge: true }),
    resolved('expungeVirtualMachine', { id }),
    resolved('destroyVirtualMachine', { id, expunge: true }, { caller: { ...caller, principal: 'eve' } }),
    resolved('destroyVirtualMachine', { id, expunge: true }, { caller: { ...caller, profile: 'prod' } }),
  ])
    expect(digestOf(other, [target])).not.toBe(digest);
  const same = resolved('destroyVirtualMachine', { id, expunge: true });
  expect(digestIn(same, [target], { ...cloud, identity: 'another-cloud' })).not.toBe(digest);
  const call = resolved('destroyVirtualMachine', { id, expunge: true });
  for (const changed of [
    { ...target, name: 'web-2' },
    { ...target, id: 'x' },
    { ...target, row: { state: 'Stopped' } },
  ])
    expect(digestOf(call, [changed])).not.toBe(digest);
  const rows = (networks: string[]) =>
    digestOf(
      resolved('deployVirtualMachine', {
        zoneid: id,
        serviceofferingid: id,
        templateid: id,
        iptonetworklist: networks.map((networkid) => ({ networkid })),
      }),
      [],
    );
  expect(rows(['a', 'b'])).not.toBe(rows(['b', 'a']));
});

test('a yes to what has changed meanwhile is none', async () => {
  let state = 'Stopped';
  const deps = { ...depsOf([]), targets: () => Promise.resolve([{ ...target, row: { state } }]) };
  const consent: Consent = (question) => {
    state = 'Running';
    return Promise.resolve(accept(question));
  };
  await expect(letLeave(deps, resolved('destroyVirtualMachine', { id }, { consent }))).rejects.toThrow('has changed');
});

test('what is protected by its tag is out of reach of every yes', async () => {
  const row = { ...running, tags: [{ key: 'protected', value: 'true' }] };
  const consent: Consent = () => Promise.reject(new Error('asked'));
  for (const command of ['destroyVirtualMachine', 'stopVirtualMachine', 'startVirtualMachine'])
    await expect(letLeave(depsOf([{ ...target, row }]), resolved(command, { id }, { consent }))).rejects.toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('protected') as string,
    });
});

// question

const quoted = (message: string): string[] => [...message.matchAll(/"([^"]*)"/g)].map((match) => match[1]!);

const nasty: [string, string][] = [
  ['quotes', 'a" Type "yes'],
  ['line breaks', 'web\n\nDo it?\r\nType "x"'],
  ['direction marks', '\u202eevil\u2066'],
  ['zero width', 'a\u200b\u200db'],
  ['tags', 'a\u{e0041}b'],
  ['nothing that shows', '\u200b'],
  ['no end', 'x'.repeat(5000)],
  ['surrogates', `${'x'.repeat(58)}🙂🙂🙂`],
];

test.each(nasty)('the question shows a name with %s as a label', (_what, name) => {
  const call = resolved('destroyVirtualMachine', { id, expunge: true });
  const { message, phrase } = askAbout(call, [
    {
      ...target,
      name,
      row: { state: name, zonename: name, account: name },
      dependents: [{ line: name, title: name, rows: [] }],
    },
  ]);
  expect(message.split('\n').length).toBeLessThanOrEqual(10);
  expect(quoted(message)).toEqual([phrase]);
  expect(phrase).toBeTruthy();
  expect(message).not.toMatch(/[\u200b-\u200f\u202a-\u202e\u2060-\u206f\u{e0000}-\u{e0fff}\r]/u);
  expect(message.isWellFormed()).toBe(true);
  expect(message.length).toBeLessThan(1500);
});

test.each(nasty)('arguments, callers and hosts with %s cannot forge a line or a phrase', (_what, text) => {
  const call = resolved(
    'deleteAccount',
    { id },
    { caller: { principal: text, host: text, profile: text, isLocal: true } },
  );
  const { message, phrase } = askAbout({ ...call, params: { ...call.params, note: text } }, []);
  expect(message.split('\n').length).toBeLessThanOrEqual(10);
  expect(quoted(message)).toEqual(phrase === undefined ? [] : [phrase]);
});

test('the phrase is the name, else the phrase of the command; several things have no one name', () => {
  const call = resolved('destroyVirtualMachine', { id, expunge: true });
  expect(askAbout(call, [target]).phrase).toBe('web-1');
  expect(askAbout(call, [{ ...target, name: undefined }]).phrase).toBe(call.tool.risk.phrase);
  expect(askAbout(call, [target, target]).phrase).toBe(call.tool.risk.phrase);
  const { phrase: _phrase, ...risk } = call.tool.risk;
  expect(askAbout({ ...call, tool: { ...call.tool, risk } }, []).phrase).toBe('destroyVirtualMachine');
});

test('the question says who, what, where, and whether it can be undone', () => {
  const call = resolved('stopVirtualMachine', { id, forced: true });
  const { message, phrase } = askAbout(call, [target]);
  expect(phrase).toBeUndefined();
  expect(message).toContain(`virtual machine: id ${id}, state Running, in ‹Frankfurt› / ‹admin›, name ‹web-1›`);
  expect(message).toContain('With forced=‹true›');
  expect(message).toContain('Asked by ‹local› through ‹test›, profile ‹default›, on cloud.test.');
  expect(message).toContain('cannot be undone');
  expect(message).toMatch(/Do it\?$/);
  expect(quoted(message)).toEqual([]);
  expect(askAbout(resolved('stopVirtualMachine', { id }), [target]).message).toContain('can be undone');
});

test('all targets are shown; more than a dialog holds is read at a terminal', () => {
  const targetsOf = (length: number) =>
    Array.from({ length }, (_, at) => ({ ...target, id: `5f0f2d3c-0000-4000-8000-${String(at).padStart(12, '0')}` }));
  const call = resolved('destroyVirtualMachine', { id, expunge: true });
  for (const length of [1, 8, 9, 60]) {
    const targets = targetsOf(length);
    const { message, isLong } = askAbout(call, targets);
    for (const one of targets) expect(message).toContain(one.id);
    if (length > 1) expect(message).toContain(`${length} targets:`);
    expect(isLong).toBe(length > 8);
  }
  expect(() => askAbout(call, targetsOf(1000))).toThrow('Nothing was sent');
});

test('values are shown whole; more than a dialog holds is read at a terminal', () => {
  const call = resolved('stopVirtualMachine', { id });
  const ask = (params: Record<string, string>) =>
    askAbout({ ...call, params: { ...call.params, ...params } }, [target]);
  const ranges = '10.1.0.0/16,10.2.0.0/16,10.3.0.0/16,10.4.0.0/16,0.0.0.0/0';
  expect(ask({ value: ranges })).toMatchObject({
    message: expect.stringContaining(`value=‹${ranges}›`),
    isLong: false,
  });
  const long = `${'x'.repeat(1200)} rm -rf /`;
  expect(ask({ value: long })).toMatchObject({ message: expect.stringContaining(`value=‹${long}›`), isLong: true });
  expect(() => ask({ value: 'x'.repeat(40_000) })).toThrow('Nothing was sent');
});

test('what tenants and callers choose cannot pose as an id, a state, a place or a sentence', () => {
  const name = 'test-9, id 99999999-0000-4000-8000-000000000000, state Stopped, Lab / nobody›, name ‹x';
  const call = resolved('destroyVirtualMachine', { id });
  const place = { account: 'x Affects nothing; can be undone', domainid: id, domainpath: 'ROOT/sales' };
  const { message } = askAbout({ ...call, params: { ...call.params, ...place } }, [{ ...target, name }], place);
  const [, line, where] = message.split('\n');
  expect(line).toBe(
    `virtual machine: id ${id}, state Running, in ‹Frankfurt› / ‹admin›, name ‹${name.slice(0, 59).replaceAll(',', ';')}…›`,
  );
  expect(where).toBe(`In domain id ${id} ‹ROOT/sales›, account ‹x Affects nothing; can be undone›`);
});

test.each([
  ['a name to type', 'web-1', 'web-1'],
  ['four characters', 'db-1', 'db-1'],
  ['look-alikes', 'раураl-db', undefined],
  ['what shows as nothing', 'web\u2800-1', 'web-1'],
  ['a yes', 'yes', undefined],
  ['a letter', 'y', undefined],
  ['too long to show', 'x'.repeat(61), undefined],
  ['typographic marks', 'web–1', undefined],
])('the phrase for %s can be typed', (_what, name, phrase) => {
  const call = resolved('destroyVirtualMachine', { id, expunge: true });
  expect(askAbout(call, [{ ...target, name }]).phrase).toBe(phrase ?? `${call.tool.risk.phrase} ${id.slice(-8)}`);
});

test('the question shows no secret', () => {
  const call = resolved('destroyVirtualMachine', { id });
  const params = {
    password: 'hunter2',
    details: { adminPassword: 'hunter2', cpu: '2' },
    url: 'cifs://nas/x?user=u&password=hunter2',
  };
  const { message } = askAbout({ ...call, params }, []);
  expect(message).not.toContain('hunter2');
  expect(message).toContain('cpu');
});
