import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { ApprovedCall, WireParams } from '../../src/types.ts';
import { toWire } from '../../src/request/to-wire.ts';
import { approve, type ApproveDependencies } from '../../src/guard/approve.ts';
import { compile } from '../support/compile.ts';
import { id, operator, resolved } from '../unit/calls.ts';

const head = `
import { toWire } from '../../src/request/to-wire.ts';
import { present } from '../../src/present/present.ts';
import type { CloudStack, SendOptions } from '../../src/cloudstack/cloudstack.ts';
import type { Guard } from '../../src/guard/guard.ts';
import type { ResolvedName } from '../../src/types.ts';
import type { Answer, ApprovedCall, CloudOrigin, ConfinedCall, Params, PermittedCall, ResolvedCall, Resources, WireParams } from '../../src/types.ts';
import type { CallSettings } from '../../src/config/call.ts';
import type { Confinement } from '../../src/guard/guard.ts';
import { resolveNames } from '../../src/resolve/resolve.ts';
import type { Directories } from '../../src/resolve/directories.ts';
declare const other: Params;
declare const names: readonly ResolvedName[];
declare const permitted: PermittedCall;
declare const resolved: ResolvedCall;
declare const confined: ConfinedCall;
declare const approved: ApprovedCall;
declare const wire: WireParams;
declare const guard: Guard;
declare const confinement: Confinement;
declare const resources: Resources;
declare const directories: Directories;
declare const settings: CallSettings;
declare const answer: Answer;
declare const cloudstack: CloudStack;
declare const options: SendOptions;
declare const origin: CloudOrigin;
const world = { ...resources, roleType: () => Promise.resolve(undefined) };
const onQuestion = (): void => undefined;
`;

/** What each step takes, and what it must not take: a changed copy, and the type of a step before. */
const steps: Record<string, { right: string; wrong: string[] }> = {
  resolve: {
    right: 'resolveNames(directories, permitted)',
    wrong: ['resolveNames(directories, { ...permitted, params: other })'],
  },
  confine: {
    right: 'confinement.confine(resolved, world)',
    wrong: [
      'confinement.confine({ ...resolved, params: other }, world)',
      'confinement.confine({ ...permitted, names }, world)',
    ],
  },
  approve: {
    right: 'guard.approve(confined, { resources, origin, onQuestion })',
    wrong: [
      'guard.approve({ ...confined, params: other }, { resources, origin, onQuestion })',
      'guard.approve(resolved, { resources, origin, onQuestion })',
    ],
  },
  request: {
    right: 'toWire(approved)',
    wrong: [
      'toWire({ ...approved, params: other })',
      'toWire({ ...approved })',
      'toWire(confined)',
      '{ approved.params = other; toWire(approved); }',
    ],
  },
  cloudstack: {
    right: 'cloudstack.send(wire, options)',
    wrong: [
      "cloudstack.send({ ...wire, command: 'destroyVirtualMachine' }, options)",
      "cloudstack.send({ command: 'listZones', params: {}, method: 'GET' }, options)",
    ],
  },
  present: {
    right: 'present(approved, answer, settings)',
    wrong: ['present({ ...approved, params: other }, answer, settings)', 'present(resolved, answer, settings)'],
  },
};

test('the compiler takes no changed copy of a call, nor a call that left out a step', () => {
  const right: [string, string][] = [];
  const wrong: [string, string][] = [];
  for (const [step, { right: one, wrong: several }] of Object.entries(steps)) {
    right.push([`test/sweep/right-${step}.ts`, `${head}\nvoid ${one};\n`]);
    for (const [index, text] of several.entries())
      wrong.push([
        `test/sweep/wrong-${step}-${index}.ts`,
        `${head}\n${text.startsWith('{') ? text : `void ${text};`}\n`,
      ]);
  }
  const problems = compile(Object.fromEntries([...right, ...wrong]));
  const about = (path: string): string[] =>
    problems.filter((problem) => problem.startsWith(path) && !problem.includes('is declared but'));
  for (const [path] of right) expect(about(path), path).toEqual([]);
  for (const [path, text] of wrong)
    expect(about(path), text).toEqual([
      expect.stringMatching(
        /Property 'what' is missing|Cannot assign to 'params'|Types have separate declarations|not assignable/,
      ),
    ]);
});

test('at run time, a copy of an approved call is not sent, and the call itself cannot be changed', async () => {
  // A plain read asks nothing of these.
  const dependencies = { policy: operator } as ApproveDependencies;
  const resources = {
    actedOn: () => Promise.resolve([]),
    places: () => Promise.resolve([]),
    mainTargets: () => Promise.resolve([]),
    withDependents: () => Promise.resolve([]),
    withPlaces: () => Promise.resolve([]),
  };
  const approved = await approve(dependencies, resolved('listVirtualMachines', { id }), {
    resources,
    origin: { host: 'cloud', identity: () => Promise.resolve('cloud') },
    onQuestion: () => undefined,
  });
  expect(toWire(approved).params).toEqual({ id });
  for (const copy of [{ ...approved }, Object.assign({}, approved), { ...approved, params: {} }])
    expect(() => toWire(copy as ApprovedCall)).toThrow('was not approved as it is');
  expect(() => Object.assign(approved, { params: {} })).toThrow(TypeError);
  expect((toWire(approved) satisfies WireParams).command).toBe('listVirtualMachines');
});

test('a new setting is one line, and its use where it is needed', () => {
  const uses: [config: string, path: string, from: string, to: string][] = [
    ['src/config/call.ts', 'src/present/object.ts', '{ budget }: CallSettings', '{ budget, added }: CallSettings'],
    [
      'src/config/cloud.ts',
      'src/cloudstack/cloudstack.ts',
      '{ secret, timeout } = options',
      '{ secret, timeout, added } = options',
    ],
    [
      'src/config/cache.ts',
      'src/cache/cache.ts',
      'cacheFollow }: CacheSettings',
      'cacheFollow, added }: CacheSettings',
    ],
  ];
  const changed = (path: string, from: string, to: string): [string, string] => {
    const text = readFileSync(path, 'utf8');
    expect(text).toContain(from);
    return [path, text.replace(from, to)];
  };
  // What makes flags, variables, documentation and the composition of them is looked at too, and not changed.
  const others = ['src/app/compose.ts', 'src/cli/options.ts', 'scripts/docs/settings.ts'];
  const files = Object.fromEntries([
    ...uses.flatMap(([config, path, from, to]) => [
      changed(config, '\n};\n', '\n  added: wholeNumber().default(7),\n};\n'),
      changed(path, from, to),
    ]),
    ...others.map((path): [string, string] => [path, readFileSync(path, 'utf8')]),
  ]);
  // It is read and not yet used for anything.
  expect(compile(files).filter((problem) => !problem.includes('is declared but'))).toEqual([]);
});
