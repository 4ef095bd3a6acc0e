import { expect, test } from 'vitest';
import { loadCatalog } from '../../src/catalog/catalog.ts';
import { policySection } from '../../src/config/policy.ts';
import { loadData } from '../../src/data.ts';
import type { Inverse } from '../../src/types.ts';
import { requestOf, requiredOf, uuid, yes, type Answers } from '../guard/counting.ts';
import { allowAll, answers as withProtected, safe } from '../guard/protected.ts';
import { casesOf, humans, policies, riskOf, type Action } from './matrix-table.ts';
import { approveWaiting, endOf, openServer, ways, type Wanted, type Way } from './ways.ts';

// The same change, asked for in every way there is: what leaves, and whether a person is asked, follows from the policy and the
// way alone. What to expect is written down here; nothing of src/guard is asked.

/** A person who approves what waits for one, at the page or a terminal; the same is then asked for again. */
const atTerminal = 'approves at a terminal';
const people: typeof humans = { ...humans, [atTerminal]: humans['is not there']! };

const isApplied = (way: string): boolean => way === 'plan' || way === 'script as a plan' || way === 'undo';
const isScript = (way: string): boolean => way.endsWith('script');

/**
 * Who may be there. No one is asked in a script, and that is counted: who would have answered is all the same. What a script
 * planned is refused in every way first, and then applied: a plan that was refused stays as it is.
 */
const peopleOf = (way: string): string[] => {
  if (isScript(way)) return ['accepts', atTerminal];
  const all = Object.keys(people);
  return way === 'script as a plan' ? [...all.filter((human) => human !== 'accepts'), 'accepts'] : all;
};

interface Expected {
  left: number;
  asked: number;
}

/** What a change of a policy's verdict does in a way, with a person who does this. */
const expectedOf = (way: string, action: Action, severity: string, human: string): Expected => {
  const isYes = human === 'accepts' || human === atTerminal;
  if (action === 'block') return { left: 0, asked: 0 };
  if (way === 'approved script' && severity !== 'critical') return { left: 1, asked: 0 };
  // No one is asked in a script; what needs an approval waits under a code, as everywhere.
  if (isScript(way))
    return { left: action === 'allow' || (action === 'approve' && human === atTerminal) ? 1 : 0, asked: 0 };
  if (action === 'approve') return { left: human === atTerminal ? 1 : 0, asked: 0 };
  if (action === 'allow' && !isApplied(way)) return { left: 1, asked: 0 };
  return { left: isYes ? 1 : 0, asked: 1 };
};

let principals = 0;

/** Makes calls in a way, a second time where what waits was approved meanwhile; what left of them, and how often was asked. */
const tried = async (
  server: Awaited<ReturnType<typeof openServer>>,
  way: Way,
  {
    calls,
    human,
    profile = 'default',
    role,
  }: { calls: readonly Wanted[]; human: string; profile?: string; role?: string },
) => {
  // Who declines often is asked no more for a while: each case has a principal of its own.
  const principal = role ?? `p${principals++}`;
  const caller = { principal, host: 'test', profile, isLocal: true };
  let asked = 0;
  server.sent.length = 0;
  const make = (): Promise<string> =>
    endOf(
      way(server, calls, {
        caller,
        consent: (question) => {
          asked++;
          return people[human]!(question);
        },
      }),
    );
  let ended = await make();
  if (human === atTerminal && (await approveWaiting(server, principal))) ended = await make();
  const left = server.sent.filter(({ command }) => calls.some(({ name }) => name === command)).length;
  return { left, asked, ended };
};

/** A few changes of every risk and verdict. */
const changesOf = (verdict: (typeof policies)[string]['text'], max: number) => {
  const classes = new Map<string, (Wanted & { action: Action; severity: string })[]>();
  for (const tool of loadCatalog().tools)
    for (const args of casesOf(tool)) {
      const { name, result } = tool.command;
      const { risk, severity } = riskOf(name, args);
      const action = verdict(name, risk, severity);
      // What a list takes several requests for, and what only reads, is no step of a plan.
      if (risk === 'read' || result === 'list') continue;
      const key = `${risk}/${severity} ${action}`;
      const known = classes.get(key) ?? [];
      if (known.length < max) classes.set(key, [...known, { name, args, action, severity }]);
    }
  return classes;
};

