import { readFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { mask } from '../../src/secrets/text.ts';
import { openHost, runCommand, startCloud, type Cloud, type Host } from '../support/harness.ts';

let cloud: Cloud;
let host: Host;

beforeAll(async () => {
  cloud = await startCloud();
  host = await openHost({ env: cloud.env });
});

afterAll(async () => {
  await host.close();
  await cloud.close();
});

beforeEach(() => {
  cloud.renew();
  cloud.calls.length = 0;
});

const script = (code: string) => host.call('run-script', { code });
/** What a script sent that changes something. */
const changes = () => cloud.calls.filter(({ method }) => method === 'POST');

test('forty changes are one script in one call; each leaves its entry with the digest of the script', async () => {
  const code = readFileSync(new URL('../script/build.js', import.meta.url), 'utf8');
  const before = host.audit().length;
  const answer = await script(code);
  expect(answer.text).toMatch(/^45 calls, 40 of them changes\./);
  expect(answer.structured['result']).toMatchObject({ machines: 4, balancers: 2 });
  expect(changes()).toHaveLength(40);
  const digest = createHash('sha256').update(code).digest('hex');
  expect(answer.structured['script']).toBe(digest);
  const entries = host.audit().slice(before);
  const ended = entries.filter(({ result }) => result);
  expect(ended).toHaveLength(46);
  expect(new Set(ended.map(({ script }) => script))).toEqual(new Set([digest]));
  const made = answer.structured['changes'] as { line: number; command: string; id?: string }[];
  expect(made.map(({ command }) => command)).toEqual(changes().map(({ command }) => command));
  expect(made[0]).toMatchObject({ command: 'createVPC', name: 'shop', line: 10 });
});

test.each([
  [
    'a list is all its rows, an expression narrows it',
    'const all = await cloudstack.listVirtualMachines(); return [where(all, "state = Running").length, (await cloudstack.listVirtualMachines({}, { where: "state = Running" })).length].map((n) => n > 0)',
    [true, true],
  ],
  [
    'rows are found, counted and put in order',
    'const r = [{ a: 1, b: "x" }, { a: 2, b: "y" }, { a: 2, b: "z" }]; return [find(r, "b = y").a, group(r, "a").length, sort(r, "-b")[0].b]',
    [2, 2, 'z'],
  ],
  [
    'names are ids',
    'const [m] = await cloudstack.listVirtualMachines({ zoneid: "Frankfurt" }); return typeof m.id',
    'string',
  ],
  [
    'an error is caught with its kind and its hint',
    'try { await cloudstack.startVirtualMachine({ id: "nowhere" }) } catch ({ name, kind, hint, line }) { return [name, kind, hint.length > 5, line] }',
    ['CloudStackError', 'not-found', true, 1],
  ],
  ['other spellings of a command', 'return (await cloudstack["list-zones"]()).length > 0', true],
])('%s', async (_what, code, result) => {
  const answer = await script(code);
  expect(answer.structured['result']).toEqual(result);
});

test.each([
  ['a mistake of the script', '\nconst x = null;\nreturn x.id;', 'failed', /^failed: line 3 of the script: TypeError/],
  ['text that is no script', 'const = 1', 'failed', /^failed: line 1 of the script: SyntaxError/],
  ['an unknown command', '\nawait cloudstack.frobnicate()', 'invalid', /line 2 of the script: .*frobnicate/],
  [
    'a wrong argument',
    'await cloudstack.listZones({ nope: 1 })',
    'invalid',
    /line 1 of the script: listZones has no parameter "nope"/,
  ],
  ['a promise without an end', 'await new Promise(() => {})', 'failed', /waits for a promise that never resolves/],
  ['no clock', 'return Date.now()', 'failed', /Date[^]*compares with '30 days ago'/],
  ['no timer', 'await new Promise((r) => setTimeout(r, 9))', 'failed', /setTimeout[^]*no timers/],
  ['no console', 'console.log(1)', 'failed', /console[^]*print\(value\)/],
  ['no network', "await fetch('http://localhost')", 'failed', /fetch[^]*by cloudstack\.<command>/],
  ['no module', "await import('fs')", 'failed', /module[^]*one text, without modules/],
  ['no random number', 'return Math.random()', 'failed', /must do the same each time/],
  ['too much at once', 'return "x".repeat(2e6)', 'failed', /characters at once; ask a list for fewer fields/],
  ['no script', ' ', 'invalid', /code/],
])('%s is said with its line', async (_what, code, kind, text) => {
  const answer = await script(code);
  expect(answer.isError).toBe(true);
  expect(answer.structured['error']).toMatchObject({ kind });
  expect(answer.text).toMatch(text);
  expect(changes()).toEqual([]);
});

test('a script ends at a call that needs a yes, whatever it catches, and says what was done before', async () => {
  const answer = await script(
    [
      'const group = await cloudstack.createAffinityGroup({ name: "a", type: "host anti-affinity" });',
      'const [machine] = await cloudstack.listVirtualMachines();',
      'try { await cloudstack.destroyVirtualMachine({ id: machine.id }); } catch { print("caught"); }',
      'await cloudstack.createAffinityGroup({ name: "b", type: "host anti-affinity" });',
    ].join('\n'),
  );
  expect(answer.structured['error']).toMatchObject({ kind: 'unconfirmed' });
  expect(answer.text).toMatch(/line 3 of the script: .*destroyVirtualMachine/);
  expect(answer.text).toMatch(/Done before it: line 1 createAffinityGroup id \S+ \(a\)/);
  expect(changes().map(({ command }) => command)).toEqual(['createAffinityGroup']);
});

test('a change that was not awaited is said to be of unknown outcome, and what to do', async () => {
  const slow = await startCloud({ jobMillis: 20_000 });
  const other = await openHost({ env: slow.env });
  const code = 'cloudstack.createVolume({ name: "u", zoneid: "Frankfurt", diskofferingid: "Small" }); return 1';
  const { text } = await other.call('run-script', { code });
  expect(text).toMatch(/createVolume outcome unknown\nAwait each call/);
  await other.close();
  await slow.close();
});

test('what is masked for a caller is masked for its scripts', async () => {
  const answer = await script('return await cloudstack.createSSHKeyPair({ name: "k" })');
  expect(JSON.stringify(answer)).not.toContain('PRIVATE KEY');
  expect(JSON.stringify(answer.structured['result'])).toContain(mask);
});

test.each([
  ['calls', { CLOUDSTACK_MCP_SCRIPT_CALLS: '3' }, 'for (;;) await cloudstack.listZones()', /may make 3 calls/],
  ['computing', { CLOUDSTACK_MCP_SCRIPT_COMPUTE: '1' }, 'for (;;) ;', /computed for more than 1 s/],
  [
    'time',
    { CLOUDSTACK_MCP_SCRIPT_TIME: '1', CLOUDSTACK_MCP_SCRIPT_CALLS: '10000' },
    'for (;;) await cloudstack.listZones()',
    /took more than 1 s/,
  ],
  [
    'memory',
    { CLOUDSTACK_MCP_SCRIPT_MEMORY: '8' },
    'const a = []; for (;;) a.push(new Uint8Array(1e6))',
    /out of memory|more than 8 MiB/,
  ],
])('the limit on %s ends a script', async (_what, env, code, text) => {
  const narrow = await openHost({ env: { ...cloud.env, ...env } });
  try {
    const answer = await narrow.call('run-script', { code });
    expect(answer.isError).toBe(true);
    expect(answer.text).toMatch(text);
    // The server is there for others.
    expect((await narrow.call('read', { tool: 'list-zones' })).isError).toBeUndefined();
  } finally {
    await narrow.close();
  }
});

/** Runs something beside threads of this process that compute without end, at a priority as the system counts: 0 comes before 15. */
const besideBusy = async <T>(priority: number, run: () => Promise<T>): Promise<T> => {
  const code = `const { readlinkSync } = require('node:fs');
    const thread = Number(readlinkSync('/proc/thread-self').split('/').at(-1));
    require('node:os').setPriority(thread, ${priority});
    for (;;) ;`;
  const threads = Array.from(
    { length: 2 * availableParallelism() },
    () => new Worker(code, { eval: true, stdin: true }),
  );
  try {
    await Promise.all(threads.map((thread) => once(thread, 'online')));
    return await run();
  } finally {
    await Promise.all(threads.map((thread) => thread.terminate()));
  }
};

// Elsewhere a script's computing is counted by the clock.
test.runIf(process.platform === 'linux')(
  'what a script computes is its own time: others on a busy machine take none of it',
  async () => {
    const own = await openHost({ env: { ...cloud.env, CLOUDSTACK_MCP_SCRIPT_COMPUTE: '1' } });
    try {
      // A twentieth of a core is left for a script: it takes seconds by the clock.
      const code = 'let n = 0; for (let i = 0; i < 3e6; i++) n += i % 7; return n;';
      const answer = await besideBusy(0, () => own.call('run-script', { code }));
      expect(answer.structured['result']).toBe(8999994);
      // The script comes first, so that its second is over soon.
      const endless = await besideBusy(15, () => own.call('run-script', { code: 'for (;;) ;' }));
      expect(endless.text).toContain('computed for more than 1 s');
    } finally {
      await own.close();
    }
  },
);

test('the commands that are asked for are shown as scripts call them, shorter than as tools', async () => {
  const tools = ['createVPC', 'listZones', 'createTags'];
  const { text, structured } = await host.call('describe-tools', { tools, script: true });
  expect(text.length).toBeLessThan((await host.call('describe-tools', { tools })).text.length);
  expect(text).toMatch(
    /cloudstack\.createVPC\(arguments: \{.*\bcidr\?: string;.*\bname: string;.*\}\): Promise<\{ .*\bid\?: string/,
  );
  expect(text).toMatch(/cloudstack\.listZones\(arguments\?: .*Promise<Array<\{/);
  expect(text).toContain('tags: Record<string, string>');
  expect(structured['tools']).toMatchObject([{ tool: 'create-vpc', signature: expect.any(String) as string }, {}, {}]);
});

test('what a policy refuses, it refuses to a script', async () => {
  const readOnly = await openHost({ env: cloud.env, flags: ['--read-only'] });
  try {
    const answer = await readOnly.call('run-script', {
      code: 'await cloudstack.createAffinityGroup({ name: "a", type: "host anti-affinity" })',
    });
    expect(answer.structured['error']).toMatchObject({ kind: 'refused' });
    expect(changes()).toEqual([]);
  } finally {
    await readOnly.close();
  }
});

test('a script from a file, with inputs, at a terminal', async () => {
  const file = new URL('../script/inputs.js', import.meta.url).pathname;
  const run = await runCommand(['script', 'run', file, 'name=Frankfurt', '--json'], { env: cloud.env });
  expect(run.status).toBe(0);
  expect(JSON.parse(run.stdout)).toMatchObject({ result: { name: 'Frankfurt' }, calls: 1, changes: [] });
  const missing = await runCommand(['script', 'run', '/nowhere.js'], { env: cloud.env });
  expect(missing.status).toBe(2);
});