test.each(Object.entries(policies))(
  'policy %s: every risk × every person × every way leaves as often, and asks as often, as it should',
  async (_policy, { section, text }) => {
    const wrong: string[] = [];
    let cases = 0;
    const classes = changesOf(text, 2);
    for (const [what, changes] of classes)
      for (const [at, { name, args, action, severity }] of changes.entries()) {
        const server = await openServer({ policy: section });
        for (const [title, way] of Object.entries(ways)) {
          // A script has a thread of its own, which takes longer than all else here: one change of each class goes through it.
          if (at > 0 && title.includes('script')) continue;
          const planner = `planner${principals++}`;
          for (const human of peopleOf(title)) {
            cases++;
            // A script has a thread of its own: one plan of a script is enough for all but who approves elsewhere.
            const who = title === 'script as a plan' && human !== atTerminal ? { role: planner } : {};
            const seen = await tried(server, way, { calls: [{ name, args }], human, ...who });
            const expected = expectedOf(title, action, severity, human);
            // What the cloud does not show gets no code, and no approval beforehand.
            if (seen.ended === 'not-found' && seen.left === 0) continue;
            if (
              title === 'approved script' &&
              seen.left === 0 &&
              seen.ended === 'unconfirmed' &&
              action === 'confirm'
            ) {
              const direct = await tried(server, ways['call']!, { calls: [{ name, args }], human: 'is not there' });
              if (direct.ended === 'not-found') continue;
            }
            if (seen.left !== expected.left || seen.asked !== expected.asked)
              wrong.push(
                `${name} (${what}), ${title}, human ${human}: ${JSON.stringify(seen)}, expected ${JSON.stringify(expected)}`,
              );
          }
        }
        await server.close();
      }
    expect(wrong).toEqual([]);
    expect(classes.size).toBeGreaterThan(4);
    expect(cases).toBeGreaterThan(200);
  },
);

const { inverses } = loadData<{ inverses: Record<string, string> }>('inverses.json');

test.each(Object.entries(policies))(
  'policy %s: the way back is judged as the calls that it makes',
  async (_policy, { section, text }) => {
    const classes = new Map<string, { forward: Wanted; back: Wanted; action: Action; severity: string }>();
    const free = await openServer({ policy: allowAll });
    for (const name of Object.keys(inverses)) {
      const { command, risk } = loadCatalog().find(name)!;
      if (command.result === 'list' || risk.risk === 'read') continue;
      const forward = { name, args: requiredOf(command) };
      let inverse: Inverse | undefined;
      await endOf(
        free.app.call(requestOf(name, forward.args, { consent: yes, onInverse: (known) => (inverse = known) })),
      );
      if (inverse?.command === undefined) continue;
      const back = { name: inverse.command, args: inverse.arguments ?? {} };
      const { risk: which, severity } = riskOf(back.name, back.args);
      const action = text(back.name, which, severity);
      const key = `${which}/${severity} ${action}`;
      if (back.name === name || classes.has(key)) continue;
      // What this cloud answers is no argument that the way back takes.
      const calls = [{ tool: back.name, arguments: back.args }];
      const plan = free.app.plan(requestOf('plan', {}), { action: 'make', calls, riskTool: 'destroy' });
      if ((await endOf(plan)) === 'done') classes.set(key, { forward, back, action, severity });
    }
    await free.close();
    const wrong: string[] = [];
    for (const [what, { forward, back, action, severity }] of classes)
      for (const human of Object.keys(people)) {
        const server = await openServer({ policy: allowAll });
        const consent = yes;
        const principal = `p${principals}`;
        const caller = { principal, host: 'test', profile: 'default', isLocal: true };
        await server.app.call(requestOf(forward.name, forward.args, { caller, consent }));
        await server.app.reload({ ...server.config, policy: policySection.parse(section) });
        let plan: string | undefined;
        const way: Way = async ({ app }, _calls, given) => {
          plan ??= (
            (await app.plan(requestOf('undo', {}, given), { action: 'undo', id: 'last' })).structured['plan'] as {
              id: string;
            }
          ).id;
          return app.plan(requestOf('plan', {}, given), { action: 'apply', id: plan });
        };
        const seen = await tried(server, way, { calls: [back], human });
        const expected = expectedOf('undo', action, severity, human);
        if (seen.ended !== 'not-found' && (seen.left !== expected.left || seen.asked !== expected.asked))
          wrong.push(
            `${forward.name} → ${back.name} (${what}), human ${human}: ${JSON.stringify(seen)}, expected ${JSON.stringify(expected)}`,
          );
        await server.close();
      }
    expect(wrong).toEqual([]);
    expect(classes.size).toBeGreaterThan(3);
  },
);

const frankfurt = uuid(20);
/** A cloud whose machines lie in a zone and carry a tag. */
const placed: Answers = (command, params) => {
  const row = { id: params['id'] ?? uuid(7), name: 'web', zoneid: frankfurt, zonename: 'Frankfurt', state: 'Running' };
  if (command === 'listVirtualMachines')
    return { count: 1, virtualmachine: [{ ...row, tags: [{ key: 'env', value: 'prod' }] }] };
  return command === 'listZones' ? { count: 1, zone: [{ id: frankfurt, name: 'Frankfurt' }] } : undefined;
};

const stop = { name: 'stopVirtualMachine', args: { id: uuid(7) } };
const start = { name: 'startVirtualMachine', args: { id: uuid(7) } };

interface Hurdle {
  sections: Record<string, unknown>;
  answers?: Answers;
  env?: Record<string, string>;
  calls: readonly Wanted[];
  /** The principal, where the configuration names one. */
  principal?: string;
  profile?: string;
  action: Action;
  severity?: string;
}

const rule = (match: object, action: Action) => ({ policy: { rules: [{ name: 'own', match, action }] } });

/** What stands in the way beside risk and policy, or asks for more. */
const hurdles: Readonly<Record<string, Hurdle>> = {
  'a role that reads': {
    sections: {
      roles: { viewer: { risks: ['read'] } },
      principals: { viewer: { role: 'viewer' }, '*': { role: 'admin' } },
    },
    calls: [start],
    principal: 'viewer',
    action: 'block',
  },
  'a role of another toolset': {
    sections: {
      roles: { net: { toolsets: ['network'] } },
      principals: { net: { role: 'net' }, '*': { role: 'admin' } },
    },
    calls: [start],
    principal: 'net',
    action: 'block',
  },
  'a command that the role denies': {
    sections: { roles: { ops: { deny: ['start*'] } }, principals: { ops: { role: 'ops' }, '*': { role: 'admin' } } },
    calls: [start],
    principal: 'ops',
    action: 'block',
  },
  'no role': {
    sections: { principals: { boss: { role: 'admin' }, operator: { role: 'admin' } } },
    calls: [start],
    principal: 'x',
    action: 'block',
  },
  'another profile': { sections: {}, calls: [start], profile: 'other', action: 'block' },
  'a server that only reads': {
    sections: {},
    env: { CLOUDSTACK_MCP_READ_ONLY: 'true' },
    calls: [start],
    action: 'block',
  },
  'a protected thing': {
    sections: { policy: allowAll },
    answers: withProtected,
    calls: [{ name: 'startVirtualMachine', args: { id: safe } }],
    action: 'block',
  },
  'a protected thing among others': {
    sections: { policy: allowAll },
    answers: withProtected,
    calls: [{ name: 'destroyVolume', args: { id: safe } }],
    action: 'block',
  },
  'a blocked zone': { sections: rule({ zone: 'Frank*' }, 'block'), answers: placed, calls: [start], action: 'block' },
  'a zone that is asked about': {
    sections: rule({ zone: frankfurt }, 'confirm'),
    answers: placed,
    calls: [start],
    action: 'confirm',
  },
  'a zone that wants an approval': {
    sections: rule({ zone: 'Frankfurt' }, 'approve'),
    answers: placed,
    calls: [start],
    action: 'approve',
  },
  'a tag that is asked about': {
    sections: rule({ tag: { env: 'prod' } }, 'confirm'),
    answers: placed,
    calls: [start],
    action: 'confirm',
  },
  'a tag that is let through': {
    sections: rule({ tag: { env: 'prod' } }, 'allow'),
    answers: placed,
    calls: [stop],
    action: 'allow',
  },
  'a limit of none': {
    sections: { policy: { limits: [{ name: 'none', changes: 0, per: '1h' }] } },
    answers: placed,
    calls: [start],
    action: 'block',
  },
  'a tag that the policy decides by': {
    sections: { policy: { ...allowAll } },
    answers: placed,
    calls: [
      { name: 'createTags', args: { resourceids: [uuid(7)], resourcetype: 'UserVm', tags: { protected: 'true' } } },
    ],
    action: 'confirm',
    // No one confirms it beforehand, as what is critical.
    severity: 'critical',
  },
};

test.each(Object.entries(hurdles))('%s is the same hurdle in every way', async (_title, hurdle) => {
  const { sections, answers, env, calls, principal, profile, action, severity = 'low' } = hurdle;
  const server = await openServer(sections, { ...(answers ? { answers } : {}), ...(env ? { env } : {}) });
  const wrong: string[] = [];
  for (const [title, way] of Object.entries(ways))
    for (const human of peopleOf(title).filter((one) => ['accepts', 'is not there', atTerminal].includes(one))) {
      const seen = await tried(server, way, {
        calls,
        human,
        ...(principal === undefined ? {} : { role: principal }),
        ...(profile === undefined ? {} : { profile }),
      });
      const expected = expectedOf(title, action, severity, human);
      if (seen.left !== expected.left || seen.asked !== expected.asked)
        wrong.push(`${title}, human ${human}: ${JSON.stringify(seen)}, expected ${JSON.stringify(expected)}`);
    }
  await server.close();
  expect(wrong).toEqual([]);
});

test('a limit counts in every way: what is one too many is not sent, and a plan of too many not started', async () => {
  const policy = { rules: allowAll.rules, limits: [{ name: 'one', match: { risk: 'change' }, changes: 1, per: '1h' }] };
  const wrong: string[] = [];
  for (const [title, way] of Object.entries(ways)) {
    const server = await openServer({ policy }, { answers: placed });
    const seen = await tried(server, way, { calls: [start, start], human: 'accepts' });
    const isWhole = isApplied(title) || title === 'list of calls';
    if (seen.left !== (isWhole ? 0 : 1) || seen.ended !== 'refused') wrong.push(`${title}: ${JSON.stringify(seen)}`);
    await server.close();
  }
  expect(wrong).toEqual([]);
});
